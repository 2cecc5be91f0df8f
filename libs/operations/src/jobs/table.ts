import { ENDED_STATES } from '@yosugara/protocol';
import type { JobOperation, JobState } from './types.js';

/** What moves a job or a session by itself; operations are named as they are (`JOB_OPERATIONS`). */
export const JOB_EVENTS = [
  'due',
  'begin',
  'queue',
  'grant',
  'full',
  'skip-turn',
  'closed',
  'unmatched',
  'excluded',
  'late-start',
  'late-end',
  'over',
  'halted',
  'unknown',
  'known',
  'within-again',
  'around-again',
] as const;
export type JobEvent = (typeof JOB_EVENTS)[number] | JobOperation;

export interface JobTransition {
  readonly on: JobEvent;
  readonly from: readonly JobState[];
  readonly to: readonly JobState[];
  /** `both` where it is left out. */
  readonly of?: 'job' | 'session';
  /** As the history, the docs and the tests say it. */
  readonly why: string;
}

const ALL_ENDED: readonly JobState[] = ENDED_STATES;
const AT_REST: readonly JobState[] = [...ENDED_STATES, 'stopped', 'error'];
const AHEAD: readonly JobState[] = ['waiting', 'held', 'skipped'];

/** All that can become of a job or a session. What has no row cannot happen, and the engine's own moves are checked against it. */
export const JOB_TRANSITIONS: readonly JobTransition[] = [
  { on: 'due', from: ['scheduled'], to: ['running'], of: 'session', why: 'the time that it was made for has come' },
  { on: 'begin', from: ['waiting'], to: ['running'], of: 'job', why: 'its jobnet runs and its start conditions hold' },
  {
    on: 'queue',
    from: ['waiting'],
    to: ['queued'],
    of: 'job',
    why: 'its start conditions hold; it waits for a place in its queue',
  },
  { on: 'grant', from: ['queued'], to: ['running'], of: 'job', why: 'its queue had a place for it' },
  { on: 'full', from: ['queued'], to: ['ended-queue-limit'], of: 'job', why: 'its queue has no room for another that waits' },
  { on: 'skip-turn', from: ['skipped'], to: ['ended-skip'], why: 'its turn came, and it is to be skipped' },
  { on: 'closed', from: ['waiting'], to: ['ended-calendar'], of: 'job', why: 'its turn came while its calendar was closed' },
  {
    on: 'unmatched',
    from: ['waiting', 'skipped'],
    to: ['ended-unmatched'],
    of: 'job',
    why: 'what it waits for ended otherwise: its start conditions can no longer be met',
  },
  { on: 'excluded', from: AHEAD, to: ['ended-exclusive'], of: 'job', why: 'another job of the exclusive branch runs' },
  {
    on: 'late-start',
    from: ['waiting'],
    to: ['ended-start-delay', 'skipped', 'held'],
    of: 'job',
    why: 'it should have begun by now (start delay)',
  },
  {
    on: 'late-end',
    from: ['running', 'queued'],
    to: ['stopping', 'suspended', 'ended-end-delay'],
    of: 'job',
    why: 'it should have ended by now (end delay)',
  },
  {
    on: 'over',
    from: ['running'],
    to: ['ended', 'waiting', 'not-managed', 'output-failed', 'suspended'],
    why: 'all that runs of it has ended, or nothing of it can run; it waits for its next attempt where it has one',
  },
  {
    on: 'halted',
    from: ['stopping'],
    to: ['stopped', 'ended-end-delay'],
    why: 'nothing of it runs any more',
  },
  {
    on: 'halted',
    from: ['running'],
    to: ['stopped'],
    of: 'job',
    why: 'what is around it was stopped: nothing more of it starts',
  },
  {
    on: 'unknown',
    from: ['running', 'stopping', 'suspended'],
    to: ['error'],
    of: 'job',
    why: 'nobody knows what became of a run: it is never sent again by itself, people decide',
  },
  { on: 'known', from: ['error'], to: ['running'], of: 'job', why: 'what became of the run is known after all' },
  {
    on: 'within-again',
    from: AT_REST,
    to: ['running'],
    why: 'a job in it was started again',
  },
  {
    on: 'within-again',
    from: AT_REST,
    to: ['waiting', 'stopped'],
    of: 'job',
    why: 'a job in it was started again, and what is around it has not begun, or is being stopped',
  },
  {
    on: 'around-again',
    from: [...AHEAD, ...AT_REST, 'suspended', 'queued'],
    to: AHEAD,
    of: 'job',
    why: 'the jobnet that it is in was started again',
  },
  { on: 'start', from: ['scheduled', 'held'], to: ['running'], of: 'session', why: 'somebody started it before its time' },
  { on: 'start', from: AT_REST, to: ['waiting'], of: 'job', why: 'somebody started it again' },
  { on: 'start', from: AT_REST, to: ['running'], of: 'session', why: 'somebody started it again' },
  { on: 'release-hold', from: ['held'], to: ['waiting'], of: 'job', why: 'somebody released it' },
  { on: 'release-hold', from: ['held'], to: ['scheduled'], of: 'session', why: 'somebody released it' },
  { on: 'release-skip', from: ['skipped'], to: ['waiting'], of: 'job', why: 'somebody wants it to run after all' },
  { on: 'release-skip', from: ['skipped'], to: ['scheduled'], of: 'session', why: 'somebody wants it to run after all' },
  { on: 'release-suspend', from: ['suspended'], to: ['running', 'waiting'], why: 'somebody lets it go on' },
  {
    on: 'force-run',
    from: [...AHEAD, 'queued'],
    to: ['waiting'],
    of: 'job',
    why: 'somebody wants it to run whatever it waits for',
  },
  { on: 'stop', from: ['running', 'suspended'], to: ['stopping'], why: 'somebody stopped it' },
  { on: 'stop', from: ['queued'], to: ['stopped'], of: 'job', why: 'somebody stopped it before it had a place' },
  { on: 'suspend', from: ['running', 'queued'], to: ['suspended'], why: 'somebody suspended it: nothing more of it starts' },
  { on: 'skip', from: ['waiting', 'held'], to: ['skipped'], of: 'job', why: 'somebody wants it to be skipped' },
  { on: 'skip', from: ['scheduled', 'held'], to: ['skipped'], of: 'session', why: 'somebody wants it to be skipped' },
  { on: 'hold', from: ['waiting', 'skipped'], to: ['held'], of: 'job', why: 'somebody wants it to wait' },
  { on: 'hold', from: ['scheduled', 'skipped'], to: ['held'], of: 'session', why: 'somebody wants it to wait' },
  { on: 'change-end', from: ALL_ENDED, to: ['modified'], why: 'somebody changed how it ended' },
  { on: 'set-end', from: [...AHEAD, 'stopped', 'error'], to: ['modified'], of: 'job', why: 'somebody said how it ends' },
  {
    on: 'set-end',
    from: ['scheduled', 'held', 'skipped', 'stopped'],
    to: ['modified'],
    of: 'session',
    why: 'somebody said how it ends',
  },
  {
    on: 'force-end',
    from: ['running', 'queued', 'stopping', 'suspended'],
    to: ['modified'],
    why: 'somebody said how it ends, whatever runs of it',
  },
  {
    on: 'force-stop',
    from: ['running', 'stopping', 'suspended'],
    to: ['stopped'],
    why: 'somebody stopped it without waiting for what runs of it',
  },
  { on: 'approve', from: ['running'], to: ['ended', 'waiting'], of: 'job', why: 'it was approved' },
  { on: 'deny', from: ['running'], to: ['ended', 'waiting'], of: 'job', why: 'it was denied' },
];

const byMove = new Map<string, JobTransition>();
for (const row of JOB_TRANSITIONS)
  for (const of of row.of === undefined ? (['job', 'session'] as const) : [row.of])
    for (const from of row.from) for (const to of row.to) byMove.set(`${of} ${row.on} ${from} ${to}`, row);

/** The row that allows that move; undefined = there is none. */
export const transitionFor = (of: 'job' | 'session', on: JobEvent, from: JobState, to: JobState): JobTransition | undefined =>
  byMove.get(`${of} ${on} ${from} ${to}`);
