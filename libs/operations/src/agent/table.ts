import type { AgentRunState } from './types.js';

/** What happens to a run. */
export const RUN_TRIGGERS = [
  /** An instruction of the newest epoch, or of a newer one. */
  'start',
  'start-of-an-old-epoch',
  'go',
  'no-go',
  'check-unanswered',
  'new-master',
  'launched',
  'launch-failed',
  'exited',
  'lost',
  'stop',
  'kill',
  'time-over',
  'grace-over',
  'state-of',
  'found-unbegun',
  'found-running',
  'found-exited',
  'found-gone',
] as const;
export type RunTrigger = (typeof RUN_TRIGGERS)[number];

export type RunDeed =
  /** On disk, then `taken` and the start check. */
  | 'note'
  | 'refuse'
  | 'answer'
  | 'check-again'
  | 'launch'
  | 'begin'
  | 'end-not-started'
  | 'end'
  | 'end-lost'
  | 'order-stop'
  | 'order-kill'
  | 'order-timeout'
  | 'kill-now'
  | 'go-on';

export interface RunRow {
  readonly from: AgentRunState;
  readonly on: RunTrigger;
  readonly to: AgentRunState;
  readonly does: RunDeed;
  readonly why: string;
}

/** The whole life of a run on an agent. A pair that is not in it changes nothing and does nothing. */
export const RUN_TABLE = [
  {
    from: 'unknown',
    on: 'start',
    to: 'noted',
    does: 'note',
    why: 'on disk before anybody hears of it: an instruction said again finds its run',
  },
  {
    from: 'unknown',
    on: 'start-of-an-old-epoch',
    to: 'unknown',
    does: 'refuse',
    why: 'its sender is Master no more; the new one may start the run elsewhere',
  },
  { from: 'unknown', on: 'state-of', to: 'unknown', does: 'answer', why: 'never heard of: whoever asks may say it again' },
  { from: 'unknown', on: 'stop', to: 'unknown', does: 'answer', why: 'nothing to stop' },
  { from: 'unknown', on: 'kill', to: 'unknown', does: 'answer', why: 'nothing to kill' },

  { from: 'noted', on: 'start', to: 'noted', does: 'answer', why: 'a known run never starts again' },
  {
    from: 'noted',
    on: 'start-of-an-old-epoch',
    to: 'noted',
    does: 'answer',
    why: 'a refusal would say that it does nothing, but it does',
  },
  {
    from: 'noted',
    on: 'go',
    to: 'launching',
    does: 'launch',
    why: 'the Master looked after it was asked; on disk before the process is made',
  },
  { from: 'noted', on: 'no-go', to: 'ended', does: 'end-not-started', why: 'it runs elsewhere, or is over already' },
  {
    from: 'noted',
    on: 'check-unanswered',
    to: 'ended',
    does: 'end-not-started',
    why: 'nobody says that it is still wanted (failover.md, ruling 14)',
  },
  {
    from: 'noted',
    on: 'new-master',
    to: 'noted',
    does: 'check-again',
    why: 'the one that was asked may never answer; the time that is left is the same',
  },
  { from: 'noted', on: 'stop', to: 'ended', does: 'end-not-started', why: 'it was stopped before it was launched' },
  { from: 'noted', on: 'kill', to: 'ended', does: 'end-not-started', why: 'it was stopped before it was launched' },
  { from: 'noted', on: 'state-of', to: 'noted', does: 'answer', why: 'it is on disk' },
  {
    from: 'noted',
    on: 'found-unbegun',
    to: 'ended',
    does: 'end-not-started',
    why: 'the agent began anew; only a new start may launch it now',
  },

  { from: 'launching', on: 'start', to: 'launching', does: 'answer', why: 'a known run never starts again' },
  { from: 'launching', on: 'start-of-an-old-epoch', to: 'launching', does: 'answer', why: 'a known run never starts again' },
  { from: 'launching', on: 'launched', to: 'running', does: 'begin', why: 'its process is there' },
  { from: 'launching', on: 'launch-failed', to: 'ended', does: 'end-not-started', why: 'the host made no process of it' },
  { from: 'launching', on: 'exited', to: 'ended', does: 'end', why: 'it was over before it was seen' },
  { from: 'launching', on: 'lost', to: 'ended', does: 'end-lost', why: 'it may have run, and nothing says how it ended' },
  { from: 'launching', on: 'stop', to: 'launching', does: 'order-stop', why: 'carried out as soon as there is a process' },
  { from: 'launching', on: 'kill', to: 'launching', does: 'order-kill', why: 'carried out as soon as there is a process' },
  { from: 'launching', on: 'state-of', to: 'launching', does: 'answer', why: 'it may have begun already' },
  {
    from: 'launching',
    on: 'found-unbegun',
    to: 'ended',
    does: 'end-not-started',
    why: 'whoever finds it shuts the door first: it cannot begin behind our back',
  },
  { from: 'launching', on: 'found-running', to: 'running', does: 'begin', why: 'the agent died right after it made the process' },
  { from: 'launching', on: 'found-exited', to: 'ended', does: 'end', why: 'its exit code was kept for us' },
  { from: 'launching', on: 'found-gone', to: 'ended', does: 'end-lost', why: 'it may have run, and nothing says how it ended' },

  { from: 'running', on: 'start', to: 'running', does: 'answer', why: 'a known run never starts again' },
  { from: 'running', on: 'start-of-an-old-epoch', to: 'running', does: 'answer', why: 'a known run never starts again' },
  { from: 'running', on: 'exited', to: 'ended', does: 'end', why: 'its result is on disk before anybody hears of it' },
  { from: 'running', on: 'lost', to: 'ended', does: 'end-lost', why: 'its keeper was killed, and the exit code with it' },
  {
    from: 'running',
    on: 'stop',
    to: 'running',
    does: 'order-stop',
    why: 'on disk first, so that after a restart it is known why it ended',
  },
  { from: 'running', on: 'kill', to: 'running', does: 'order-kill', why: 'at once, and whatever was ordered before' },
  { from: 'running', on: 'time-over', to: 'running', does: 'order-timeout', why: 'it took longer than its job allows' },
  { from: 'running', on: 'grace-over', to: 'running', does: 'kill-now', why: 'SIGTERM was not enough' },
  { from: 'running', on: 'state-of', to: 'running', does: 'answer', why: 'it runs, and nothing else is known yet' },
  { from: 'running', on: 'found-unbegun', to: 'ended', does: 'end-lost', why: 'it ran, and its files are gone' },
  { from: 'running', on: 'found-running', to: 'running', does: 'go-on', why: 'a command goes on while its agent restarts' },
  {
    from: 'running',
    on: 'found-exited',
    to: 'ended',
    does: 'end',
    why: 'it ended while no agent was there; its exit code was kept',
  },
  {
    from: 'running',
    on: 'found-gone',
    to: 'ended',
    does: 'end-lost',
    why: 'the host went down under it, or somebody killed its keeper',
  },

  { from: 'ended', on: 'start', to: 'ended', does: 'answer', why: 'a known run never starts again' },
  { from: 'ended', on: 'start-of-an-old-epoch', to: 'ended', does: 'answer', why: 'a known run never starts again' },
  { from: 'ended', on: 'stop', to: 'ended', does: 'answer', why: 'nothing is left to stop' },
  { from: 'ended', on: 'kill', to: 'ended', does: 'answer', why: 'nothing is left to kill' },
  { from: 'ended', on: 'state-of', to: 'ended', does: 'answer', why: 'its result is among the news, or committed' },
] as const satisfies readonly RunRow[];

const ROWS: ReadonlyMap<string, RunRow> = new Map(RUN_TABLE.map((row) => [`${row.from} ${row.on}`, row]));

export const rowOf = (from: AgentRunState, on: RunTrigger): RunRow | null => ROWS.get(`${from} ${on}`) ?? null;
