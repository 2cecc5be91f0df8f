import type { Window } from '../check/measure.js';
import type { Promotion } from '../check/stated-loss.js';
import type { LabCluster } from '../cluster/cluster.js';
import type { DataName } from '../cluster/layout.js';
import type { ClusterSettings } from '../cluster/settings.js';
import type { Blast } from '../senders/blast.js';
import type { SenderCount } from '../senders/count.js';

/** What a fault acts on, decided at the moment of the fault: the Master of run 2 may be `b`. */
export interface Stage {
  readonly cluster: LabCluster;
  readonly target: DataName;
  /** The other data node. */
  readonly other: DataName;
  /** Sub-variant of this run. */
  readonly variant: string;
  /** What the fault noted for its repair. */
  readonly notes: Map<string, number>;
  /** What the cluster told the operator, and must be held to. */
  readonly told: {
    promotion: Promotion | null;
    /** Steps whose longest time without an acknowledged write is told by their names. */
    readonly windows: (Window & { readonly name: string })[];
    /** By name; told in the report. */
    readonly measured: Record<string, number>;
    /** Lines that must be there at the end. */
    readonly lines: Blast[];
    /** What was told to the outside, by its way; for the report. */
    readonly counts: SenderCount[];
  };
  /** Stands in every message that the client sends in this run. */
  readonly runTag: string;
  /** What a scenario started: ended with the run, the newest first, however that ends. */
  readonly undo: (() => Promise<void>)[];
  readonly say: (text: string) => void;
  /** `--minutes`, for the scenarios that last. */
  readonly minutes: number;
  /** `--messages`, for those that send very many. */
  readonly messages: number;
  /** `--only`, for a quick try of a part; none: all of it. */
  readonly only: readonly string[];
}

/**
 * other-serves: the other node is Master. goes-on: no change of Master, the target is out. untouched: Master and sync set stay as
 * they are. settles: the fault passes by itself or changes roles only when it must; in the end exactly one Master acknowledges.
 * elsewhere-serves: the copy in the other site is Master. nobody-serves: no write is acknowledged until the repair. anything: only safety is looked at before the repair.
 */
export type Expectation =
  | 'other-serves'
  | 'goes-on'
  | 'untouched'
  | 'settles'
  | 'elsewhere-serves'
  | 'nobody-serves'
  | 'anything';

export type RecoverMethod = 'follow' | 'rewind' | 'basebackup';

/** Goals of the table. Over them is not a failure: the report says whether each was met. */
export interface Limits {
  /** Longest time without an acknowledged write of either writer. */
  readonly failoverMs?: number;
  /** Without an arbiter, where the other one's power is cut first. */
  readonly twoNodesMs?: number;
  readonly recoverMs?: number;
}

export interface Scenario {
  readonly name: string;
  readonly pattern: string;
  readonly why: string;
  readonly on: 'master' | 'standby';
  /** Run n takes variant n modulo their number. */
  readonly variants: readonly string[];
  readonly expect: Expectation | ((variant: string) => Expectation);
  readonly limits: Limits | ((variant: string) => Limits);
  /** Ways in which the node may come back (failover.md, ruling 15): any other is a failure. */
  readonly methods: readonly RecoverMethod[];
  /** recover: the operator's one command. by-itself: `autoRejoin`, or the end of the fault, must be enough. home: from the other site. */
  readonly comeback: 'recover' | 'by-itself' | 'home';
  /** Of the command, where an operator must say more. */
  readonly recoverArgs: readonly string[];
  /** The host lost its power: its disk is audited before it boots again. */
  readonly cutsPower: boolean;
  /** Between fault and heal there is a time in which no node hears messages: those of it may be missing. */
  readonly deaf: boolean;
  /** What the cluster must be like for it. */
  readonly needs: Partial<ClusterSettings>;
  /** rsyslog, syslog-ng and net-snmp send all the time, and each stream is counted. */
  readonly senders: boolean;
  readonly fault: (stage: Stage) => Promise<void>;
  /** After the expectation was seen, before the repair. @throws what is not as it must be */
  /** How long all is well before the fault, and again at the end where it is more than usual: what throughput is compared with. */
  readonly steadyMs: number;
  readonly look: (stage: Stage) => Promise<void>;
  readonly repair: (stage: Stage) => Promise<void>;
  /** When the cluster is whole again. @throws what is not as it must be */
  readonly atEnd: (stage: Stage) => Promise<void>;
}

/** Both writers write and the sync set is whole for so long before the fault. */
export const DEFAULT_STEADY_MS = 3_000;

const nothing = async () => {};

const DEFAULTS = {
  variants: [''],
  steadyMs: DEFAULT_STEADY_MS,
  limits: {},
  methods: ['follow', 'rewind'],
  comeback: 'recover',
  recoverArgs: [],
  cutsPower: false,
  deaf: false,
  needs: {},
  senders: false,
  look: nothing,
  repair: nothing,
  atEnd: nothing,
} as const satisfies Partial<Scenario>;

export type ScenarioText = Partial<Scenario> & Pick<Scenario, 'name' | 'pattern' | 'why' | 'on' | 'expect' | 'fault'>;

export const scenario = (text: ScenarioText): Scenario => ({ ...DEFAULTS, ...text });

export function variantOf({ variants }: Scenario, run: number): string {
  return variants[(run - 1) % variants.length] ?? '';
}

export const expectationOf = ({ expect }: Scenario, variant: string): Expectation =>
  typeof expect === 'string' ? expect : expect(variant);

export const limitsOf = ({ limits }: Scenario, variant: string): Limits =>
  typeof limits === 'function' ? limits(variant) : limits;
