import { invariant } from '@yosugara/kernel';
import type { LabCluster } from './cluster/cluster.js';
import { type DataName, otherOf } from './cluster/layout.js';

/** What a fault acts on, decided at the moment of the fault: the Master of run 2 may be `b`. */
export interface Stage {
  readonly cluster: LabCluster;
  readonly target: DataName;
  /** Sub-variant of this run. */
  readonly variant: string;
  /** What the fault noted for its repair. */
  readonly notes: Map<string, number>;
}

export type Expectation = 'other-serves' | 'goes-on' | 'untouched';

export interface Scenario {
  readonly name: string;
  readonly pattern: string;
  readonly why: string;
  readonly on: 'master' | 'standby';
  /** Run n takes variant n modulo their number. */
  readonly variants: readonly string[];
  /** other-serves: the other node is Master. goes-on: no change of Master, the target is out. untouched: Master and sync set stay as they are. */
  readonly expect: Expectation | ((variant: string) => Expectation);
  /** The host lost its power: its disk is audited before it boots again. */
  readonly cutsPower: boolean;
  readonly fault: (stage: Stage) => Promise<void>;
  readonly repair: (stage: Stage) => Promise<void>;
}

const powerOff = {
  cutsPower: true,
  variants: [''],
  fault: ({ cluster, target }: Stage) => cluster.hosts[target].powerOff(),
  repair: ({ cluster, target }: Stage) => cluster.powerOn(target),
} as const;

const POSTMASTER_STOPPED = 'postmaster stopped';
const POSTMASTER_KILLED = 'postmaster killed';
const BACKEND_STOPPED = 'a backend stopped';

/** The table is the code, the list for people, and where the next pattern of faults.md goes. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: '1-power-off-master',
    pattern: 'Master power off',
    why: 'everything of the host ends at once and what was not fsynced is gone: the Standby serves',
    on: 'master',
    expect: 'other-serves',
    ...powerOff,
  },
  {
    name: '5-network-cut-master',
    pattern: 'Master network cut',
    why: 'the Master cannot know what the others do: it stops inside its lease, the Standby serves',
    on: 'master',
    expect: 'other-serves',
    cutsPower: false,
    variants: [''],
    fault: ({ cluster, target }) => cluster.network.cable(target, 'out'),
    repair: ({ cluster, target }) => cluster.network.cable(target, 'in'),
  },
  {
    name: '10-controller-died-master',
    pattern: 'Cluster Controller died',
    why: 'kill -9: the dead man stops PostgreSQL and the manager inside the lease, the Standby serves',
    on: 'master',
    expect: 'other-serves',
    cutsPower: false,
    variants: [''],
    fault: async ({ cluster, target }) => {
      const host = cluster.hosts[target];
      host.respawn('controller', null);
      host.kill('KILL', required(host.pidOf('controller'), 'the controller runs before it is killed'));
    },
    repair: async ({ cluster, target }) => cluster.startServices(target),
  },
  {
    name: '12-power-off-standby',
    pattern: 'Standby power off',
    why: 'the Master goes solo without stopping; writes are blocked no longer than the stall limit',
    on: 'standby',
    expect: 'goes-on',
    ...powerOff,
  },
  {
    name: '19-postgres-hung',
    pattern: 'PostgreSQL not answering',
    why: 'a stopped postmaster keeps its old sessions alive: only new connections find the hang',
    on: 'master',
    // One backend that stops harms its own session only: nobody is to take over for that.
    expect: (variant) => (variant === BACKEND_STOPPED ? 'untouched' : 'other-serves'),
    cutsPower: false,
    variants: [POSTMASTER_STOPPED, POSTMASTER_KILLED, BACKEND_STOPPED],
    fault: async (stage) => {
      const { cluster, target, variant, notes } = stage;
      const pid = variant === BACKEND_STOPPED ? await writersBackend(cluster, target) : cluster.postmaster(target);
      const found = required(pid, `there is something to stop: ${variant}`);
      notes.set('pid', found);
      cluster.hosts[target].kill(variant === POSTMASTER_KILLED ? 'KILL' : 'STOP', found);
    },
    // The cluster may have killed it already; then the signal finds nobody.
    repair: async ({ cluster, target, variant, notes }) => {
      if (variant !== POSTMASTER_KILLED) cluster.hosts[target].kill('CONT', notes.get('pid') ?? 0);
    },
  },
];

function required(value: number | undefined, says: string): number {
  invariant(value !== undefined, says);
  return value;
}

/** The server process that serves writer W1. */
async function writersBackend(cluster: LabCluster, on: DataName): Promise<number | undefined> {
  const rows = await cluster.sql<{ pid: number }>(on, "SELECT pid FROM pg_stat_activity WHERE application_name = 'lab-writer'");
  return rows[0]?.pid;
}

export function variantOf(scenario: Scenario, run: number): string {
  return scenario.variants[(run - 1) % scenario.variants.length] ?? '';
}

export const expectationOf = ({ expect }: Scenario, variant: string): Expectation =>
  typeof expect === 'string' ? expect : expect(variant);

export const survivorOf = (target: DataName): DataName => otherOf(target);
