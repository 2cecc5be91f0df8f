import type { EndStatus, JobInSession, JobState } from '@yosugara/protocol';

export type Tone = 'good' | 'bad' | 'busy' | 'calm' | 'look';

const CALM: ReadonlySet<JobState> = new Set(['scheduled', 'waiting', 'skipped']);
const BUSY: ReadonlySet<JobState> = new Set(['running', 'queued', 'stopping']);

/** What a glance should see: how it ended, else whether somebody must do something. */
export function toneOf({ state, endStatus }: { readonly state: JobState; readonly endStatus: EndStatus | null }): Tone {
  if (endStatus !== null) return endStatus === 'normal' ? 'good' : endStatus === 'warning' ? 'look' : 'bad';
  if (BUSY.has(state)) return 'busy';
  return CALM.has(state) ? 'calm' : 'look';
}

/** Jobs in the order of the unit, without what is in jobnets that are folded. */
export function openJobs(jobs: readonly JobInSession[], folded: ReadonlySet<string>): readonly JobInSession[] {
  const hidden = new Set<string>();
  return jobs.filter(({ job, parent }) => {
    const isHidden = parent !== '' && (hidden.has(parent) || folded.has(parent));
    if (isHidden) hidden.add(job);
    return !isHidden;
  });
}

/** Beside the word and the colour: told apart in black and white, and by whoever sees no colours. */
export function signOf({ state, endStatus }: { readonly state: JobState; readonly endStatus: EndStatus | null }): string {
  if (endStatus !== null) return endStatus === 'normal' ? '✓' : endStatus === 'warning' ? '!' : '✕';
  return SIGNS[state] ?? '·';
}
const SIGNS: Readonly<Partial<Record<JobState, string>>> = {
  ...{ running: '▶', queued: '≡', stopping: '◼', suspended: '❚❚', stopped: '◼', held: '❚❚', skipped: '↷', error: '?' },
  ...{ scheduled: '◷', waiting: '…' },
};
