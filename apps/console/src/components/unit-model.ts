import { type Job, JobSchema, type JobType, JobUnitBodySchema, jobsOf, waitedFor } from '@yosugara/protocol';

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
export function mapped(jobs: readonly Job[], change: (job: Job) => Job | null): readonly Job[] {
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

export function withJobs<Unit extends UnitDraft>(unit: Unit, jobs: readonly Job[]): Unit {
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
