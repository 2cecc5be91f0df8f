import type { Epoch } from '@yosugara/kernel';
import type {
  EndStatus,
  HistoryLine,
  JobOperation,
  JobRun,
  JobSession,
  JobState,
  LinkMessage,
  PastEnd,
  PinnedUnit,
  SessionTrigger,
} from '@yosugara/operations';
import type { EndWith } from '@yosugara/protocol';
import type { OperationsBatch, OperationsMemory } from '../operations/ports.js';
import type { JobCounted } from './job-counts.js';

export type SessionHead = Omit<JobSession, 'jobs'>;

/** What changed of a session. */
export interface SessionToStore {
  readonly head: SessionHead;
  /** Those that changed; of a new session all. */
  readonly jobs: readonly JobRun[];
  /** It is new. */
  readonly begins?: {
    readonly ownerRole: string;
    /** Asked for twice under one id it is one session; null = nobody asks twice. */
    readonly request: string | null;
    readonly keepDays: number;
  };
}

/** What a command wrote, bounded by its setting. */
export interface RunOutput {
  readonly session: string;
  readonly job: string;
  readonly facility: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly stdout: string;
  readonly stderr: string;
  /** How many there were. */
  readonly stdoutBytes: number;
  readonly stderrBytes: number;
}

/** A line of the session's history. */
export interface JobHistoryLine extends HistoryLine {
  readonly session: string;
}

/** Runs of a trigger up to there were begun, or said to be dropped. */
export interface TriggerMark {
  readonly trigger: string;
  readonly firedUpToMs: number;
  /** What else it remembers, JSON; null = nothing. */
  readonly state: unknown;
}

/** News of an agent's disk are committed up to there. */
export interface SpoolMark {
  readonly agent: string;
  readonly spool: string;
  readonly number: number;
}

/** How a session, or a job of it, ended. */
export interface PastEndOf extends PastEnd {
  readonly unit: string;
  /** '' = the session. */
  readonly job: string;
  readonly session: string;
}

/** What a command was answered, under the key that its sender gave it: asked again it is answered so again. */
export interface KeptAnswer {
  /** Of whoever asks, and the key that they gave: 32 hexadecimal digits. */
  readonly key: string;
  /** SHA-256 of what was asked, hexadecimal. */
  readonly request: string;
  /** null = it was too long to be kept. */
  readonly answer: string | null;
}

/** What follows from some inputs: stored whole or not at all, in one transaction under the epoch. */
export interface JobBatch {
  readonly sessions: readonly SessionToStore[];
  /** Made beforehand, never begun, and wanted by nobody any more. */
  readonly removed: readonly string[];
  readonly outputs: readonly RunOutput[];
  readonly history: readonly JobHistoryLine[];
  readonly marks: readonly TriggerMark[];
  readonly links: readonly LinkMessage[];
  readonly spools: readonly SpoolMark[];
  /** Of commands that are done by it. */
  readonly answers?: readonly KeptAnswer[];
  readonly operations: OperationsBatch;
}

/** Of one instant. */
export interface JobsLoaded {
  /** Grows with every batch of `storeJobs`. */
  readonly version: number;
  /** Those that are not over. */
  readonly sessions: readonly JobSession[];
  readonly marks: readonly TriggerMark[];
  readonly spools: readonly SpoolMark[];
  readonly operations: Omit<OperationsMemory, 'version' | 'ticks'>;
}

export interface SessionsFound {
  /** Request → session. */
  readonly requests: ReadonlyMap<string, string>;
  readonly taken: readonly string[];
}

/** The Master's database. Every method has a deadline of its own. */
export interface JobStore {
  /**
   * Also an empty batch is a commit that the Standby has.
   * @param version of what the batch was made from; another one in the database refuses it.
   * @throws StaleEpochError, StaleProgressError — nothing was stored. CommitUnknownError — perhaps it was: load again.
   */
  storeJobs(batch: JobBatch, epoch: Epoch, version: number): Promise<void>;
  loadJobs(): Promise<JobsLoaded>;
  /** null = there is no such revision. */
  unitOf(unit: string, revision: number): Promise<PinnedUnit | null>;
  /** Of the newest sessions in which they ended, newest first, at most 30 of each. */
  pastEnds(of: readonly { readonly unit: string; readonly job: string }[]): Promise<readonly PastEndOf[]>;
  /** Which sessions were asked for under these ids, and what is taken of ids of sessions that begin so. */
  lookUp(requests: readonly string[], prefixes: readonly string[]): Promise<SessionsFound>;
  /** Also one that is over: somebody wants to run it again. */
  loadSession(session: string): Promise<JobSession | null>;
  /** The newest of those that came since then, oldest first. */
  linksSince(atMs: number, limit: number): Promise<readonly LinkMessage[]>;
  /** When those triggers were written as they are now, ms since 1970. */
  triggersWrittenAt(triggers: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Lets sessions, link messages and past ends go whose time is over, a part at a time. @returns how many sessions. */
  forgetJobs(nowMs: number, epoch: Epoch): Promise<number>;
}

/* ---------- What people and other programs ask of jobs (the Master only) ---------- */

export interface StartRequest {
  /** Asked again under the same id the answer is the same session; null = each asks for one of its own. */
  readonly request: string | null;
  readonly unit: string;
  /** A job or jobnet of it; null = all of the unit. */
  readonly job: string | null;
  readonly trigger: SessionTrigger;
  /** null = now. */
  readonly scheduledAtMs: number | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly ignoresTimes: boolean;
  /** In place of every command, of a test run; null = each its own. */
  readonly commandInstead: string | null;
  readonly by: string | null;
}

export type StartAnswer =
  | { readonly kind: 'started'; readonly session: string /** It was there already. */; readonly again: boolean }
  | { readonly kind: 'unknown'; readonly what: 'unit' | 'job' }
  | { readonly kind: 'refused'; readonly why: string };

export interface OperateRequest {
  readonly session: string;
  /** null = the whole session. */
  readonly job: string | null;
  /** One node of the job; null = the job. */
  readonly facility: string | null;
  readonly operation: JobOperation;
  /** Of the operations that set one. */
  readonly end: EndWith | null;
  readonly by: string;
  readonly comment: string;
}

export type OperateAnswer =
  | { readonly kind: 'done' }
  | { readonly kind: 'unknown'; readonly what: 'session' | 'job' | 'node' }
  | { readonly kind: 'refused'; readonly why: string; readonly allowed: readonly JobOperation[] };

export interface JobStats extends JobCounted {
  /** Sessions that are not over, and their jobs that are not. */
  readonly sessions: number;
  readonly jobs: number;
  /** Of jobs on nodes, which are not over. */
  readonly runs: number;
  /** Inputs that wait for a transaction. */
  readonly inputs: number;
  /** Since the process began. */
  readonly started: number;
  readonly ended: number;
  readonly dropped: number;
  /** Starts of an older epoch that agents say they refused: of a Master that did not know yet that it was none. */
  readonly refused: number;
  /** The longest that it held the event loop in a turn: 99 of 100 of the newest thousand turns; of all since this node serves. */
  readonly turnP99Ms: number | null;
  readonly sliceLongestMs: number | null;
  /** From when this node served until what there is was read, and until all of it heard of that; null = not yet. */
  readonly loadedMs: number | null;
  readonly resumedMs: number | null;
}

export type Keep<T> = (answer: T) => KeptAnswer | null;

/**
 * Each answers when it is committed on both nodes.
 * @throws YosugaraError NOT_SERVING, JOBS_BUSY — nothing was done. CommitUnknownError — perhaps it was.
 */
export interface JobControl {
  /** @param keep of each: what is stored with what was done; null = nothing. */
  start(request: StartRequest, keep?: Keep<StartAnswer>): Promise<StartAnswer>;
  operate(request: OperateRequest, keep?: Keep<OperateAnswer>): Promise<OperateAnswer>;
  /** @returns false: it was there already. */
  link(message: LinkMessage, keep?: Keep<boolean>): Promise<boolean>;
  stats(): JobStats;
}

/* ---------- What people look at (any node) ---------- */

export interface SessionQuery {
  readonly limit: number;
  /** `next` of the page before. */
  readonly after?: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly session?: string;
  readonly unit?: string;
  /** Sessions that have such a job. */
  readonly job?: string;
  readonly states?: readonly JobState[];
  readonly endStatuses?: readonly EndStatus[];
  readonly triggerType?: SessionTrigger['type'];
  readonly triggerId?: string;
  /** true: those that are not over; false: those that are. */
  readonly open?: boolean;
  readonly ownerRoles?: readonly string[];
}

export interface SessionRow extends SessionHead {
  readonly ownerRole: string;
}

/** A job that has a place in a queue, or waits for one there or on a node. */
export interface PlacedRun {
  readonly session: string;
  readonly unit: string;
  readonly revision: number;
  readonly run: JobRun;
}

/** Reads of the database that this node has. */
export interface JobReports {
  /** Newest first. */
  sessions(query: SessionQuery): Promise<{ readonly rows: readonly SessionRow[]; readonly next: string | null }>;
  session(id: string): Promise<(SessionRow & { readonly jobs: readonly JobRun[] }) | null>;
  outputs(session: string, job: string): Promise<readonly RunOutput[]>;
  /** Oldest first. @param after number of the line before */
  history(session: string, after: number, limit: number): Promise<readonly (JobHistoryLine & { readonly number: number })[]>;
  /** Newest first. @param query.after number of the last one of the page before */
  links(query: {
    readonly messageId?: string;
    readonly limit: number;
    readonly after?: number;
  }): Promise<readonly (LinkMessage & { readonly number: number })[]>;
  marks(): Promise<readonly TriggerMark[]>;
  /** Of sessions that are not over, those that wait longest first. */
  placed(limit: number): Promise<readonly PlacedRun[]>;
  /** Jobs of sessions that are not over which run on no node: what waits for people or messages, and jobnets; longest first. */
  runningNowhere(limit: number): Promise<readonly PlacedRun[]>;
  /** Number of the newest line of all histories; 0 = there is none. */
  newestLine(): Promise<number>;
  /** Sessions of which something was written down after that line, each once and as it is now; `through`: the last line that was looked at. */
  changedSince(line: number, limit: number): Promise<{ readonly rows: readonly SessionRow[]; readonly through: number }>;
  /** What agents' news were committed up to. */
  spools(): Promise<readonly (SpoolMark & { readonly atMs: number })[]>;
}
