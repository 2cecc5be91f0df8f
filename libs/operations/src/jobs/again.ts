import { type Draft, SESSION } from './draft.js';
import { isAhead, newRun } from './states.js';
import type { JobRun } from './types.js';

/** As if it had never run, but for the numbers of its runs. */
export function freshFor(run: JobRun, marks: JobRun['marks']): Partial<Omit<JobRun, 'job' | 'state'>> {
  const { job: _, state: __, ...fresh } = newRun(run.job);
  return { ...fresh, marks, round: run.round + 1, runs: run.runs };
}

/** What is around it and is over runs again, so that it can end once more; where its turn has not come, it waits for that. */
export function reopenAround(draft: Draft, id: string): void {
  let to: 'running' | 'waiting' | 'stopped' = 'running';
  for (const around of [SESSION, ...draft.withinOf(id)]) {
    const state = draft.state(around);
    if (isAhead(state) || state === 'scheduled' || state === 'queued') to = 'waiting';
    // It is not kept from being stopped: what is in it starts when it is started itself.
    else if (state === 'stopping') to = 'stopped';
    else if (state !== 'running' && state !== 'suspended' && state !== to) reopen(draft, around, to);
  }
}

function reopen(draft: Draft, around: string, to: 'running' | 'waiting' | 'stopped'): void {
  const open = { endStatus: null, endValue: null, endedAtMs: null, endWith: null };
  if (around === SESSION) draft.move(around, 'within-again', 'running', open);
  else if (to === 'waiting') draft.move(around, 'within-again', to, freshFor(draft.run(around), []));
  else draft.move(around, 'within-again', to, { ...open, round: draft.run(around).round + 1, marks: [] });
  // What it left waiting when it ended has its turn after all.
  for (const child of draft.childrenOf(around)) draft.touch(child);
}
