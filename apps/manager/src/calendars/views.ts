import { CHANGE_WITHIN_DAYS, type CompiledCalendar, civilDay, clockText, dateText, NOT_VALID } from '@yosugara/operations';
import type { CalendarDay, CalendarMoment } from '@yosugara/protocol';

const iso = (ms: number): string => new Date(ms).toISOString();

export function calendarDay(calendar: CompiledCalendar, day: number): CalendarDay {
  const { fromMs, toMs, open } = calendar.openDay(day);
  const [first] = open;
  const isWhole = first !== undefined && first.fromMs === fromMs && first.toMs === toMs;
  return {
    date: dateText(day),
    weekday: civilDay(day).weekday,
    state: first === undefined ? 'closed' : isWhole ? 'open' : 'partly',
    open: open.map((span) => ({
      from: iso(span.fromMs),
      to: iso(span.toMs),
      fromClock: clockText(span.fromLocalMs),
      toClock: clockText(span.toLocalMs),
    })),
  };
}

export function calendarMoment(calendar: CompiledCalendar, atMs: number): Omit<CalendarMoment, 'id' | 'enabled'> {
  const deciding = calendar.decidingRow(atMs);
  const open = calendar.isOpen(atMs);
  const changesMs = calendar.nextChange(atMs, CHANGE_WITHIN_DAYS);
  return {
    at: iso(atMs),
    open,
    row: deciding < 0 ? null : deciding + 1,
    why: whyOf(calendar, deciding, open),
    changes: changesMs === null ? null : iso(changesMs),
  };
}

function whyOf({ body }: CompiledCalendar, deciding: number, open: boolean): string {
  const says = open ? 'open' : 'closed';
  if (deciding === NOT_VALID) {
    const from = body.validFrom === null ? '' : ` from ${body.validFrom}`;
    const to = body.validTo === null ? '' : ` to ${body.validTo}`;
    return `${says}: it is valid${from}${to} (${body.timeZone})`;
  }
  if (deciding < 0) return `${says}: none of its ${body.rows.length} rows says anything of that time`;
  const { description } = body.rows[deciding]!;
  return `${says}: so says row ${deciding + 1}${description === '' ? '' : `, ${description}`}`;
}
