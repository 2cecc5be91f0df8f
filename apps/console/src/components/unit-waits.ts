import { type Job, waitedFor } from '@yosugara/protocol';
import { findJob, jobsIn, mapped, type UnitDraft, withJobs } from './unit-model.js';

/* Which job waits for which: edges of the graph that come and go. */

/** Without them and what is in them; nobody waits for them any more. References to them stay, and are a mistake that is shown. */
export function removeJobs<Unit extends UnitDraft>(unit: Unit, ids: readonly string[]): Unit {
  const gone = new Set(ids);
  return withJobs(
    unit,
    mapped(unit.jobs, (job) => (gone.has(job.id) ? null : [...gone].reduce(withoutWait, job))),
  );
}

function withoutWait(job: Job, from: string): Job {
  let after = job;
  if (waitedFor(job).includes(from))
    after = {
      ...after,
      wait: {
        ...job.wait,
        groups: job.wait.groups
          .map((group) => ({
            ...group,
            conditions: group.conditions.filter((each) => 'unit' in each || !('job' in each) || each.job !== from),
          }))
          .filter(({ conditions }) => conditions.length > 0),
      },
    };
  return withoutBranch(after, from);
}

/** Of one branch alone there is nothing to choose. */
function withoutBranch(job: Job, branch: string): Job {
  if (job.exclusive?.order.includes(branch) !== true) return job;
  const order = job.exclusive.order.filter((id) => id !== branch);
  return { ...job, exclusive: order.length < 2 ? null : { ...job.exclusive, order } };
}

export type Connected<Unit> = { readonly unit: Unit } | { readonly why: 'itself' | 'already' | 'circle' | 'apart' };

/** `to` waits until `from` ends normally, besides whatever it waits for already. */
export function connect<Unit extends UnitDraft>(unit: Unit, from: string, to: string): Connected<Unit> {
  const [one, other] = [findJob(unit, from), findJob(unit, to)];
  if (from === to) return { why: 'itself' };
  if (one === null || other === null || one.parent !== other.parent) return { why: 'apart' };
  if (waitedFor(other.job).includes(from)) return { why: 'already' };
  if (reaches(jobsIn(unit, one.parent) ?? [], to, from)) return { why: 'circle' };
  const condition = { kind: 'end-status' as const, job: from, status: ['normal' as const] };
  const { wait } = other.job;
  const last = wait.groups.at(-1);
  const groups =
    last === undefined || last.operator === 'or'
      ? [...wait.groups, { operator: 'and' as const, conditions: [condition] }]
      : [...wait.groups.slice(0, -1), { ...last, conditions: [...last.conditions, condition] }];
  return {
    unit: withJobs(
      unit,
      mapped(unit.jobs, (job) => (job.id === to ? { ...job, wait: { ...wait, groups } } : job)),
    ),
  };
}

/** Whether `to` waits for `from`, be it through others. */
function reaches(jobs: readonly Job[], from: string, to: string): boolean {
  const here = new Map(jobs.map((job) => [job.id, job]));
  const seen = new Set<string>();
  const open = [to];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === from) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    open.push(...waitedFor(here.get(at) ?? NO_WAIT));
  }
  return false;
}
const NO_WAIT: Pick<Job, 'wait'> = { wait: { operator: 'and', groups: [], unmatched: null } };

export function disconnect<Unit extends UnitDraft>(unit: Unit, from: string, to: string): Unit {
  return withJobs(
    unit,
    mapped(unit.jobs, (job) => (job.id === to ? withoutWait(job, from) : job.id === from ? withoutBranch(job, to) : job)),
  );
}
