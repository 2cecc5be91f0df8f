import type { EndStatus, EndWith, JobState, JobUnitBody, RunState } from '@yosugara/protocol';

export { JOB_OPERATIONS, JOB_STATES, type JobOperation, type JobState, RUN_STATES, type RunState } from '@yosugara/protocol';

/** One node of a job, its newest attempt. */
export interface NodeRun {
  readonly facility: string;
  readonly attempt: number;
  readonly state: RunState;
  /** Epoch under which it was claimed; null = it was not. */
  readonly epoch: number | null;
  readonly claimedAtMs: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly returnValue: number | null;
  readonly message: string;
  /** How often the agent was asked without an answer. */
  readonly asked: number;
  /** The disk (`spool` of an agent's hello) that was let launch it; null = nobody was, so that it never ran. */
  readonly spool: string | null;
  /** How often the command was run once more on this node (`commandRetry`), in this attempt of the job. */
  readonly retries: number;
  /** Runs of it on this node that were told to start and certainly did not, in this attempt of the job. */
  readonly unstarted: number;
  /** While it waits: it is told no sooner; missing or null: at once. */
  readonly notBeforeMs?: number | null;
  /** Since when it waits for a place on its node. */
  readonly queuedAtMs: number | null;
}

/** One job of a session. */
export interface JobRun {
  readonly job: string;
  readonly state: JobState;
  readonly endStatus: EndStatus | null;
  readonly endValue: number | null;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /** From 1: of the whole job (`retry`). */
  readonly attempt: number;
  /** When that attempt began; missing: with the job itself. */
  readonly attemptedAtMs?: number | null;
  /** What was told or done already, such as `start-delay`, `end-delay`. */
  readonly marks: readonly string[];
  readonly nodes: readonly NodeRun[];
  /** What it waits for, or why it ended so: for people. */
  readonly why: string;
  /** Not before, ms since 1970; of a retry. */
  readonly notBeforeMs: number | null;
  /** How often it was set to its beginning or begun: names what is told of it, and never falls. */
  readonly round: number;
  /** Highest attempt of any node so far; never falls, so that no run id comes twice. */
  readonly runs: number;
  /** What it will end with: when it is skipped, or when what runs of it has ended. */
  readonly endWith: EndWith | null;
  /** Since when it waits in its queue, or when it got a place there. */
  readonly queuedAtMs: number | null;
}

export interface SessionTrigger {
  readonly type: 'schedule' | 'file-check' | 'link-receive' | 'manual' | 'event' | 'api';
  /** Of the setting; null = it came from none. */
  readonly id: string | null;
  /** For people, and as `#[TRIGGER_INFO]`. */
  readonly info: string;
}

/** One run of a unit, or of a part of it. */
export interface JobSession {
  /** `yyyyMMddHHmmss-NNN` of the time that it is for, in the unit's zone; unique. */
  readonly id: string;
  readonly unit: string;
  /** Revision of the unit that it keeps to its end. */
  readonly revision: number;
  /** The job or jobnet that was started; null = all of the unit. */
  readonly root: string | null;
  readonly trigger: SessionTrigger;
  /** The time that it is for. */
  readonly scheduledAtMs: number;
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly state: JobState;
  readonly endStatus: EndStatus | null;
  readonly endValue: number | null;
  readonly variables: Readonly<Record<string, string>>;
  readonly jobs: ReadonlyMap<string, JobRun>;
  /** Time-of-day and minutes-after-start conditions do not count (a test run). */
  readonly ignoresTimes: boolean;
  /** In place of the command of each job (a test run); null = their own. */
  readonly testCommand: string | null;
}

/** A unit as a session needs it: compiled once for each revision. */
export interface PinnedUnit {
  readonly id: string;
  readonly revision: number;
  readonly ownerRole: string;
  readonly body: JobUnitBody;
}

/** How a session, a job or the unit's last runs ended: for conditions across sessions, and deviations. */
export interface PastEnd {
  readonly status: EndStatus;
  readonly value: number;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
}

export type { EndStatus, EndWith };
