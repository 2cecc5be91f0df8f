import { z } from 'zod';
import { JOB_OPERATIONS, JOB_STATES, RUN_STATES, SESSION_TRIGGERS } from './job-states.js';
import { TimeZoneSchema } from './settings/calendar.js';
import { PrioritySchema, SettingIdSchema } from './settings/common.js';
import { EndStatusSchema, EndWithSchema } from './settings/job-parts.js';
import { ScheduleSchema } from './settings/job-trigger.js';

/** What the API says of jobs (docs/jobs.md). Times are RFC 3339, UTC; null = not yet. */
const at = z.string().nullable();
const how = { state: z.enum(JOB_STATES), endStatus: EndStatusSchema.nullable(), endValue: z.int().nullable() };
const operations = z.array(z.enum(JOB_OPERATIONS));
/** Within a session: ids of jobs, those of a reference as `REFERENCE/ID`. */
const jobInSession = z.string().min(1).max(4_096);

export const SessionTriggerSchema = z.object({
  type: z.enum(SESSION_TRIGGERS),
  /** Of the setting; null = it came from none. */
  id: z.string().nullable(),
  info: z.string(),
});

/** A line of the list of sessions. */
export const JobSessionRowSchema = z
  .object({
    /** `yyyyMMddHHmmss-NNN` of the time that it is for, in the unit's zone. */
    id: z.string(),
    unit: z.string(),
    /** Revision of the unit that it keeps to its end. */
    revision: z.int(),
    /** The job or jobnet that was started; null = all of the unit. */
    root: z.string().nullable(),
    trigger: SessionTriggerSchema,
    scheduledAt: z.string(),
    startedAt: at,
    endedAt: at,
    ...how,
    ownerRole: z.string(),
    /** Times did not count, or another command ran in place of its own. */
    isTest: z.boolean(),
  })
  .meta({ id: 'JobSessionRow' });
export type JobSessionRow = z.infer<typeof JobSessionRowSchema>;

/** GET /api/v1/job-sessions */
export const JobSessionsSchema = z
  .object({ rows: z.array(JobSessionRowSchema), next: z.string().nullable() })
  .meta({ id: 'JobSessions' });
export type JobSessions = z.infer<typeof JobSessionsSchema>;

/** A job in a session, without its nodes. */
export const JobInSessionSchema = z
  .object({
    job: z.string(),
    name: z.string(),
    /** `unknown`: this version cannot read the revision of the unit. */
    type: z.string(),
    /** '' = directly in the unit. */
    parent: z.string(),
    depth: z.int(),
    ...how,
    startedAt: at,
    endedAt: at,
    attempt: z.int(),
    /** What it waits for, or why it ended so. */
    why: z.string(),
    notBefore: at,
    waitsFor: z.array(z.string()),
    queue: z.string().nullable(),
    /** How many nodes are in which state. */
    nodes: z.record(z.string(), z.int()),
    /** What may be done with it now. */
    operations,
  })
  .meta({ id: 'JobInSession' });
export type JobInSession = z.infer<typeof JobInSessionSchema>;

/** GET /api/v1/job-sessions/ID: parents before what is in them, in the order of the unit. */
export const JobSessionDetailSchema = JobSessionRowSchema.extend({
  unitName: z.string(),
  timeZone: z.string(),
  variables: z.record(z.string(), z.string()),
  ignoresTimes: z.boolean(),
  testCommand: z.string().nullable(),
  operations,
  jobs: z.array(JobInSessionSchema),
}).meta({ id: 'JobSessionDetail' });
export type JobSessionDetail = z.infer<typeof JobSessionDetailSchema>;

/** One node of a job, its newest attempt. */
export const NodeRunSchema = z.object({
  facility: z.string(),
  attempt: z.int(),
  state: z.enum(RUN_STATES),
  returnValue: z.number().nullable(),
  startedAt: at,
  endedAt: at,
  /** When, and by the Master of which epoch, it may have been told to start. */
  claimedAt: at,
  epoch: z.int().nullable(),
  message: z.string(),
  asked: z.int(),
  operations,
});

export const JobOutputSchema = z.object({
  facility: z.string(),
  attempt: z.int(),
  at: z.string(),
  /** The last bytes of each. */
  stdout: z.string(),
  stderr: z.string(),
  /** How many there were. */
  stdoutBytes: z.number(),
  stderrBytes: z.number(),
});

/** GET /api/v1/job-sessions/ID/job?job=JOB: with its nodes and what they wrote. */
export const JobRunDetailSchema = JobInSessionSchema.extend({
  session: z.string(),
  runs: z.array(NodeRunSchema),
  outputs: z.array(JobOutputSchema),
}).meta({ id: 'JobRunDetail' });
export type JobRunDetail = z.infer<typeof JobRunDetailSchema>;

/** GET /api/v1/job-sessions/ID/history, oldest first. */
export const JobHistorySchema = z
  .object({
    lines: z.array(
      z.object({
        number: z.int(),
        at: z.string(),
        /** '' = of the session itself. */
        job: z.string(),
        facility: z.string().nullable(),
        from: z.string().nullable(),
        to: z.string().nullable(),
        /** null = by itself. */
        by: z.string().nullable(),
        text: z.string(),
      }),
    ),
    next: z.int().nullable(),
  })
  .meta({ id: 'JobHistory' });
export type JobHistory = z.infer<typeof JobHistorySchema>;

/** Who asks: only of those without a login of their own. */
const by = z.string().min(1).max(128).optional();

/** POST /api/v1/job-sessions/ID/operations */
export const JobOperateSchema = z
  .strictObject({
    operation: z.enum(JOB_OPERATIONS),
    /** null = the whole session. */
    job: jobInSession.nullable().default(null),
    /** One node of the job; null = the job. */
    facility: SettingIdSchema.nullable().default(null),
    /** Of skip, change-end, set-end, force-end; null = abnormal, -1. */
    end: EndWithSchema.nullable().default(null),
    comment: z.string().max(1_024).default(''),
    by,
  })
  .refine(({ job, facility }) => job !== null || facility === null, {
    message: 'a node is one of a job: say which job',
    path: ['job'],
  })
  .meta({ id: 'JobOperate' });
export type JobOperate = z.infer<typeof JobOperateSchema>;
export const JobOperatedSchema = z.object({ done: z.literal(true) }).meta({ id: 'JobOperated' });

/** POST /api/v1/job-units/ID/sessions */
export const JobStartSchema = z
  .strictObject({
    /** Asked again under the same one, the answer is the same session. */
    request: z.string().min(8).max(128).nullable().default(null),
    /** A job or jobnet of the unit; null = all of it. Of a trigger that names one, that one. */
    job: SettingIdSchema.nullable().default(null),
    /** A manual trigger of the unit, whose parameters are asked for; null = none: whatever is given becomes variables. */
    trigger: SettingIdSchema.nullable().default(null),
    parameters: z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_.-]{0,63}$/), z.string().max(1_024)).default({}),
    /** Waits for times of day and minutes after the start do not count. */
    ignoresTimes: z.boolean().default(false),
    /** In place of every command, of a test run. */
    testCommand: z.string().min(1).max(8_192).nullable().default(null),
    by,
  })
  .meta({ id: 'JobStart' });
export type JobStart = z.infer<typeof JobStartSchema>;
export const JobStartedSchema = z
  .object({
    session: z.string(),
    /** It was asked for under that request before. */
    again: z.boolean(),
  })
  .meta({ id: 'JobStarted' });
export type JobStarted = z.infer<typeof JobStartedSchema>;

/** GET /api/v1/job-plan */
export const JobPlanSchema = z
  .object({
    from: z.string(),
    to: z.string(),
    runs: z.array(
      z.object({
        at: z.string(),
        trigger: z.string(),
        unit: z.string(),
        unitName: z.string(),
        job: z.string().nullable(),
        /** Of the schedule. */
        timeZone: z.string(),
        /** Made beforehand; null = it will be made when it is time. */
        session: z.string().nullable(),
        state: z.enum(JOB_STATES).nullable(),
      }),
    ),
    /** There are more than are shown. */
    more: z.boolean(),
  })
  .meta({ id: 'JobPlan' });
export type JobPlan = z.infer<typeof JobPlanSchema>;

/** POST /api/v1/job-plan/try: when a schedule that nobody has saved yet would be due. */
export const JobPlanTrySchema = z
  .strictObject({
    /** Of a trigger that begins by schedule. */
    timeZone: TimeZoneSchema,
    schedule: ScheduleSchema,
    calendar: SettingIdSchema.nullable().default(null),
    limit: z.int().min(1).max(100).default(10),
  })
  .meta({ id: 'JobPlanTry' });
export type JobPlanTry = z.infer<typeof JobPlanTrySchema>;
export const JobPlanTriedSchema = z.object({ times: z.array(z.string()) }).meta({ id: 'JobPlanTried' });
export type JobPlanTried = z.infer<typeof JobPlanTriedSchema>;

/** GET /api/v1/job-approvals: what waits for an answer, longest first. */
export const JobApprovalsSchema = z
  .object({
    approvals: z.array(
      z.object({
        session: z.string(),
        unit: z.string(),
        unitName: z.string(),
        job: z.string(),
        name: z.string(),
        /** With its variables filled in. */
        sentence: z.string(),
        role: z.string(),
        /** Of that role only this one; null = anybody. */
        user: z.string().nullable(),
        since: at,
        /** Whoever asked this may answer. */
        mine: z.boolean(),
      }),
    ),
    /** There are more than were looked at. */
    more: z.boolean(),
  })
  .meta({ id: 'JobApprovals' });
export type JobApprovals = z.infer<typeof JobApprovalsSchema>;

const QueuedJobSchema = z.object({
  session: z.string(),
  unit: z.string(),
  job: z.string(),
  /** Node of the job; null = the job has, or waits for, a place in a queue. */
  facility: z.string().nullable(),
  since: at,
  state: z.string(),
});
export type QueuedJob = z.infer<typeof QueuedJobSchema>;

/** GET /api/v1/job-queues: queues that are defined, and nodes that somebody waits for. */
export const JobQueuesSchema = z
  .object({
    queues: z.array(
      z.object({
        queue: z.string(),
        concurrency: z.int().nullable(),
        capacity: z.int().nullable(),
        running: z.array(QueuedJobSchema),
        waiting: z.array(QueuedJobSchema),
      }),
    ),
    nodes: z.array(z.object({ facility: z.string(), multiplicity: z.int().nullable(), waiting: z.array(QueuedJobSchema) })),
    /** There are more than were looked at. */
    more: z.boolean(),
  })
  .meta({ id: 'JobQueues' });
export type JobQueues = z.infer<typeof JobQueuesSchema>;

/** POST /api/v1/job-links: what another cluster or a program says to jobs that wait for it. */
export const JobLinkSchema = z
  .strictObject({
    /** The same message said again has the same one. */
    id: z.string().min(8).max(4_096),
    messageId: z.string().min(1).max(256),
    message: z.string().max(4_096).default(''),
    priority: PrioritySchema.default('info'),
    values: z.record(z.string().max(64), z.string().max(1_024)).default({}),
  })
  .meta({ id: 'JobLink' });
export type JobLink = z.infer<typeof JobLinkSchema>;
export const JobLinkedSchema = z
  .object({
    /** false: it was there already. */
    isNew: z.boolean(),
  })
  .meta({ id: 'JobLinked' });

/** GET /api/v1/job-links, newest first. */
export const JobLinksSchema = z
  .object({
    messages: z.array(JobLinkSchema.extend({ at: z.string() })),
    /** What the next page is `after`; null: this is the last one. */
    next: z.int().nullable().default(null),
  })
  .meta({ id: 'JobLinks' });
export type JobLinks = z.infer<typeof JobLinksSchema>;
