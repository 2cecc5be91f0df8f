import { setTimeout as delay } from 'node:timers/promises';
import { Blast } from '../senders/blast.js';
import { JOURNALS } from './ingest-journals.js';
import { catchUp, loadBefore } from './ingest-return.js';
import { empty, fill, powerOff, powerOn, required } from './means.js';
import { type Scenario, type Stage, scenario } from './types.js';

const FULL_FOR_MS = 12_000;
const LINES_A_SECOND = 500;
const LINES_SECONDS = 30;
const TAKEN_DEADLINE_MS = 120_000;
const STORED_DEADLINE_MS = 180_000;

/** Lines over TCP to this node alone: when its disk is full it does not read, and the sender holds back. */
async function fullWhileLinesCome({ cluster, target, say, told }: Stage): Promise<void> {
  const receiver = required(cluster.hosts[target].pidOf('receiver'), `the receiver of ${target} does not run`);
  const lines = Blast.start(cluster, target, 'journal-full', LINES_A_SECOND * LINES_SECONDS, LINES_A_SECOND);
  try {
    await delay(3_000);
    await fill(cluster, target, 'state');
    say(`the state volume of ${target} is full`);
    await delay(FULL_FOR_MS);
    await empty(cluster, target, 'state');
    say('and has room again');
    await lines.taken(TAKEN_DEADLINE_MS);
  } finally {
    lines.stop();
  }
  const now = cluster.hosts[target].pidOf('receiver');
  told.measured['times the receiver was started anew'] = now === receiver ? 0 : 1;
  told.lines.push(lines);
}

async function linesAreThere({ cluster, told }: Stage): Promise<void> {
  const status = await cluster.someStatus();
  for (const lines of told.lines) await lines.demandStored(cluster, status?.master === 'b' ? 'b' : 'a', STORED_DEADLINE_MS);
}

const journalFull = (on: 'master' | 'standby'): Scenario =>
  scenario({
    name: `IN2-journal-full-${on}`,
    pattern: `the ${on === 'master' ? 'Master' : 'Standby'}’s journal disk is full for 12 s and freed again, lines come all the time`,
    why: 'what one node cannot take the other has; TCP is not read meanwhile, and nothing is lost or doubled',
    on,
    expect: 'settles',
    methods: ['follow', 'rewind', 'basebackup'],
    fault: fullWhileLinesCome,
    atEnd: linesAreThere,
  });

/** Messages of real senders, and faults of the journals (issue 4). */
export const INGEST: readonly Scenario[] = [
  scenario({
    name: 'IN1-real-senders',
    pattern: 'Master power off at 5 000 messages/s of real rsyslog, syslog-ng and net-snmp',
    why: 'of what both nodes are sent, and by RELP and INFORM, nothing is lost; nothing at all is doubled; what plain TCP and UDP to one place lose is counted',
    on: 'master',
    expect: 'other-serves',
    limits: { failoverMs: 6_000, recoverMs: 10_000 },
    steadyMs: 12_000,
    cutsPower: true,
    needs: { senders: true },
    senders: true,
    fault: powerOff,
    repair: powerOn,
  }),
  journalFull('master'),
  journalFull('standby'),
  ...JOURNALS,
  scenario({
    name: 'IN4-return-after-many',
    pattern: 'the Standby returns after a million messages (`--messages N`)',
    why: 'it fetches what it lacks, and the Master’s ingest goes on at 80 % and more meanwhile',
    on: 'standby',
    expect: 'goes-on',
    methods: ['follow', 'rewind', 'basebackup'],
    needs: { large: true },
    fault: loadBefore,
    repair: catchUp,
    atEnd: linesAreThere,
  }),
];
