/** Over: it has an end status, and what waits for it can be judged. */
export const ENDED_STATES = [
  'ended',
  /** Somebody changed how it ended. */
  'modified',
  'ended-unmatched',
  'ended-calendar',
  'ended-skip',
  'ended-start-delay',
  'ended-end-delay',
  'ended-exclusive',
  'ended-queue-limit',
  /** Its node is no longer registered, or has no agent. */
  'not-managed',
  'output-failed',
] as const;

/** State of a job in a session (docs/jobs.md has the table of what leads where). */
export const JOB_STATES = [
  /** A session made beforehand: its time has not come. */
  'scheduled',
  /** For its start conditions. */
  'waiting',
  /** Somebody must release it. */
  'held',
  /** It will not run, and end so when its turn comes. */
  'skipped',
  'running',
  /** In its queue, or for a place on its node. */
  'queued',
  'stopping',
  'suspended',
  'stopped',
  ...ENDED_STATES,
  /** What only people can decide: its run is unknown. */
  'error',
] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What people do with a job of a session; each is allowed in certain states only. */
export const JOB_OPERATIONS = [
  'start',
  'release-hold',
  'release-skip',
  'release-suspend',
  'force-run',
  'stop',
  'suspend',
  'skip',
  'hold',
  'change-end',
  'set-end',
  'force-end',
  'force-stop',
  'approve',
  'deny',
] as const;
export type JobOperation = (typeof JOB_OPERATIONS)[number];

/** State of one node of a job. `claimed`: it may have been told to start; `unknown`: nobody knows what became of it. */
export const RUN_STATES = ['waiting', 'queued', 'claimed', 'running', 'stopping', 'ended', 'not-started', 'unknown'] as const;
export type RunState = (typeof RUN_STATES)[number];

/** What began a session. */
export const SESSION_TRIGGERS = ['schedule', 'file-check', 'link-receive', 'manual', 'event', 'api'] as const;
