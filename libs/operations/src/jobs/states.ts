import { ENDED_STATES } from '@yosugara/protocol';
import type { JobRun, JobState, NodeRun } from './types.js';

const ENDED: ReadonlySet<JobState> = new Set(ENDED_STATES);
export const isEnded = (state: JobState): boolean => ENDED.has(state);

/** Nothing of it goes on or follows by itself. */
export const isAtRest = (state: JobState): boolean => isEnded(state) || state === 'stopped' || state === 'error';

/** Its turn has not come. */
export const isAhead = (state: JobState): boolean => state === 'waiting' || state === 'held' || state === 'skipped';

/** Something of it may be going on outside. */
export const isUnderWay = (state: JobState): boolean =>
  state === 'running' || state === 'queued' || state === 'stopping' || state === 'suspended';

/** An agent may have it. */
export const isOut = ({ state }: NodeRun): boolean => state === 'claimed' || state === 'running' || state === 'stopping';
/** Nothing more comes of it by itself. */
export const isOver = ({ state }: NodeRun): boolean => state === 'ended' || state === 'not-started' || state === 'unknown';

export const hasMark = (run: JobRun, mark: Mark): boolean => run.marks.includes(mark);

export const MARKS = [
  /** Somebody started it, or it is a retry: conditions and calendar are not asked. */
  'now',
  /** Nor are queue and places on nodes waited for. */
  'forced',
  'retry',
  /** Of its nodes only those that wait are run: the others keep what they returned. */
  'some-nodes',
  'start-delay',
  'end-delay',
  /** When what runs of it is over, it ends with `endWith`. */
  'ends-with',
  /** It has a place in its queue. */
  'place',
] as const;
export type Mark = (typeof MARKS)[number];

export const newNode = (facility: string, attempt: number): NodeRun => ({
  ...{ facility, attempt, state: 'waiting', epoch: null, claimedAtMs: null, startedAtMs: null, endedAtMs: null },
  ...{ returnValue: null, message: '', asked: 0, spool: null, retries: 0, unstarted: 0, queuedAtMs: null },
});

const NONE: readonly never[] = [];

export const newRun = (job: string): JobRun => ({
  ...{ job, state: 'waiting', endStatus: null, endValue: null, startedAtMs: null, endedAtMs: null, attempt: 1, marks: NONE },
  ...{ nodes: NONE, why: '', notBeforeMs: null, round: 1, runs: 0, endWith: null, queuedAtMs: null },
});

/** As every run is when its session begins, whatever its first state. */
export const runAtFirst = (job: string, state: JobState): JobRun => ({ ...newRun(job), state });

/** Nothing happened to it since its session began: it is what `runAtFirst` makes of its name and state. */
export function isAtFirst(run: JobRun): boolean {
  const first = Object.entries(newRun(run.job));
  if (Object.keys(run).length !== first.length) return false;
  return first.every(([key, was]) => {
    const is = run[key as keyof JobRun];
    return key === 'state' || (Array.isArray(was) ? Array.isArray(is) && is.length === 0 : is === was);
  });
}
