import { setTimeout as delay } from 'node:timers/promises';
import { parseLsn } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import type { Promotion } from '../check/stated-loss.js';
import { type LabCluster } from '../cluster/cluster.js';
import { MEMBER_NAMES, PORTS } from '../cluster/layout.js';
import { follows } from '../cluster/roles.js';
import { LINE } from '../host/network.js';
import { monotonicMs, until } from '../host/shell.js';
import { keysOf } from '../read-back.js';
import { demand, heal, isolated, port, powerOff, powerOn } from './means.js';
import { rows } from './superset-processes.js';
import type { Scenario, Stage } from './types.js';

const EVIDENCE = 'the lab has cut the power of hall a, hall b and hall w';
/** A voter's promise is waited for after its last word; then a log of its own is begun, and PostgreSQL promoted. */
const PROMOTE_DEADLINE_MS = 90_000;
const HALT_DEADLINE_MS = 60_000;
/** A first site that served by mistake would do so as soon as it is up. */
const WATCHED_MS = 8_000;
const LAGGING_MS = 5_000;

/** A copy that follows is behind by the line, and by a second between two looks at both ends. */
const FOLLOWS_S = 3;
type SiteLoss = NonNullable<Status['siteLoss']>;

const CAUGHT_UP = 'all at once';
const REPLICATION_FIRST = 'replication to site 2 ends first';
const LINE_FIRST = 'the line goes first';

type Answer = { readonly says?: string; readonly error?: { readonly code: string; readonly message: string } };

async function promote(cluster: LabCluster, ...more: readonly string[]): Promise<Answer> {
  const said = await cluster.answer('d', ['dr', 'promote', 'd', ...more], PROMOTE_DEADLINE_MS);
  return said === '' ? { error: { code: 'USAGE', message: 'refused by the command line' } } : (JSON.parse(said) as Answer);
}

const withEvidence = (cluster: LabCluster) => promote(cluster, '--evidence', EVIDENCE);

async function refusals({ cluster, say }: Stage): Promise<void> {
  const expected = [
    [await promote(cluster), /command line/],
    [await promote(cluster, '--evidence', 'gone'), /say how you know that the other site is down/],
    [await withEvidence(cluster), /is heard: it is not down/],
  ] as const;
  for (const [answer, why] of expected)
    demand(
      why.test(answer.error?.message ?? ''),
      `dr promote should be refused (${why}), and answered ${JSON.stringify(answer)}`,
    );
  say(`refused: ${expected.map(([answer]) => answer.error?.message).join(' | ')}`);
}

/** Data nodes and arbiter lose their power at once; the operator's word is given as soon as it is taken. */
async function lostAndPromoted(stage: Stage): Promise<void> {
  const { cluster, variant, notes, told, say } = stage;
  await refusals(stage);
  if (variant === LINE_FIRST) await cluster.network.drop(isolated(LINE));
  if (variant === REPLICATION_FIRST) await cluster.network.drop(port(LINE, PORTS.postgres));
  if (variant === LINE_FIRST || variant === REPLICATION_FIRST) await delay(LAGGING_MS);
  const foretold = await lossForetold(stage);
  notes.set('struckMs', monotonicMs());
  await Promise.all(MEMBER_NAMES.map((name) => cluster.hosts[name].powerOff()));
  const offMs = monotonicMs();
  await heal({ cluster }); // Nobody of the first site is left behind the line: it is the clients' way to the other one now.
  const wordless = await promote(cluster, '--evidence', 'gone');
  demand(wordless.error !== undefined, 'dr promote was done without evidence');
  const { says = '' } = await until('dr promote', PROMOTE_DEADLINE_MS, async () => {
    const answer = await withEvidence(cluster);
    if (answer.error === undefined) return answer;
    demand(/is heard|ask again/.test(answer.error.message), `dr promote was refused: ${answer.error.message}`);
    return undefined;
  });
  say(`dr promote, ${Math.round(monotonicMs() - offMs)} ms after the last host was off: ${says}`);
  told.promotion = await promotionOf(cluster, says, offMs);
  lossWasForetold(stage, told.promotion, offMs, foretold);
}

/** Seconds are an upper bound: what is gone was begun no longer before than they said. Bytes grow on until the power went. */
function lossWasForetold({ say }: Stage, { lostBytes, heardMs }: Promotion, offMs: number, { bytes, seconds }: SiteLoss): void {
  say(
    `foretold ${bytes} bytes and ${seconds} s; after the loss ${lostBytes} bytes, the old Master last heard ${Math.round(offMs - heardMs)} ms before the last host was off`,
  );
}

/** What `status` says that would be gone if the site were lost now; asked where the line cannot keep it from being heard: in site 2. */
async function lossForetold({ cluster, target, variant, told, say }: Stage): Promise<SiteLoss> {
  const { siteLoss } = await cluster.status('d');
  const home = (await cluster.status(target)).siteLoss;
  say(`if the site were lost now: in site 2 ${JSON.stringify(siteLoss)}, in site 1 ${JSON.stringify(home)}`);
  if (siteLoss == null || home == null) throw new Error('status says nothing of what would be lost with the site');
  const isCaughtUp = variant !== REPLICATION_FIRST && variant !== LINE_FIRST;
  for (const { to, isFollowing, seconds } of [siteLoss, home]) {
    // A connection whose packets vanish is up until PostgreSQL gives up; bytes and seconds tell it at once.
    const isTold = variant === REPLICATION_FIRST || isFollowing === isCaughtUp;
    demand(to === 'd' && isTold, `the copy should ${isCaughtUp ? '' : 'not '}be told to follow`);
    const isRight = isCaughtUp
      ? seconds !== null && seconds < FOLLOWS_S
      : seconds !== null && seconds * 1_000 > LAGGING_MS - 2_000;
    demand(isRight, `${seconds} s are told, and the copy is ${isCaughtUp ? 'at most a moment' : `${LAGGING_MS} ms`} behind`);
  }
  demand(isCaughtUp || (home.bytes ?? 0) > 0, 'writes that the copy has not got count for no byte');
  told.measured['foretoldBytes'] = home.bytes ?? -1;
  told.measured['foretoldMs'] = Math.round((home.seconds ?? -1) * 1_000);
  return home;
}

async function promotionOf(cluster: LabCluster, says: string, offMs: number): Promise<Promotion> {
  const { away } = await cluster.statusWhere('d', 'd serves', 30_000, (status) => status.master === 'd');
  const { received, lostBytes, heardAgoMs, at, evidence } = away ?? { received: null, at: '', evidence: '' };
  demand(evidence === EVIDENCE, `the record has other evidence: ${evidence}`);
  demand(received !== null && says.includes(received), `dr promote did not name what had arrived (${received}): ${says}`);
  demand(
    lostBytes != null && says.includes(`estimated loss at least ${lostBytes} bytes`),
    `dr promote did not name the loss: ${says}`,
  );
  const askedMs = Date.parse(at) - (Date.now() - monotonicMs());
  const heardMs = askedMs - (heardAgoMs ?? Number.POSITIVE_INFINITY);
  return {
    received: parseLsn(received ?? ''),
    lostBytes: lostBytes ?? null,
    heardMs,
    atMs: offMs,
    held: await keysOf(cluster, 'd'),
  };
}

const halted = (status: Status, name: string) =>
  status.nodes.some((node) => node.name === name && node.role === 'HALT' && node.needsRecover);

/** The line first; then nobody of the first site serves, nor is anybody there asked to. */
async function firstSiteIsBack({ cluster, say }: Stage): Promise<void> {
  await heal({ cluster });
  for (const name of MEMBER_NAMES) await cluster.powerOn(name);
  const fromMs = monotonicMs();
  await cluster.statusWhere('d', 'a and b have halted', HALT_DEADLINE_MS, (seen) => halted(seen, 'a') && halted(seen, 'b'));
  say(`the first site is back and has halted after ${Math.round(monotonicMs() - fromMs)} ms`);
  for (const untilMs = monotonicMs() + WATCHED_MS; monotonicMs() < untilMs; await delay(200)) {
    const status = await cluster.status('d');
    const serving = status.nodes.find(({ name, role, vip, postgres }) =>
      name === 'd' ? false : role.startsWith('MASTER') || vip || postgres.startsWith('primary'),
    );
    demand(serving === undefined, `${serving?.name} of the first site serves: ${serving?.role}, ${serving?.postgres}`);
    demand(status.master === 'd', `the Master is ${status.master}, not d`);
  }
}

const needs = { dr: true } as const;
const SITE = { needs, deaf: true, comeback: 'home', methods: ['follow', 'rewind', 'basebackup'] } as const;
export const D_DIES = 'd is lost as soon as the other has every write';

/** A copy in another site (docs/dr.md; O13 and R14 of faults.md). */
export const ANOTHER_SITE: readonly Scenario[] = rows([
  [
    'DR1-first-site-lost',
    'master',
    'elsewhere-serves',
    'both data nodes and the arbiter lose power together; the copy in the other site is promoted on the operator’s word',
    'refused without evidence; the loss that it names is the true one; the first site never serves when it is back',
    lostAndPromoted,
    { ...SITE, variants: [CAUGHT_UP, REPLICATION_FIRST, LINE_FIRST], cutsPower: true, repair: firstSiteIsBack },
  ],
  [
    'DR2-first-site-comes-back',
    'master',
    'elsewhere-serves',
    'the first site comes back and goes home: recover, switchover, recover; or the other site is lost on the way',
    'nothing that was acknowledged after the promotion is lost',
    lostAndPromoted,
    { ...SITE, variants: ['switchover', D_DIES], repair: firstSiteIsBack },
  ],
  [
    'DR7-packed-way-home',
    'master',
    'elsewhere-serves',
    'the first site is lost and goes home while the line is packed both ways',
    'as with a line that is not: copy, promotion, rewind and the way home go by it',
    lostAndPromoted,
    { ...SITE, needs: { ...SITE.needs, linePacked: true }, repair: firstSiteIsBack },
  ],
  [
    'DR3-line-cut',
    'master',
    'untouched',
    'the line to the other site is cut for 6 s',
    'nothing waits for it; the copy goes on where it was',
    ({ cluster }) => cluster.network.drop(isolated(LINE)),
    { needs, comeback: 'by-itself', repair: heal },
  ],
  [
    'R14-dr-attached',
    'master',
    'other-serves',
    'Master power off with a copy in another site',
    'the copy follows the new Master by itself and counts for no commit',
    powerOff,
    {
      needs,
      cutsPower: true,
      look: async ({ cluster, other }) =>
        void (await cluster.statusWhere(other, 'd follows', 60_000, (status) => {
          const d = status.nodes.find(({ name }) => name === 'd');
          return d !== undefined && follows(d) && !d.syncSet;
        })),
      repair: powerOn,
    },
  ],
]);
