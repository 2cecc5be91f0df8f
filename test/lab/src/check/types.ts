import type { SenderCount } from '../senders/count.js';

/** What the client host saw. All times are CLOCK_MONOTONIC ms, which every namespace of the lab shares. */

/** append: concurrent writers, each key tried once. */
export type WriterName = 'sql' | 'api' | 'append';

/** A write that the cluster acknowledged: a clean COMMIT, or 201. `holder` is who did it: `a#7` (node and epoch) or `a#timeline 00000002`; `#7`: node not known. */
export interface Acknowledged {
  readonly writer: WriterName;
  readonly key: number;
  readonly atMs: number;
  readonly holder: string;
  /** 1 = at the first attempt. */
  readonly attempts: number;
  /** WAL position at which the writing server was when it wrote the row: below the end of its commit. SQL writers only. */
  readonly lsn?: string;
  /** When the attempt that was acknowledged began. SQL writers only. */
  readonly begunMs?: number;
}

/** `GET /status/master` answered 200. */
export interface MasterAnswer {
  readonly node: string;
  readonly atMs: number;
}

export interface Observed {
  readonly acknowledged: readonly Acknowledged[];
  readonly masterAnswers: readonly MasterAnswer[];
  /** Keys of `append` that may or may not be there. */
  readonly unknown?: readonly number[];
  /** Numbers of the syslog messages that were handed to the wire, 1..sent. */
  readonly messagesSent: number;
  /** Numbers that nobody could have heard: they may be missing. */
  readonly unheard?: { readonly from: number; readonly to: number };
  /** Lost with another site, as the operator was told (stated-loss.ts): they may be missing. */
  readonly gone?: ReadonlySet<Acknowledged>;
}

/** What one node holds after the run. */
export interface ReadBack {
  readonly node: string;
  readonly keys: Readonly<Record<'sql' | 'api', readonly number[]>> & { readonly append?: readonly number[] };
  /** Number of each stored message of this run, as often as it is stored. */
  readonly messageNumbers: readonly number[];
}

export interface Verdict {
  readonly writesAcknowledged: number;
  readonly writesLost: number;
  readonly messagesSent: number;
  readonly messagesLost: number;
  readonly messagesDoubled: number;
  readonly twoMastersMs: number;
  /** One sentence for each kind of violation, with examples. Empty = nothing found. */
  readonly violations: readonly string[];
}

/** One run in the shape that other programs read (overview.md, contracts). */
export interface RunReport {
  readonly failoverMs: number | null;
  readonly recoverMs: number | null;
  readonly writesAcknowledged: number;
  readonly writesLost: number;
  readonly messagesSent: number;
  readonly messagesLost: number;
  readonly messagesDoubled: number;
  readonly twoMastersMs: number;
  readonly ok: boolean;
  /** Empty when ok. */
  readonly why: string;
  /** How the node came back: follow, rewind or basebackup. */
  readonly recoverMethod: string | null;
  /** Longest gap between two acknowledged writes while `recover` ran. */
  readonly recoverGapMs: number | null;
  /** Acknowledged writes a second while `recover` ran, as a share of those before the fault. */
  readonly recoverThroughput?: number | null;
  /** The same with its parts: what bounds it. */
  readonly recoverTrace?: RecoverThroughput | null;
  /** Of plain pg_basebackup in the same run, where the scenario makes one. */
  readonly plainBaseBackupMs?: number | null;
  /** What the power controllers were asked after the fault, each with ms after it: real resets. */
  readonly powerLog?: readonly string[];
  /** Acknowledged writes that went with the old Master where another node was promoted by hand, and what the operator was told. */
  readonly statedLoss?: { readonly writes: number; readonly bytes: number | null; readonly statedBytes: number | null } | null;
  readonly variant?: string;
  /** Of each real sender's stream, where the scenario has them. */
  readonly senders?: readonly SenderCount[];
  /** What a scenario measured besides, by name. */
  readonly measured?: Readonly<Record<string, number>>;
  /** Of the Numbers; null: it names none for this, or nothing was measured. */
  readonly withinGoal?: boolean | null;
}

export interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
  readonly max: number | null;
}

export interface ScenarioReport {
  readonly scenario: string;
  readonly runs: readonly RunReport[];
  /** What it expects, and why. */
  readonly expect?: string;
  readonly pattern?: string;
  readonly summary: { readonly failoverMs: Percentiles; readonly recoverMs: Percentiles };
}

/** W1 and W2 together; see throughput.ts. */
export interface RecoverThroughput {
  readonly share: number;
  readonly beforePerSecond: number;
  readonly duringPerSecond: number;
  readonly afterPerSecond: number | null;
  /** Of the returning node, in the order in which it came to them. */
  readonly phases: readonly {
    readonly phase: string;
    readonly ms: number;
    readonly perSecond: number | null;
    readonly gapMs: number | null;
  }[];
}
