import { z } from 'zod';
import { clockSeconds, TimeZoneSchema } from './calendar.js';
import { SettingIdSchema } from './common.js';

/** The one setting of its kind that counts. */
export const RETENTION_ID = 'cluster';

/** What is kept, in the order of the page. New ones are added where they belong. */
export const RETAINED = [
  'messages',
  'counts',
  'events',
  'confirmedEvents',
  'statuses',
  'values',
  'hours',
  'days',
  'months',
  'jobs',
  'notifications',
  'settingHistory',
  'inventory',
  'memory',
  'audit',
  'takeOvers',
  'lag',
] as const;
export type Retained = (typeof RETAINED)[number];

const days = (least: number) => z.int().min(least).max(36_500).nullable().optional();

/** Those whose days can be set here. Of the audit log only the file says how long it is kept: whoever may change settings cannot shorten what is known of that. */
export const RetentionDaysSchema = z.strictObject({
  messages: days(1),
  events: days(1),
  confirmedEvents: days(1),
  values: days(2),
  hours: days(3),
  days: days(33),
  months: days(33),
  jobs: days(1),
  settingHistory: days(1),
  inventory: days(1),
  memory: days(1),
  takeOvers: days(1),
  lag: days(1),
});
export type RetentionDays = z.infer<typeof RetentionDaysSchema>;

const A_DAY_S = 86_400;
const ClockSchema = z
  .string()
  .refine((text) => clockSeconds(text) >= 0 && clockSeconds(text) <= A_DAY_S, 'HH:MM, from 00:00 to 24:00');

/** A value that comes late is summed up anew with all that its hour, its day and its month have: they must be there as long. */
export const SUMS_OUTLIVE_VALUES = { hours: 1, days: 31 } as const;

/** Setting kind `retention`, id `cluster`: what is not said here is as the files of the nodes have it. */
export const RetentionBodySchema = z
  .strictObject({
    /** null or missing: as the file says. */
    days: RetentionDaysSchema.default({}),
    /** When rows are deleted: each day from then to then, over midnight when `to` is not after `from`; null: at any time. */
    window: z.strictObject({ timeZone: TimeZoneSchema, from: ClockSchema, to: ClockSchema }).nullable().default(null),
    /** Besides, only while it is open. */
    calendar: SettingIdSchema.nullable().default(null),
  })
  .meta({ id: 'Retention' });
export type RetentionBody = z.infer<typeof RetentionBodySchema>;

export const retentionReferences = ({ calendar }: RetentionBody) =>
  calendar === null ? [] : [{ kind: 'calendar' as const, id: calendar, place: 'calendar' }];

export function retentionMistakes({ days: { values, hours, days } }: RetentionBody) {
  if (values == null) return [];
  return Object.entries({ hours, days }).flatMap(([unit, found]) => {
    const least = values + SUMS_OUTLIVE_VALUES[unit as 'hours' | 'days'];
    return found == null || found >= least
      ? []
      : [{ place: `days.${unit}`, found: String(found), allowed: `at least ${least}, with values kept ${values} days` }];
  });
}
