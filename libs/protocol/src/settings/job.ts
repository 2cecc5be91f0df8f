import { z } from 'zod';
import { TimeZoneSchema } from './calendar.js';
import { PrioritySchema, SettingIdSchema } from './common.js';
import { jobGraphMistakes } from './job-graph.js';
import { EndStatusSchema, EndWithSchema, JobIdSchema, jobCommon, jobText } from './job-parts.js';
import type { SettingMistake, WantedRef } from './schemas.js';

export { MAX_JOBS_OF_SESSION, waitedFor } from './job-graph.js';

export const MAX_JOBS_OF_UNIT = 20_000;
const MAX_DEPTH = 32;

export const VariableNameSchema = z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/, 'letters, digits and _ . -, at most 64');

/** On which nodes, and what becomes of it where no agent answers. */
const onNodes = {
  /** A node, or a scope with its nodes; `#[NAME]` of a variable is filled in when it starts. */
  facility: jobText(256).min(1),
  /** `one`: a node at a time, the next one only after one did not end normally. */
  nodes: z.enum(['all', 'one']).default('all'),
  /** The agent does not answer: asked once a minute, at most so often; then the node's end value is `end`, or it stays (null). */
  agentRetry: z
    .strictObject({ attempts: z.int().min(1).max(1_000).default(10), end: z.int().nullable().default(-1) })
    .prefault({}),
  /** Waits, or ends with `end`, where the node's own multiplicity has no place; null = the node's multiplicity does not count. */
  multiplicity: z
    .strictObject({
      over: z.enum(['wait', 'end']).default('wait'),
      value: z.int().default(-1),
      notify: PrioritySchema.nullable().default(null),
    })
    .nullable()
    .default({ over: 'wait', value: -1, notify: null }),
};

const OutputFileSchema = z.strictObject({
  path: jobText(1_024).min(1),
  append: z.boolean().default(false),
  /** When it cannot be written. */
  onFailure: z.enum(['go-on', 'suspend', 'end']).default('go-on'),
  end: EndWithSchema.prefault({}),
  /** Tells those of `notify` of that with this priority; null: nobody. */
  notify: PrioritySchema.nullable().default(null),
});

/** On agents, as a process. */
export const CommandSchema = z.strictObject({
  /** By `/bin/sh -c` (`cmd /c` on Windows); with a script: what runs it, `#[SCRIPT]` being its path. */
  command: jobText(8_192).min(1),
  /** null = SIGTERM to its process group, and SIGKILL 10 s later. */
  stopCommand: jobText(8_192).nullable().default(null),
  /** null = that of the agent. */
  user: z
    .string()
    .regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/)
    .nullable()
    .default(null),
  environment: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/), jobText(8_192)).default({}),
  script: z
    .strictObject({
      name: z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a file name'),
      content: z.string().max(65_536),
    })
    .nullable()
    .default(null),
  /** Killed then, and abnormal; null = no limit. */
  timeoutMinutes: z.int().min(1).max(43_200).nullable().default(null),
  /** Of the text that is kept in the history; the rest is counted. */
  keepOutputBytes: z.int().min(0).max(1_048_576).default(65_536),
  stdout: OutputFileSchema.nullable().default(null),
  stderr: OutputFileSchema.nullable().default(null),
  /** The command once more on that node while it ends otherwise (`retry` is of the whole job). */
  commandRetry: z
    .strictObject({ attempts: z.int().min(1).max(100), until: z.array(EndStatusSchema).min(1).default(['normal']) })
    .nullable()
    .default(null),
  /** From what it wrote: the first group of the pattern (RE2), or all of it. */
  variables: z
    .array(
      z.strictObject({
        name: VariableNameSchema,
        from: z.enum(['stdout', 'stderr']).default('stdout'),
        pattern: z.string().min(1).max(1_024),
      }),
    )
    .max(64)
    .default([]),
});

const FileSchema = z.strictObject({
  directory: jobText(1_024).min(1),
  /** RE2, of the whole name. */
  name: z.string().min(1).max(1_024),
  change: z.enum(['created', 'deleted', 'modified-time', 'modified-size']).default('created'),
  /** Not while somebody has it open for writing. */
  notInUse: z.boolean().default(true),
});
export type FileWatch = z.infer<typeof FileSchema>;
export const FileWatchSchema = FileSchema;

const queue = {
  queue: SettingIdSchema.nullable().default(null),
  /** Of those that wait for a place in a queue or on a node the highest has the next one; of the same, who waits longest. */
  placePriority: z.int().min(0).max(99).default(0),
};
const job = <Type extends string, Shape extends z.core.$ZodShape>(type: Type, shape: Shape) =>
  z.strictObject({ type: z.literal(type), ...jobCommon, ...shape });

const LEAVES = [
  job('command', { ...onNodes, ...queue, ...CommandSchema.shape }),
  /** Of files from one node to another scope, through the agents. */
  job('file-transfer', {
    ...queue,
    source: z.strictObject({
      facility: jobText(256).min(1),
      directory: jobText(1_024).min(1),
      name: z.string().min(1).max(1_024),
    }),
    target: z.strictObject({
      facility: jobText(256).min(1),
      directory: jobText(1_024).min(1),
      nodes: z.enum(['all', 'one']).default('all'),
    }),
    checksum: z.boolean().default(true),
    user: CommandSchema.shape.user,
    agentRetry: onNodes.agentRetry,
  }),
  job('file-check', {
    ...onNodes,
    file: FileSchema,
    /** Ends when one of the nodes saw it, or each. */
    satisfiedBy: z.enum(['any', 'each']).default('each'),
    timeoutMinutes: z.int().min(1).max(43_200).nullable().default(null),
    /** When the time is over. */
    otherwise: EndWithSchema.prefault({}),
  }),
  job('approval', {
    /** A role, or one user of it. */
    role: z.string().min(1).max(64),
    user: z.string().max(64).nullable().default(null),
    sentence: jobText(1_024).min(1),
    /** Told with the address of the question. */
    notifications: z.array(SettingIdSchema).max(20).default([]),
    approved: EndWithSchema.prefault({ status: 'normal', value: 0 }),
    denied: EndWithSchema.prefault({}),
  }),
  job('monitor', {
    monitor: SettingIdSchema,
    facility: jobText(256).min(1),
    values: z
      .strictObject({
        info: z.int().default(0),
        warning: z.int().default(1),
        critical: z.int().default(9),
        unknown: z.int().default(-1),
      })
      .prefault({}),
    timeoutMinutes: z.int().min(1).max(1_440).default(5),
    otherwise: EndWithSchema.prefault({}),
  }),
  job('link-send', {
    /** Address of the other cluster's managers, `https://…`; null = this cluster's own link-receive jobs. */
    address: z.url().nullable().default(null),
    access: SettingIdSchema.nullable().default(null),
    messageId: jobText(256).min(1),
    message: jobText(4_096).default(''),
    priority: PrioritySchema.default('info'),
    values: z.record(z.string().max(64), jobText(1_024)).default({}),
    attempts: z.int().min(1).max(100).default(10),
    otherwise: EndWithSchema.prefault({}),
  }),
  job('link-receive', {
    messageId: jobText(256).min(1),
    /** RE2 in the message; null = any. */
    pattern: z.string().max(1_024).nullable().default(null),
    priorities: z.array(PrioritySchema).min(1).default(['critical', 'unknown', 'warning', 'info']),
    values: z.record(z.string().max(64), jobText(1_024)).default({}),
    /** Also what came so many minutes before the job began. */
    pastMinutes: z.int().min(0).max(10_080).default(0),
    timeoutMinutes: z.int().min(1).max(43_200).nullable().default(null),
    otherwise: EndWithSchema.prefault({}),
  }),
  /** As that job or jobnet of the same unit says, with start conditions of its own. */
  job('reference', { of: JobIdSchema }),
] as const;

const LeafSchema = z.discriminatedUnion('type', LEAVES);
export type LeafJob = z.infer<typeof LeafSchema>;
export interface JobnetJob extends z.infer<ReturnType<typeof jobnetHead>> {
  readonly jobs: readonly Job[];
}
export type Job = LeafJob | JobnetJob;
export type JobType = Job['type'];
export type JobOf<Type extends JobType> = Extract<Job, { type: Type }>;

const jobnetHead = () => job('jobnet', { ...queue });
export const JobSchema: z.ZodType<Job> = z.lazy(() => z.union([LeafSchema, JobnetSchema])) as z.ZodType<Job>;
const JobnetSchema = z.strictObject({ ...jobnetHead().shape, jobs: z.array(JobSchema).min(1).max(5_000) });

/** A unit of ownership, of editing, of import and export; all that its sessions need to know. Each revision is kept as long as a session has it. */
export const JobUnitBodySchema = z
  .strictObject({
    name: z.string().min(1).max(256),
    /** Of its times of day. */
    timeZone: TimeZoneSchema,
    /** Of each session, where its start says nothing else. */
    variables: z.record(VariableNameSchema, z.string().max(4_096)).default({}),
    jobs: z.array(JobSchema).min(1).max(5_000),
    notify: jobCommon.notify,
    /** Sessions that ended are kept for so long. */
    keepDays: z.int().min(1).max(3_650).default(31),
  })
  .meta({ id: 'JobUnit' });
export type JobUnitBody = z.infer<typeof JobUnitBodySchema>;

export const JobQueueBodySchema = z.strictObject({
  /** Jobs of it that run at once. */
  concurrency: z.int().min(0).max(9_999).default(1),
  /** Jobs of it that wait, at most. */
  capacity: z.int().min(1).max(100_000).default(1_000),
});
export type JobQueueBody = z.infer<typeof JobQueueBodySchema>;

/** A job with where it stands. */
export interface JobPlace {
  readonly job: Job;
  /** '' = directly in the unit. */
  readonly parent: string;
  readonly place: string;
  readonly depth: number;
}

/** All jobs of a unit, each before those in it. */
export function* jobsOf(unit: Pick<JobUnitBody, 'jobs'>): Generator<JobPlace> {
  const stack: JobPlace[] = [];
  const push = (jobs: readonly Job[], parent: string, place: string, depth: number) => {
    for (let at = jobs.length - 1; at >= 0; at--) stack.push({ job: jobs[at]!, parent, place: `${place}jobs.${at}`, depth });
  };
  push(unit.jobs, '', '', 1);
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    yield next;
    if (next.job.type === 'jobnet') push(next.job.jobs, next.job.id, `${next.place}.`, next.depth + 1);
  }
}

/** What it cannot be without, and where it says so. What is filled in at the start (`#[…]`) is not known yet. */
export function jobUnitReferences(unit: JobUnitBody): readonly WantedRef[] {
  const found: WantedRef[] = [];
  const add = (kind: WantedRef['kind'], id: string | null | undefined, place: string) => {
    if (id != null && !id.includes('#[')) found.push({ kind, id, place });
  };
  unit.notify.notifications.forEach((id, at) => void add('notification', id, `notify.notifications.${at}`));
  for (const { job: each, place } of jobsOf(unit)) {
    add('calendar', each.calendar?.id, `${place}.calendar.id`);
    each.notify.notifications.forEach((id, at) => void add('notification', id, `${place}.notify.notifications.${at}`));
    if ('queue' in each) add('job-queue', each.queue, `${place}.queue`);
    if ('facility' in each) add('facility', each.facility, `${place}.facility`);
    if (each.type === 'file-transfer') {
      add('facility', each.source.facility, `${place}.source.facility`);
      add('facility', each.target.facility, `${place}.target.facility`);
    }
    if (each.type === 'monitor') add('monitor', each.monitor, `${place}.monitor`);
    if (each.type === 'link-send') add('rest-access', each.access, `${place}.access`);
    if (each.type === 'approval')
      each.notifications.forEach((id, at) => void add('notification', id, `${place}.notifications.${at}`));
  }
  return found;
}

/** What only the whole shows: ids twice, waits for what is not there or for oneself in a circle. */
export function jobUnitMistakes(unit: JobUnitBody): readonly SettingMistake[] {
  const mistakes: SettingMistake[] = [];
  const places = new Map<string, JobPlace>();
  for (const each of jobsOf(unit)) {
    const { job: one, place, depth } = each;
    if (places.has(one.id))
      mistakes.push({ place: `${place}.id`, found: JSON.stringify(one.id), allowed: 'each id once in a unit' });
    else places.set(one.id, each);
    if (depth > MAX_DEPTH)
      mistakes.push({ place, found: `a depth of ${depth}`, allowed: `jobnets in each other ${MAX_DEPTH} deep` });
  }
  if (places.size > MAX_JOBS_OF_UNIT)
    mistakes.push({ place: 'jobs', found: `${places.size} jobs`, allowed: `at most ${MAX_JOBS_OF_UNIT} in a unit` });
  // What the graph is made of must be plain first.
  return mistakes.length > 0 ? mistakes : jobGraphMistakes(unit);
}
