import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import type { Clock } from '@yosugara/kernel';
import { type CompiledCalendar, civilDay, dayNumber } from '@yosugara/operations';
import { type CalendarMoment, CalendarMomentSchema, type CalendarView, CalendarViewSchema, DateSchema } from '@yosugara/protocol';
import { SettingsTimes } from '@yosugara/runtime';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { ApiRefusals } from '../http/api-docs.js';
import { ApiRefusal } from '../http/errors.js';
import { LiveSettings } from '../settings/live-settings.js';
import { unknownSetting } from '../settings/refusals.js';
import { CLOCK } from '../tokens.js';
import { calendarDay, calendarMoment } from './views.js';

const MOST_DAYS = 400;
const DaysQuery = z.strictObject({
  from: DateSchema.optional().describe('default: the first day of the present month, on the clock of the calendar'),
  to: DateSchema.optional().describe('the last day; default: that of the month of from'),
});
const OpenQuery = z.strictObject({ at: z.iso.datetime({ offset: true }).optional().describe('default: now') });

/** What calendars say. They are defined as settings: `/api/v1/settings/calendar/ID`. */
@ApiTags('calendars')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1/calendars')
export class CalendarsController {
  constructor(
    @Inject(LiveSettings) private readonly live: LiveSettings,
    @Inject(SettingsTimes) private readonly times: SettingsTimes,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  /** Days on the calendar's own clock, and when it is open in them. */
  @Get(':id/days')
  @Needs('calendar', 'read')
  @ApiOkResponse({ standardSchema: CalendarViewSchema })
  days(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: DaysQuery }) query: z.infer<typeof DaysQuery>,
  ): CalendarView {
    const { enabled, calendar } = this.#of(id, asker);
    const [from, to] = daysAsked(query, calendar, this.clock.wallMs());
    const days = Array.from({ length: to - from + 1 }, (_, at) => calendarDay(calendar, from + at));
    const description = this.live.snapshot.get('calendar', id)?.description ?? '';
    return { id, description, enabled, timeZone: calendar.body.timeZone, days };
  }

  /** Whether it is open at a moment, why, and until when. */
  @Get(':id/open')
  @Needs('calendar', 'read')
  @ApiOkResponse({ standardSchema: CalendarMomentSchema })
  open(
    @Asker() asker: Identity,
    @Param('id') id: string,
    @Query({ schema: OpenQuery }) { at }: z.infer<typeof OpenQuery>,
  ): CalendarMoment {
    const { enabled, calendar } = this.#of(id, asker);
    return { id, enabled, ...calendarMoment(calendar, at === undefined ? this.clock.wallMs() : Date.parse(at)) };
  }

  #of(id: string, { rights }: Identity): { readonly enabled: boolean; readonly calendar: CompiledCalendar } {
    const found = this.times.calendars.get(id);
    const owner = this.live.snapshot.get('calendar', id)?.ownerRole;
    if (found === null || (owner !== undefined && !rights.reaches(owner, 'read'))) throw unknownSetting({ kind: 'calendar', id });
    return found;
  }
}

function daysAsked(
  { from, to }: z.infer<typeof DaysQuery>,
  calendar: CompiledCalendar,
  nowMs: number,
): readonly [first: number, last: number] {
  const today = calendar.dayAt(nowMs);
  const first = from === undefined ? today - civilDay(today).dayOfMonth + 1 : dayNumber(from);
  const { dayOfMonth, daysInMonth } = civilDay(first);
  const last = to === undefined ? first + daysInMonth - dayOfMonth : dayNumber(to);
  if (last < first) throw new ApiRefusal(400, 'INVALID_INPUT', 'to: it lies before from', 'to');
  if (last - first >= MOST_DAYS) throw new ApiRefusal(400, 'INVALID_INPUT', `to: at most ${MOST_DAYS} days at once`, 'to');
  return [first, last];
}
