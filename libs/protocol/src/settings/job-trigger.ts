import { z } from 'zod';
import { ClockTimeSchema, clockSeconds, TimeZoneSchema, WEEKDAYS } from './calendar.js';
import { PrioritySchema, SettingIdSchema } from './common.js';
import { cronSentence, parseCron } from './cron.js';
import { FileWatchSchema, VariableNameSchema } from './job.js';
import { JobIdSchema } from './job-parts.js';
import type { SettingMistake, WantedRef } from './schemas.js';

/** What becomes of a run whose time passed while nobody served: it begins late, once for all; each of them; not at all; when somebody says so. */
export const LATE_POLICIES = ['run', 'run-each', 'skip', 'ask'] as const;
export type LatePolicy = (typeof LATE_POLICIES)[number];

/** To 48:00: hours of the day after. */
const TimeOfDaySchema = ClockTimeSchema.refine(
  (text) => clockSeconds(text) >= 0 && clockSeconds(text) <= 48 * 3_600,
  'HH:MM or HH:MM:SS, from 00:00 to 48:00: hours from 24 on are those of the day after',
);
const CronSchema = z
  .string()
  .min(1)
  .max(256)
  .superRefine((text, context) => {
    const parsed = parseCron(text);
    if (!parsed.ok) for (const mistake of parsed.mistakes) context.addIssue({ code: 'custom', message: cronSentence(mistake) });
  });

export const ScheduleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('daily'), at: TimeOfDaySchema }),
  /** The weekday is that of the day, also of its hours from 24 on. */
  z.strictObject({ kind: z.literal('weekly'), weekdays: z.array(z.enum(WEEKDAYS)).min(1).max(7), at: TimeOfDaySchema }),
  /** Every so many minutes of each hour, from a minute of it on. */
  z.strictObject({ kind: z.literal('hourly'), fromMinute: z.int().min(0).max(59), everyMinutes: z.int().min(1).max(60) }),
  /** Since `from` of 1970-01-01 of its time zone, so that nothing moves it. */
  z.strictObject({ kind: z.literal('interval'), minutes: z.int().min(1).max(1_440), from: TimeOfDaySchema.default('00:00') }),
  /** crontab(5): minute hour day month weekday, with `L`, `#n` for n-th weekdays, names, lists, ranges, steps; `@daily` and the like. */
  z.strictObject({ kind: z.literal('cron'), expression: CronSchema }),
]);
export type Schedule = z.infer<typeof ScheduleSchema>;

export const RunParameterSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('fixed'), value: z.string().max(1_024) }),
  z.strictObject({
    kind: z.literal('input'),
    label: z.string().max(128).default(''),
    value: z.string().max(1_024).default(''),
    required: z.boolean().default(false),
  }),
  z.strictObject({
    kind: z.literal('choice'),
    label: z.string().max(128).default(''),
    choices: z
      .array(z.strictObject({ value: z.string().max(1_024), label: z.string().max(128).default('') }))
      .min(1)
      .max(100),
    value: z.string().max(1_024).nullable().default(null),
    required: z.boolean().default(false),
  }),
]);
export type RunParameter = z.infer<typeof RunParameterSchema>;

const common = {
  unit: SettingIdSchema,
  /** A job or jobnet of the unit; null = all of the unit. */
  job: JobIdSchema.nullable().default(null),
  /** null = always. */
  calendar: SettingIdSchema.nullable().default(null),
  /** Variables of its sessions. */
  parameters: z.record(VariableNameSchema, RunParameterSchema).default({}),
};

export const JobTriggerBodySchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('schedule'),
    ...common,
    timeZone: TimeZoneSchema,
    schedule: ScheduleSchema,
    late: z.enum(LATE_POLICIES).default('run'),
    /** Later than so much, it is dropped whatever `late` says, and an event says so. */
    lateUpToMinutes: z.int().min(1).max(43_200).default(60),
    /** Sessions of runs to come are made so many hours beforehand, so that they can be seen, held and skipped; 0 = when it is time. */
    premakeHours: z.int().min(0).max(744).default(0),
  }),
  z.strictObject({
    type: z.literal('file-check'),
    ...common,
    facility: SettingIdSchema,
    file: FileWatchSchema,
    /** What was seen while its calendar was closed begins when it opens. */
    carryOver: z.boolean().default(false),
  }),
  z.strictObject({
    type: z.literal('link-receive'),
    ...common,
    messageId: z.string().min(1).max(256),
    pattern: z.string().max(1_024).nullable().default(null),
    priorities: z.array(PrioritySchema).min(1).default(['critical', 'unknown', 'warning', 'info']),
    values: z.record(z.string().max(64), z.string().max(1_024)).default({}),
  }),
  z.strictObject({ type: z.literal('manual'), ...common }),
]);
/** What begins sessions of a job unit. */
export type JobTriggerBody = z.infer<typeof JobTriggerBodySchema>;
export type JobTriggerOf<Type extends JobTriggerBody['type']> = Extract<JobTriggerBody, { type: Type }>;

export function jobTriggerReferences(body: JobTriggerBody): readonly WantedRef[] {
  return [
    { kind: 'job-unit', id: body.unit, place: 'unit' },
    ...(body.calendar === null ? [] : [{ kind: 'calendar' as const, id: body.calendar, place: 'calendar' }]),
    ...(body.type === 'file-check' ? [{ kind: 'facility' as const, id: body.facility, place: 'facility' }] : []),
  ];
}

/** What is given where nobody chooses must be one of the choices. */
export function jobTriggerMistakes({ parameters }: JobTriggerBody): readonly SettingMistake[] {
  return Object.entries(parameters).flatMap(([name, parameter]) =>
    parameter.kind !== 'choice' || parameter.value === null || parameter.choices.some(({ value }) => value === parameter.value)
      ? []
      : [
          {
            place: `parameters.${name}.value`,
            found: JSON.stringify(parameter.value),
            allowed: parameter.choices.map(({ value }) => JSON.stringify(value)).join(', '),
          },
        ],
  );
}
