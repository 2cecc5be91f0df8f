import type { FileWatch, Priority, RunEnd, StartInstruction } from '@yosugara/protocol';
import type { Result } from '../monitors/index.js';
import type { EndWith, JobOperation, JobSession, JobState, PastEnd } from './types.js';

/** A run of a command on a node, within its session: `runIdOf` makes its id of it. */
export interface RunRef {
  readonly job: string;
  readonly facility: string;
  readonly attempt: number;
}

/** What somebody wants done. `job` null: with the session. `facility`: with one node of the job. */
export interface Operate {
  readonly operation: JobOperation;
  readonly job: string | null;
  readonly facility: string | null;
  readonly who: string;
  /** Of skip, change-end, set-end, force-end; null = abnormal, -1 (of skip: what the job says). */
  readonly end: EndWith | null;
  /** What they say to it; it stands in the history of the session. */
  readonly comment?: string;
}

/** Of link-send jobs and of the API. */
export interface LinkMessage {
  /** The same message said again has the same one. */
  readonly id: string;
  readonly messageId: string;
  readonly message: string;
  readonly priority: Priority;
  readonly values: Readonly<Record<string, string>>;
  readonly atMs: number;
}

/** What happens to a session. All of it may come twice, late, or when it is over: then nothing changes. */
export type SessionInput =
  /** The instant of `wakeAtMs` is there. */
  | { readonly kind: 'tick' }
  /** First of a manager that became Master or began again: all that must be done outside is said once more (each is harmless twice). */
  | { readonly kind: 'resume' }
  /** An agent is there (each hello), with the disk that it has. */
  | { readonly kind: 'agent-here'; readonly facility: string; readonly spool: string }
  /** It is not there, or does not answer. */
  | { readonly kind: 'agent-silent'; readonly facility: string }
  | ({ readonly kind: 'start-check'; readonly spool: string; readonly epoch: number; readonly nonce: string } & RunRef)
  | ({ readonly kind: 'run-started'; readonly atMs: number } & RunRef)
  | ({ readonly kind: 'run-ended'; readonly end: RunEnd } & RunRef)
  | ({ readonly kind: 'run-refused'; readonly why: string } & RunRef)
  /** Answer to `ask`. */
  | ({
      readonly kind: 'run-state';
      readonly spool: string;
      readonly state: 'never' | 'taken' | 'running' | 'ended';
    } & RunRef)
  | ({ readonly kind: 'operate' } & Operate)
  /** A place that was wanted is there, or there is not even room to wait for it. */
  | { readonly kind: 'granted' | 'refused'; readonly place: PlaceKey }
  | ({
      readonly kind: 'file-seen';
      readonly directory: string;
      readonly name: string;
      readonly sizeBytes: number;
      readonly modifiedAtMs: number;
    } & RunRef)
  | ({ readonly kind: 'monitor-result'; readonly priority: Priority; readonly message: string } & RunRef)
  | { readonly kind: 'linked'; readonly message: LinkMessage }
  /** Of the `link-send` with that id. */
  | { readonly kind: 'link-sent'; readonly job: string; readonly attempt: number; readonly ok: boolean; readonly why: string }
  /** Of the `file-transfer` effects: what the source has, and how one target did. */
  | ({
      readonly kind: 'transfer-listed';
      readonly files: readonly TransferFile[];
      readonly why: string | null;
      readonly away: boolean;
    } & RunRef)
  /** `away`: one of the agents was not there for as long as was waited for it. */
  | ({ readonly kind: 'transfer-ended'; readonly ok: boolean; readonly why: string; readonly away: boolean } & RunRef)
  /** How far one target is, for people. */
  | ({ readonly kind: 'transfer-progress'; readonly message: string } & RunRef)
  /** A session of a unit in `CompiledUnit.crossUnits` ended. */
  | { readonly kind: 'past-end' };

export interface TransferFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** Permissions. */
  readonly mode: number;
}

/** Whose place: of a job in a queue, or of a node of a job on that node. */
export interface PlaceKey {
  readonly of: 'queue' | 'node';
  /** Of the queue or of the node. */
  readonly id: string;
  readonly session: string;
  readonly job: string;
}

export interface Want {
  readonly key: PlaceKey;
  /** Higher ones first, then who waits longer. */
  readonly priority: number;
  readonly sinceMs: number;
  /** It has the place already (a take-over, or somebody forced it): it counts, and is not granted. */
  readonly has: boolean;
  /** false: where no place is free now it is `refused`. */
  readonly waits: boolean;
  /** Jobnets that it is in, outermost first: they cannot end before it. */
  readonly within: readonly string[];
}

export interface HistoryLine {
  readonly atMs: number;
  /** '' = of the session itself. */
  readonly job: string;
  readonly facility: string | null;
  readonly from: JobState | null;
  readonly to: JobState | null;
  /** null = nobody: it came by itself. */
  readonly who: string | null;
  readonly text: string;
}

/** Rows that are stored together with the session: in the same transaction, or not at all. */
export type StoredEffect =
  | { readonly kind: 'history'; readonly line: HistoryLine }
  /** For whoever is told of jobs. */
  | { readonly kind: 'result'; readonly result: Result }
  /** All that an agent said of a run that ended. */
  | ({ readonly kind: 'output'; readonly end: RunEnd } & RunRef)
  /** How a job ('' = the session) ended, for later sessions. */
  | {
      readonly kind: 'ended';
      readonly job: string;
      readonly end: PastEnd;
      /** It ended without having run (skipped, excluded, …): it says nothing of how long it usually takes. */
      readonly ran: boolean;
    };

/** What is done after the session and the rows above are committed, in this order. `resume` says all of it again where it is still wanted. */
export type OutsideEffect =
  /** The claim is in the session: an instruction is sent only when it is stored. Nothing is lost where the agent is not there. */
  | ({ readonly kind: 'claim'; readonly instruction: StartInstruction } & RunRef)
  | ({ readonly kind: 'start-answer'; readonly nonce: string; readonly go: boolean; readonly why: string } & RunRef)
  | ({ readonly kind: 'stop'; readonly how: 'command' | 'kill' } & RunRef)
  /** What does the agent know of it? */
  | ({ readonly kind: 'ask' } & RunRef)
  | { readonly kind: 'want-place'; readonly want: Want }
  | { readonly kind: 'leave-place'; readonly key: PlaceKey }
  /** A task of that agent, until `unwatch`: what came since then counts. */
  | ({ readonly kind: 'watch'; readonly file: FileWatch; readonly sinceMs: number } & RunRef)
  | ({ readonly kind: 'unwatch' } & RunRef)
  /** Once, on that node; answered by `monitor-result`. */
  | ({ readonly kind: 'monitor-run'; readonly monitor: string; readonly timeoutMs: number } & RunRef)
  | {
      readonly kind: 'link-send';
      readonly job: string;
      readonly attempt: number;
      readonly address: string | null;
      readonly access: string | null;
      readonly message: LinkMessage;
    }
  /** Names and sizes of the source's files. */
  | ({
      readonly kind: 'transfer-list';
      readonly source: string;
      readonly directory: string;
      readonly name: string;
      readonly patienceMs: number | null;
    } & RunRef)
  /** These files from the source to the node of the run; writing them once more does no harm. */
  | ({
      readonly kind: 'transfer-copy';
      readonly source: string;
      readonly from: string;
      readonly to: string;
      readonly files: readonly TransferFile[];
      readonly checksum: boolean;
      readonly user: string | null;
      /** For so long an agent that is away is waited for; null = until it is there. */
      readonly patienceMs: number | null;
    } & RunRef)
  /** It is stopped: what is being listed or copied for that node is left as it is. */
  | ({ readonly kind: 'transfer-stop' } & RunRef);

export type JobEffect = StoredEffect | OutsideEffect;

export interface StepOutcome {
  /** The very object that was given when nothing changed; jobs that did not change are the same objects. */
  readonly session: JobSession;
  readonly effects: readonly JobEffect[];
  /** When time alone changes something next: then a `tick`; null = it does not. */
  readonly wakeAtMs: number | null;
  /** Of `operate`: why it was not done; null = it was. */
  readonly refusal: string | null;
}

/** What a session needs to know of the world. All of it is a look-up: nothing waits. */
export interface JobEnv {
  /** Wall clock. */
  readonly nowMs: number;
  /** Of the Master that steps. */
  readonly epoch: number;
  isOpen(calendar: string, atMs: number): boolean;
  /** Enabled nodes in it, or itself; null = nothing has that name. */
  nodesOf(facility: string): readonly string[] | null;
  /** Registered, and an agent of it has joined (connected or not). */
  hasAgent(node: string): boolean;
  /** `job` of the node: 16 and 0 where it says nothing. */
  nodeJob(node: string): { readonly priority: number; readonly multiplicity: number };
  /** `nodeValue` of that node; undefined = it has none of that name. */
  nodeValue(node: string, name: string): string | undefined;
  /** Of the newest session of that unit in which that job ended; null = none is known. */
  newestEnd(unit: string, job: string): PastEnd | null;
  /** Newest runs of that job that ended normally, at most 30 are looked at. */
  normalRuns(unit: string, job: string): readonly PastEnd[];
  /** RE2, somewhere in the text. */
  matches(pattern: string, text: string): boolean;
  /** Messages of that id that came since then, oldest first. */
  links(messageId: string, sinceMs: number): readonly LinkMessage[];
}

/** How a session begins. */
export interface NewSession {
  readonly id: string;
  /** null = all of the unit. */
  readonly root: string | null;
  readonly trigger: JobSession['trigger'];
  readonly scheduledAtMs: number;
  /** On top of the unit's. */
  readonly variables: Readonly<Record<string, string>>;
  readonly ignoresTimes: boolean;
  readonly testCommand: string | null;
  /** Made beforehand: it waits for `scheduledAtMs`. */
  readonly premade: boolean;
}
