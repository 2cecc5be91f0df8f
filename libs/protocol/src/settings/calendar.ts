import { z } from 'zod';
import { SettingIdSchema } from './common.js';

export const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;
export type Weekday = (typeof WEEKDAYS)[number];

const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;
export const MAX_CALENDAR_ROWS = 200;
export const MAX_SHIFT_DAYS = 32_767;
export const MAX_SUBSTITUTE_TRIES = 99;
/** Of one move; and of all moves of all rows together, whose days each hang on so many others: who finds nothing within a year has a mistake in the rows. */
export const MAX_SUBSTITUTE_HOURS = 8_784;
export const MAX_SUBSTITUTE_ROWS = 10;
const MAX_DATES = 10_000;

/** Of the IANA database. Offsets such as `+09:00` are no zones: they do not know summer time. */
export const TimeZoneSchema = z
  .string()
  .max(64)
  .refine(isTimeZone, 'a time zone of the IANA database, such as Asia/Tokyo or UTC');

function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** `2026-11-21` */
export const DateSchema = z.string().refine((text) => isLocal(text, 10), 'a date, such as 2026-11-21');

/** On the clock of the zone: `2026-11-21`, `2026-11-21T09:00`, `2026-11-21T09:00:00`. */
export const LocalTimeSchema = z
  .string()
  .refine((text) => isLocal(text, 10) || isLocal(text, 16) || isLocal(text, 19), 'such as 2026-11-21 or 2026-11-21T09:00');

/** The language reads 30 February as 2 March: what it makes of the text must be the text. */
function isLocal(text: string, length: 10 | 16 | 19): boolean {
  if (text.length !== length || !/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?)?$/.test(text)) return false;
  const year = Number(text.slice(0, 4));
  if (year < FIRST_YEAR || year > LAST_YEAR) return false;
  const ms = Date.parse(length === 10 ? `${text}T00:00:00Z` : `${text}Z`);
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(text);
}

const CLOCK = /^(-?)(\d{1,3}):([0-5]\d)(?::([0-5]\d))?$/;
const FIRST_CLOCK_S = -(99 * 3_600 + 59 * 60 + 59);

/** Seconds from the beginning of its day; NaN = it is no such time. */
export function clockSeconds(text: string): number {
  const [, sign, hours = '', minutes = '', seconds = '0'] = CLOCK.exec(text) ?? [];
  if (sign === undefined) return Number.NaN;
  const all = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds);
  return sign === '-' ? -all : all;
}

/** From the beginning of its day: `09:00`, `24:00`, `30:00` (six in the morning of the day after), `-02:00` (ten in the evening before). */
export const ClockTimeSchema = z
  .string()
  .refine((text) => clockSeconds(text) >= FIRST_CLOCK_S, 'HH:MM or HH:MM:SS, from -99:59:59 to 999:59:59');

export const WeekdayDaysSchema = z.strictObject({
  kind: z.literal('weekday'),
  weekdays: z.array(z.enum(WEEKDAYS)).min(1).max(7),
  /** The n-th of that weekday in its month, not in the n-th row of a wall calendar. */
  week: z.union([z.enum(['every', 'last']), z.int().min(1).max(5)]).default('every'),
});
export const MonthDaySchema = z.strictObject({
  kind: z.literal('day'),
  day: z.union([z.int().min(1).max(31), z.literal('last')]),
});

export const CalendarDaysSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('all') }),
  WeekdayDaysSchema,
  MonthDaySchema,
  z.strictObject({ kind: z.literal('pattern'), pattern: SettingIdSchema }),
]);
export type CalendarDays = z.infer<typeof CalendarDaysSchema>;

/** Its days are those of year, month and `days`, moved by `shiftDays`; on each of them it says `operate` from `from` to `to`. */
export const CalendarRowSchema = z
  .strictObject({
    description: z.string().max(256).default(''),
    /** null: every year. */
    year: z.int().min(FIRST_YEAR).max(LAST_YEAR).nullable().default(null),
    /** null: every month. */
    month: z.int().min(1).max(12).nullable().default(null),
    days: CalendarDaysSchema.default({ kind: 'all' }),
    shiftDays: z.int().min(-MAX_SHIFT_DAYS).max(MAX_SHIFT_DAYS).default(0),
    /** Where the rows above say closed when it would begin, it is moved by so many hours, again and again; after so many tries it is not. */
    substitute: z
      .strictObject({
        hours: z
          .int()
          .min(-MAX_SUBSTITUTE_HOURS)
          .max(MAX_SUBSTITUTE_HOURS)
          .refine((hours) => hours !== 0, 'a move of 0 hours is none'),
        tries: z.int().min(1).max(MAX_SUBSTITUTE_TRIES),
      })
      .nullable()
      .default(null),
    from: ClockTimeSchema.default('00:00'),
    to: ClockTimeSchema.default('24:00'),
    operate: z.boolean().default(true),
  })
  .refine(({ from, to }) => clockSeconds(from) < clockSeconds(to), { message: 'is not after from', path: ['to'] });
export type CalendarRow = z.infer<typeof CalendarRowSchema>;

/** The first row that says something of a time decides; where none does, and outside its validity, it is closed. */
export const CalendarBodySchema = z
  .strictObject({
    timeZone: TimeZoneSchema,
    /** null: since ever. */
    validFrom: LocalTimeSchema.nullable().default(null),
    /** null: for ever. A date means the whole of it, a time is the first that is not in. */
    validTo: LocalTimeSchema.nullable().default(null),
    rows: z
      .array(CalendarRowSchema)
      .max(MAX_CALENDAR_ROWS)
      .refine(
        (rows) => rows.filter(({ substitute }) => substitute !== null).length <= MAX_SUBSTITUTE_ROWS,
        `at most ${MAX_SUBSTITUTE_ROWS} rows with a substitute`,
      )
      .refine(
        (rows) =>
          rows.reduce((sum, { substitute }) => sum + Math.abs((substitute?.hours ?? 0) * (substitute?.tries ?? 0)), 0) <=
          MAX_SUBSTITUTE_HOURS,
        `hours × tries of all substitutes together at most ${MAX_SUBSTITUTE_HOURS}: a year`,
      )
      .default([]),
  })
  .refine(isInOrder, { message: 'is not after validFrom', path: ['validTo'] })
  .meta({ id: 'Calendar' });
export type CalendarBody = z.infer<typeof CalendarBodySchema>;

/** A date at the end means the whole of it, so text order is enough: `2026-01-01` with itself is a day. */
export function isInOrder({ validFrom, validTo }: { validFrom: string | null; validTo: string | null }): boolean {
  if (validFrom === null || validTo === null) return true;
  return validTo.length === 10 ? validFrom.slice(0, 10) <= validTo : fullLocal(validFrom) < fullLocal(validTo);
}

const fullLocal = (text: string): string => text + '0000-00-00T00:00:00'.slice(text.length);

/** Days such as holidays, named by calendars. */
export const CalendarPatternBodySchema = z
  .strictObject({ dates: z.array(DateSchema).max(MAX_DATES) })
  .meta({ id: 'CalendarPattern' });
export type CalendarPatternBody = z.infer<typeof CalendarPatternBodySchema>;

/** Patterns that it cannot be without, and where it names them. */
export const calendarReferences = ({ rows }: CalendarBody) =>
  rows.flatMap(({ days }, at) =>
    days.kind === 'pattern' ? [{ kind: 'calendar-pattern' as const, id: days.pattern, place: `rows.${at}.days.pattern` }] : [],
  );

const OpenSpanSchema = z.object({
  /** RFC 3339, UTC. */
  from: z.string(),
  to: z.string(),
  /** On the clock of the calendar, `HH:MM:SS`; `24:00:00` is the end of the day. */
  fromClock: z.string(),
  toClock: z.string(),
});

export const CalendarDaySchema = z.object({
  date: z.string(),
  weekday: z.enum(WEEKDAYS),
  state: z.enum(['open', 'closed', 'partly']),
  open: z.array(OpenSpanSchema),
});
export type CalendarDay = z.infer<typeof CalendarDaySchema>;

/** GET /api/v1/calendars/ID/days */
export const CalendarViewSchema = z
  .object({
    id: z.string(),
    description: z.string(),
    /** false: it restricts nothing, and the days are what they would be. */
    enabled: z.boolean(),
    timeZone: z.string(),
    days: z.array(CalendarDaySchema),
  })
  .meta({ id: 'CalendarView' });
export type CalendarView = z.infer<typeof CalendarViewSchema>;

/** GET /api/v1/calendars/ID/open */
export const CalendarMomentSchema = z
  .object({
    id: z.string(),
    enabled: z.boolean(),
    at: z.string(),
    /** What the calendar says, whether or not it is enabled. */
    open: z.boolean(),
    /** Of the row that decides, from 1; null = none does, or it is outside of the validity. */
    row: z.int().nullable(),
    why: z.string(),
    /** When it becomes the other; null = not within 400 days. */
    changes: z.string().nullable(),
  })
  .meta({ id: 'CalendarMoment' });
export type CalendarMoment = z.infer<typeof CalendarMomentSchema>;
