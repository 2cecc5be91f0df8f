import { z } from 'zod';
import {
  ClockTimeSchema,
  clockSeconds,
  isInOrder,
  LocalTimeSchema,
  MonthDaySchema,
  TimeZoneSchema,
  WEEKDAYS,
  WeekdayDaysSchema,
} from './calendar.js';
import { SettingIdSchema } from './common.js';

const MAX_FACILITIES = 1_000;
const MAX_WARN_MINUTES = 10_080;

const clocks = { from: ClockTimeSchema, to: ClockTimeSchema };
const inOrder = ({ from, to }: { from: string; to: string }) => clockSeconds(from) < clockSeconds(to);
const notAfter = () => ({ message: 'is not after from', path: ['to'] });

export const MaintenanceWhenSchema = z.discriminatedUnion('kind', [
  z
    .strictObject({ kind: z.literal('once'), from: LocalTimeSchema, /** A date means the whole of it. */ to: LocalTimeSchema })
    .refine(({ from, to }) => isInOrder({ validFrom: from, validTo: to }), { message: 'is not after from', path: ['to'] }),
  z
    .strictObject({ kind: z.literal('weekly'), weekdays: z.array(z.enum(WEEKDAYS)).min(1).max(7), ...clocks })
    .refine(inOrder, notAfter()),
  z
    .strictObject({
      kind: z.literal('monthly'),
      days: z.discriminatedUnion('kind', [WeekdayDaysSchema, MonthDaySchema]),
      ...clocks,
    })
    .refine(inOrder, notAfter()),
]);
export type MaintenanceWhen = z.infer<typeof MaintenanceWhenSchema>;

/** What a window takes away: that anybody is told, or that it is looked at all (lines and traps are stored all the same). */
export const SUPPRESSES = ['notifications', 'monitoring'] as const;
export type Suppresses = (typeof SUPPRESSES)[number];

export const MaintenanceBodySchema = z
  .strictObject({
    /** Nodes, and scopes with all that is in them. */
    facilities: z.array(SettingIdSchema).min(1).max(MAX_FACILITIES),
    timeZone: TimeZoneSchema,
    when: MaintenanceWhenSchema,
    /** Of what comes again and again: not before, not after. */
    validFrom: LocalTimeSchema.nullable().default(null),
    validTo: LocalTimeSchema.nullable().default(null),
    suppresses: z.enum(SUPPRESSES).default('notifications'),
    /** For whoever wonders at night why nobody was told. */
    reason: z.string().min(1).max(1_024),
    /** An INTERNAL result so long before each end; null = none. */
    warnBeforeEndMinutes: z.int().min(1).max(MAX_WARN_MINUTES).nullable().default(null),
  })
  .refine(isInOrder, { message: 'is not after validFrom', path: ['validTo'] })
  .meta({ id: 'Maintenance' });
export type MaintenanceBody = z.infer<typeof MaintenanceBodySchema>;

export const maintenanceReferences = ({ facilities }: MaintenanceBody) =>
  facilities.map((id, at) => ({ kind: 'facility' as const, id, place: `facilities.${at}` }));
