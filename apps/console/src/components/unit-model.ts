import { type Job, JobSchema, type JobType, JobUnitBodySchema, jobsOf, jobUnitMistakes, waitedFor } from '@yosugara/protocol';
import type { Problem } from '../api/client.js';

/** Of a unit as it is being edited: whatever else is in it stays as it is. */
export interface UnitDraft {
  readonly name: string;
  readonly jobs: readonly Job[];
  readonly [other: string]: unknown;
}

export const JOB_TYPES = [
  'command',
  'jobnet',
  'approval',
  'file-check',
  'file-transfer',
  'monitor',
  'link-send',
  'link-receive',
  'reference',
] as const satisfies readonly JobType[];

const isNet = (job: Job): job is Extract<Job, { type: 'jobnet' }> => job.type === 'jobnet';

export interface FoundJob {
  readonly job: Job;
  /** '' = directly in the unit. */
  readonly parent: string;
  /** Such as `jobs.0.jobs.2`. */
  readonly place: string;
}

export function findJob(unit: Pick<UnitDraft, 'jobs'>, id: string): FoundJob | null {
  for (const found of jobsOf(unit as { jobs: Job[] })) if (found.job.id === id) return found;
  return null;
}

/** Jobs directly in a jobnet, in that of its name or ('') in the unit; null = there is no such jobnet. */
export function jobsIn(unit: Pick<UnitDraft, 'jobs'>, net: string): readonly Job[] | null {
  if (net === '') return unit.jobs;
  const found = findJob(unit, net)?.job;
  return found !== undefined && isNet(found) ? found.jobs : null;
}

/** From the unit down to it, itself last; without the unit. */
export function pathTo(unit: Pick<UnitDraft, 'jobs'>, id: string): readonly string[] {
  const path: string[] = [];
  for (let at = id; at !== ''; ) {
    const found = findJob(unit, at);
    if (found === null) return path;
    path.unshift(at);
    at = found.parent;
  }
  return path;
}

/** Each job of the unit may become another one, or none; those that stay are the same objects. */
function mapped(jobs: readonly Job[], change: (job: Job) => Job | null): readonly Job[] {
  let isSame = true;
  const after = jobs.flatMap((job) => {
    const inner = isNet(job) ? mapped(job.jobs, change) : null;
    const whole = inner !== null && isNet(job) && inner !== job.jobs ? { ...job, jobs: inner } : job;
    const made = change(whole);
    if (made !== job) isSame = false;
    return made === null ? [] : [made];
  });
  return isSame ? jobs : after;
}

function withJobs<Unit extends UnitDraft>(unit: Unit, jobs: readonly Job[]): Unit {
  return jobs === unit.jobs ? unit : { ...unit, jobs };
}

function inNet<Unit extends UnitDraft>(unit: Unit, net: string, change: (jobs: readonly Job[]) => readonly Job[]): Unit {
  if (net === '') return withJobs(unit, change(unit.jobs));
  return withJobs(
    unit,
    mapped(unit.jobs, (job) => (job.id === net && isNet(job) ? { ...job, jobs: change(job.jobs) } : job)),
  );
}

/** What it cannot be without and nobody has said yet: it is empty, and the form says so. */
const BLANK: Readonly<Partial<Record<JobType, object>>> = {
  command: { facility: '', command: '' },
  'file-transfer': {
    source: { facility: '', directory: '', name: '' },
    target: { facility: '', directory: '', nodes: 'all' },
  },
  'file-check': { facility: '', file: { directory: '', name: '', change: 'created', notInUse: true } },
  approval: { role: 'operator', sentence: '' },
  monitor: { monitor: '', facility: '' },
  'link-send': { messageId: '' },
  'link-receive': { messageId: '' },
  reference: { of: '' },
  jobnet: { jobs: [] },
};

/** '' in the place of a text and [] in that of jobs is no job yet: something stands there while the rest is filled in. */
const standIn = (value: unknown): unknown => {
  if (value === '') return 'x';
  if (Array.isArray(value)) return [{ type: 'reference', id: 'x', of: 'x' }];
  return typeof value === 'object' && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, standIn(each)]))
    : value;
};

/** With all that its schema says of a new one. */
export function newJob(type: JobType, id: string): Job {
  const blank = BLANK[type] ?? {};
  const made = JobSchema.parse({ type, id, ...(standIn(blank) as object) });
  return { ...made, ...blank } as Job;
}

export function freeId(unit: Pick<UnitDraft, 'jobs'>, stem: string): string {
  const taken = new Set([...jobsOf(unit as { jobs: Job[] })].map(({ job }) => job.id));
  for (let number = 1; ; number++) if (!taken.has(`${stem}-${number}`)) return `${stem}-${number}`;
}

export function addJob<Unit extends UnitDraft>(
  unit: Unit,
  net: string,
  type: JobType,
): { readonly unit: Unit; readonly id: string } {
  const id = freeId(unit, type);
  return { unit: inNet(unit, net, (jobs) => [...jobs, newJob(type, id)]), id };
}

/** Beside it, under another id; what is in a jobnet gets ids of its own, too. */
export function duplicateJob<Unit extends UnitDraft>(
  unit: Unit,
  id: string,
): { readonly unit: Unit; readonly id: string } | null {
  const found = findJob(unit, id);
  if (found === null) return null;
  const taken = new Set([...jobsOf(unit as unknown as { jobs: Job[] })].map(({ job }) => job.id));
  const names = new Map<string, string>();
  const copies: Job[] = [];
  for (const { job } of jobsOf({ jobs: [found.job] })) {
    let number = 2;
    while (taken.has(`${job.id}-${number}`)) number++;
    taken.add(`${job.id}-${number}`);
    names.set(job.id, `${job.id}-${number}`);
  }
  copies.push(...mapped([found.job], (job) => ({ ...renamedIn(job, names), id: names.get(job.id)! })));
  const made = copies[0]!;
  return { unit: inNet(unit, found.parent, (jobs) => [...jobs, { ...made, wait: found.job.wait }]), id: made.id };
}

/** What a job says of others, under their new names. */
function renamedIn(job: Job, names: ReadonlyMap<string, string>): Job {
  const name = (id: string) => names.get(id) ?? id;
  let after = job;
  if (waitedFor(job).some((id) => names.has(id)))
    after = {
      ...after,
      wait: {
        ...job.wait,
        groups: job.wait.groups.map((group) => ({
          ...group,
          conditions: group.conditions.map((each) =>
            'job' in each && !('unit' in each) ? { ...each, job: name(each.job) } : each,
          ),
        })),
      },
    };
  if (job.exclusive?.order.some((id) => names.has(id)) === true)
    after = { ...after, exclusive: { ...job.exclusive, order: job.exclusive.order.map(name) } };
  if (after.type === 'reference' && names.has(after.of)) after = { ...after, of: name(after.of) };
  return after;
}

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

/** Another one in its place. Under another id it is that one for all who name it. */
export function changeJob<Unit extends UnitDraft>(unit: Unit, id: string, next: Job): Unit {
  const isRenamed = next.id !== id && next.id !== '' && findJob(unit, next.id) === null;
  const names = new Map(isRenamed ? [[id, next.id]] : []);
  return withJobs(
    unit,
    mapped(unit.jobs, (job) => {
      const made = job.id === id ? next : job;
      return isRenamed ? renamedIn(made, names) : made;
    }),
  );
}

/** A place earlier or later among those beside it: the order of YAML and of the tree. */
export function moveJob<Unit extends UnitDraft>(unit: Unit, id: string, by: -1 | 1): Unit {
  const found = findJob(unit, id);
  if (found === null) return unit;
  return inNet(unit, found.parent, (jobs) => {
    const at = jobs.findIndex((job) => job.id === id);
    const to = at + by;
    if (to < 0 || to >= jobs.length) return jobs;
    const after = [...jobs];
    [after[at], after[to]] = [after[to]!, after[at]!];
    return after;
  });
}

/** What the manager would refuse, as far as the unit itself shows it; places as it names them, without `body.`. */
export function mistakesOf(unit: unknown): readonly Problem[] {
  const parsed = JobUnitBodySchema.safeParse(unit);
  if (parsed.success) return jobUnitMistakes(parsed.data).map(({ place, found, allowed }) => ({ place, found, allowed }));
  const problems = new Map<string, Problem>();
  for (const issue of parsed.error.issues)
    for (const problem of flat(issue, [])) problems.set(`${problem.place} ${problem.allowed}`, problem);
  return [...problems.values()];
}

interface Issue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly errors?: readonly (readonly Issue[])[];
}

/** Of alternatives that all fail, that which came nearest: the one with the deepest mistakes. */
function flat(issue: Issue, before: readonly PropertyKey[]): readonly Problem[] {
  const path = [...before, ...issue.path];
  if (issue.code === 'invalid_union' && issue.errors !== undefined && issue.errors.length > 0) {
    const depth = (errors: readonly Issue[]) =>
      Math.min(...errors.map((each) => (/type$/.test(each.path.join('.')) && each.path.length === 1 ? 0 : 1)));
    const nearest = issue.errors.toSorted((one, other) => depth(other) - depth(one) || one.length - other.length)[0]!;
    return nearest.flatMap((each) => flat(each, path));
  }
  return [{ place: path.map(String).join('.'), found: '', allowed: issue.message }];
}

/** To each job what is wrong with it itself (not with a job in it), at places as its own form names them; '' = of the unit. */
export function problemsByJob(
  unit: Pick<UnitDraft, 'jobs'>,
  problems: readonly Problem[],
): ReadonlyMap<string, readonly Problem[]> {
  const byJob = new Map<string, Problem[]>();
  if (problems.length === 0) return byJob;
  const places = new Map<string, string>();
  for (const { job, place } of jobsOf(unit as { jobs: Job[] })) places.set(place, job.id);
  for (const problem of problems) {
    const whole = problem.place.replace(/^body\./, '');
    const parts = whole.split('.');
    let [id, rest] = ['', whole];
    for (let length = parts.length; length > 0; length--) {
      const found = places.get(parts.slice(0, length).join('.'));
      if (found === undefined) continue;
      [id, rest] = [found, parts.slice(length).join('.')];
      break;
    }
    const list = byJob.get(id) ?? [];
    list.push({ ...problem, place: rest });
    byJob.set(id, list);
  }
  return byJob;
}

const FILLED = { wait: { operator: 'and', groups: [], unmatched: { status: 'abnormal', value: -1 } }, exclusive: null } as const;

/**
 * What a text leaves out and the schema knows stands there, as far as it can be read; else at least what the graph needs.
 * @param unit of a document that somebody wrote
 */
export function filled(unit: UnitDraft): UnitDraft {
  const parsed = JobUnitBodySchema.safeParse(unit);
  if (parsed.success) return parsed.data as unknown as UnitDraft;
  const whole = (jobs: readonly Job[]): readonly Job[] =>
    jobs
      .filter((job) => typeof job === 'object' && job !== null)
      .map((job, at) => {
        const read = JobSchema.safeParse(job);
        if (read.success) return read.data;
        const { id, wait } = job as Partial<Job>;
        const said: object = job;
        const groups = (Array.isArray(wait?.groups) ? wait.groups : []).filter((group) => Array.isArray(group?.conditions));
        const made = { name: '', description: '', hold: false, skip: null, calendar: null, retry: null, ...FILLED, ...said };
        const more = Array.isArray((job as { jobs?: unknown }).jobs) ? { jobs: whole((job as unknown as UnitDraft).jobs) } : {};
        return {
          ...made,
          id: String(id ?? `job-${at + 1}`),
          wait: { ...FILLED.wait, ...wait, groups },
          ...more,
        } as unknown as Job;
      });
  return { ...unit, name: String(unit.name ?? ''), jobs: whole(unit.jobs) };
}
