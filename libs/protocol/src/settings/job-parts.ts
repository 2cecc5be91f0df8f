import { z } from 'zod';
import { ClockTimeSchema } from './calendar.js';
import { PrioritySchema, SettingIdSchema } from './common.js';

/** Unique within its unit; shown in paths, so without `/`. */
export const JobIdSchema = SettingIdSchema;

/** How a job ended, best first. */
export const END_STATUSES = ['normal', 'warning', 'abnormal'] as const;
export type EndStatus = (typeof END_STATUSES)[number];
export const EndStatusSchema = z.enum(END_STATUSES);

const int32 = z.int().min(-2_147_483_648).max(2_147_483_647);
/** What a job ends with that did not run, or did not end by itself. */
export const EndWithSchema = z.strictObject({ status: EndStatusSchema.default('abnormal'), value: int32.default(-1) });
export type EndWith = z.infer<typeof EndWithSchema>;

/** `#[NAME]` in it is filled in when the job starts. */
export const jobText = (max: number) => z.string().max(max);

/** `1,3,5:9` */
export const ValueListSchema = z
  .string()
  .max(1_024)
  .regex(/^-?\d{1,10}(:-?\d{1,10})?(,-?\d{1,10}(:-?\d{1,10})?)*$/, 'numbers and ranges of them, such as 1,3,5:9');

export const NUMBER_OPERATORS = ['=', '!=', '>', '>=', '<', '<=', 'in', 'not-in'] as const;
const numberTest = {
  operator: z.enum(NUMBER_OPERATORS).default('='),
  /** A number; of `in` and `not-in` a list such as `1,3,5:9`. */
  value: ValueListSchema,
};
const statusTest = { status: z.array(EndStatusSchema).min(1).max(3) };
/** Of the same jobnet. */
const before = { job: JobIdSchema };
const across = { unit: SettingIdSchema, job: JobIdSchema, withinMinutes: z.int().min(1).max(43_200).default(60) };

/** What a job waits for before it starts. */
export const StartConditionSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('end-status'), ...before, ...statusTest }),
  z.strictObject({ kind: z.literal('end-value'), ...before, ...numberTest }),
  /** Of a command job: the largest of what its nodes returned decides for `>`, the smallest for `<`, each for the others. */
  z.strictObject({ kind: z.literal('return-value'), ...before, ...numberTest }),
  /** From the beginning of the session's day in the unit's time zone. */
  z.strictObject({ kind: z.literal('time'), at: ClockTimeSchema }),
  /** Since the session began. */
  z.strictObject({ kind: z.literal('elapsed'), minutes: z.int().min(0).max(43_200) }),
  z.strictObject({
    kind: z.literal('variable'),
    left: jobText(1_024),
    operator: z.enum([...NUMBER_OPERATORS, 'equal', 'not-equal']),
    right: jobText(1_024),
  }),
  /** Of the newest session of that unit that ended within so many minutes. */
  z.strictObject({ kind: z.literal('cross-session-end-status'), ...across, ...statusTest }),
  z.strictObject({ kind: z.literal('cross-session-end-value'), ...across, ...numberTest }),
]);
export type StartCondition = z.infer<typeof StartConditionSchema>;

const andOr = z.enum(['and', 'or']).default('and');
export const WaitRuleSchema = z.strictObject({
  operator: andOr,
  groups: z
    .array(z.strictObject({ operator: andOr, conditions: z.array(StartConditionSchema).min(1).max(50) }))
    .max(20)
    .default([]),
  /** When they can no longer be met; null = it keeps waiting. */
  unmatched: EndWithSchema.nullable().default({ status: 'abnormal', value: -1 }),
});
export type WaitRule = z.infer<typeof WaitRuleSchema>;

/** Tells somebody; null = nobody. */
const tells = PrioritySchema.nullable().default(null);

export const StartDelaySchema = z
  .strictObject({
    /** `all`: each that is given must be over. */
    when: z.enum(['any', 'all']).default('any'),
    sessionMinutes: z.int().min(1).max(43_200).nullable().default(null),
    at: ClockTimeSchema.nullable().default(null),
    notify: tells,
    /** What becomes of the job that should have begun by then. */
    operation: z.enum(['none', 'stop', 'skip', 'hold']).default('none'),
    /** Of `stop` and `skip`. */
    end: EndWithSchema.prefault({}),
  })
  .refine(({ sessionMinutes, at }) => sessionMinutes !== null || at !== null, 'sessionMinutes or at, or both');

export const EndDelaySchema = z
  .strictObject({
    when: z.enum(['any', 'all']).default('any'),
    sessionMinutes: z.int().min(1).max(43_200).nullable().default(null),
    jobMinutes: z.int().min(1).max(43_200).nullable().default(null),
    at: ClockTimeSchema.nullable().default(null),
    /** In standard deviations of up to 30 runs that ended normally, from 5 on. */
    deviation: z.number().min(0.1).max(100).nullable().default(null),
    notify: tells,
    /** `stop`: by the stop command, and it ends with `end`. `force-end`: it ends with `end`, whatever the command does. */
    operation: z.enum(['none', 'stop', 'suspend', 'set-end', 'force-end']).default('none'),
    end: EndWithSchema.prefault({}),
  })
  .refine(
    ({ sessionMinutes, jobMinutes, at, deviation }) => [sessionMinutes, jobMinutes, at, deviation].some((each) => each !== null),
    'at least one of sessionMinutes, jobMinutes, at, deviation',
  );

/** By what its command returned, or its children ended with. What is in neither is abnormal. */
export const EndRangesSchema = z.strictObject({
  normal: ValueListSchema.default('0'),
  warning: ValueListSchema.default('1'),
  /** What the job's end value becomes; null = what was returned. */
  normalValue: int32.nullable().default(0),
  warningValue: int32.nullable().default(1),
  abnormalValue: int32.nullable().default(-1),
});

export const jobCommon = {
  id: JobIdSchema,
  name: z.string().max(256).default(''),
  description: z.string().max(1_024).default(''),
  wait: WaitRuleSchema.prefault({}),
  /** Waits for somebody at its start. */
  hold: z.boolean().default(false),
  /** Does not run, and ends so; null = it runs. */
  skip: EndWithSchema.nullable().default(null),
  calendar: z
    .strictObject({ id: SettingIdSchema, outside: EndWithSchema.prefault({}) })
    .nullable()
    .default(null),
  startDelay: StartDelaySchema.nullable().default(null),
  endDelay: EndDelaySchema.nullable().default(null),
  /** The whole job once more, until it ends with one of these. */
  retry: z
    .strictObject({
      attempts: z.int().min(1).max(100),
      intervalMinutes: z.int().min(0).max(1_440).default(0),
      until: z.array(EndStatusSchema).min(1).default(['normal']),
    })
    .nullable()
    .default(null),
  /** Only one of these (jobs that wait for this one) runs: the first whose conditions hold. The others end with `others`. */
  exclusive: z
    .strictObject({ order: z.array(JobIdSchema).min(2).max(50), others: EndWithSchema.prefault({}) })
    .nullable()
    .default(null),
  endStatus: EndRangesSchema.prefault({}),
  notify: z
    .strictObject({
      notifications: z.array(SettingIdSchema).max(100).default([]),
      begin: PrioritySchema.nullable().default(null),
      normal: PrioritySchema.nullable().default('info'),
      warning: PrioritySchema.nullable().default('warning'),
      abnormal: PrioritySchema.nullable().default('critical'),
    })
    .prefault({}),
};
