import { type Draft, SESSION } from './draft.js';
import { newRun } from './states.js';
import type { JobRun } from './types.js';

/** As if it had never run, but for the numbers of its runs. */
export function freshFor(run: JobRun, marks: JobRun['marks']): Partial<Omit<JobRun, 'job' | 'state'>> {
  const { job: _, state: __, ...fresh } = newRun(run.job);
  return { ...fresh, marks, round: run.round + 1, runs: run.runs };
}

/** What is around it and is over runs again, so that it can end once more. */
export function reopenAround(draft: Draft, id: string): void {
  for (const around of [SESSION, ...draft.withinOf(id)]) {
    const state = draft.state(around);
    if (state === 'running' || state === 'suspended' || state === 'stopping' || state === 'scheduled') continue;
    if (state === 'waiting' || state === 'held' || state === 'skipped' || state === 'queued') continue;
    const again = around === SESSION ? {} : { round: draft.run(around).round + 1, marks: [] };
    draft.move(around, 'within-again', 'running', { endStatus: null, endValue: null, endedAtMs: null, endWith: null, ...again });
    // What it left waiting when it ended has its turn after all.
    for (const child of draft.childrenOf(around)) draft.touch(child);
  }
}
