import type { Job } from './job.js';
import type { SettingMistake } from './schemas.js';

/** Jobs of a session, those of references included. */
export const MAX_JOBS_OF_SESSION = 20_000;

/** Siblings that its start conditions name, each once. */
export function waitedFor(job: Pick<Job, 'wait'>): readonly string[] {
  const names = new Set<string>();
  for (const { conditions } of job.wait.groups)
    for (const each of conditions)
      if (each.kind === 'end-status' || each.kind === 'end-value' || each.kind === 'return-value') names.add(each.job);
  return [...names];
}

/** Waits for what is no sibling or in a circle, exclusive branches of others, references to nothing or within themselves. */
export function jobGraphMistakes(unit: { readonly jobs: readonly Job[] }): readonly SettingMistake[] {
  const mistakes: SettingMistake[] = [];
  const all = new Map<string, Job>();
  const siblings: { readonly jobs: readonly Job[]; readonly place: string }[] = [{ jobs: unit.jobs, place: 'jobs' }];
  for (const { jobs, place } of siblings)
    jobs.forEach((job, at) => {
      if (!all.has(job.id)) all.set(job.id, job);
      if (job.type === 'jobnet') siblings.push({ jobs: job.jobs, place: `${place}.${at}.jobs` });
    });
  for (const each of siblings) mistakes.push(...mistakesAmong(each.jobs, each.place));
  for (const { jobs, place } of siblings)
    jobs.forEach((job, at) => {
      if (job.type !== 'reference') return;
      const target = all.get(job.of);
      if (target === undefined || target.type === 'reference')
        mistakes.push({ place: `${place}.${at}.of`, found: JSON.stringify(job.of), allowed: 'a job or jobnet of this unit' });
    });
  return mistakes.length > 0 ? mistakes : expansionMistakes(unit.jobs, all);
}

function mistakesAmong(jobs: readonly Job[], place: string): readonly SettingMistake[] {
  const mistakes: SettingMistake[] = [];
  const here = new Map(jobs.map((job) => [job.id, job]));
  const branches = new Set<string>();
  jobs.forEach((job, at) => {
    const mine = `${place}.${at}`;
    for (const name of waitedFor(job))
      if (name === job.id || !here.has(name))
        mistakes.push({
          place: `${mine}.wait`,
          found: JSON.stringify(name),
          allowed: name === job.id ? 'another job than itself' : 'a job of the same jobnet',
        });
    for (const name of job.exclusive?.order ?? []) {
      const branch = here.get(name);
      const isBranch = branch !== undefined && waitedFor(branch).includes(job.id);
      // Two orders could each want the other one's first.
      if (!isBranch || branches.has(name))
        mistakes.push({
          place: `${mine}.exclusive.order`,
          found: JSON.stringify(name),
          allowed: isBranch ? 'each job in one exclusive branch, once' : `a job of the same jobnet that waits for ${job.id}`,
        });
      branches.add(name);
    }
  });
  const circle = circleIn(jobs, (job) => waitedFor(job).flatMap((name) => here.get(name) ?? []));
  if (circle !== null && circle.length > 2)
    mistakes.push({ place, found: circle.join(' → '), allowed: 'no circle of jobs that wait for each other' });
  return mistakes;
}

function expansionMistakes(jobs: readonly Job[], all: ReadonlyMap<string, Job>): readonly SettingMistake[] {
  const into = (job: Job): readonly Job[] =>
    job.type === 'jobnet' ? job.jobs : job.type === 'reference' ? [all.get(job.of)!] : [];
  const circle = circleIn([...all.values()], into);
  if (circle !== null)
    return [{ place: 'jobs', found: circle.join(' → '), allowed: 'no reference to what it is itself a part of' }];
  const sizes = new Map<Job, number>();
  const sizeOf = (job: Job): number => {
    const known = sizes.get(job);
    if (known !== undefined) return known;
    const parts = into(job).reduce((sum, each) => sum + sizeOf(each), 0);
    // A reference is itself what it refers to.
    const size = job.type === 'reference' ? parts : 1 + parts;
    sizes.set(job, size);
    return size;
  };
  const size = jobs.reduce((sum, job) => sum + sizeOf(job), 0);
  return size <= MAX_JOBS_OF_SESSION
    ? []
    : [{ place: 'jobs', found: `${size} jobs with those of references`, allowed: `at most ${MAX_JOBS_OF_SESSION} in a session` }];
}

/** Ids along a circle, the first one once more at its end; null = there is none. Without recursion: chains are long. */
function circleIn(jobs: readonly Job[], next: (job: Job) => readonly Job[]): readonly string[] | null {
  const done = new Set<Job>();
  for (const start of jobs) {
    const path: { readonly job: Job; readonly left: Job[] }[] = [];
    const onPath = new Set<Job>();
    const enter = (job: Job) => {
      path.push({ job, left: [...next(job)] });
      onPath.add(job);
    };
    if (!done.has(start)) enter(start);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const to = top.left.pop();
      if (to === undefined) {
        path.pop();
        onPath.delete(top.job);
        done.add(top.job);
      } else if (onPath.has(to)) {
        const from = path.findIndex(({ job }) => job === to);
        return [...path.slice(from), { job: to }].map(({ job }) => job.id);
      } else if (!done.has(to)) enter(to);
    }
  }
  return null;
}
