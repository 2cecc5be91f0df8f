import type { PhaseTime } from './check/throughput.js';
import type { Acknowledged } from './check/types.js';
import type { LabCluster } from './cluster/cluster.js';
import type { DataName } from './cluster/layout.js';
import type { Scenario, Stage } from './scenarios/types.js';
import type { SenderCount } from './senders/count.js';
import type { Sent } from './senders/plan.js';

export const MESSAGES_PER_SECOND = 500;
/** Of the steady time before a fault: writers begin, and what was done before settles. */
export const SETTLING_MS = 1_000;

/** What earlier runs on the same cluster were promised: it must still be there. */
export type Promises = Acknowledged[];

export interface RunContext {
  readonly cluster: LabCluster;
  readonly scenario: Scenario;
  /** Counts from 1; on one cluster never twice the same. */
  readonly number: number;
  /** Number within the series: chooses the variant. */
  readonly variantNumber: number;
  readonly dir: string;
  readonly postgresBin: string;
  readonly promises: Promises;
  readonly say: (text: string) => void;
  /** Wall clock when it began: older rows are of earlier runs. */
  readonly beganAt: Date;
  readonly minutes: number;
  /** Messages a second of the real senders, all together. */
  readonly rate: number;
  /** For scenarios that send very many. */
  readonly messages: number;
  /** Parts of the scenario; none: all of it. */
  readonly only: readonly string[];
  /** More writers at once. */
  readonly load: boolean;
}

/** What is measured on the way. */
export interface Figures {
  faultMs: number;
  acknowledgedAgainMs: number;
  recoverFromMs: number;
  recoverToMs: number;
  recoverMethod: string | null;
  recoverPhases: readonly PhaseTime[];
  plainBaseBackupMs: number | null;
  promotion: Stage['told']['promotion'];
  /** What each real sender was given to send. */
  sent: Readonly<Record<string, Sent>> | null;
  readonly windows: Stage['told']['windows'];
  /** What was told to the outside. */
  readonly counts: SenderCount[];
  /** Of the stage's notes, those that are to be told. */
  readonly measured: Record<string, number>;
}

export interface AuditFinding {
  onDisk: readonly number[] | null;
  node: DataName;
}

export const runTagOf = (context: RunContext) => `${context.scenario.name}/${context.number}`;
