import { Controller, Get, Headers, Inject, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { type Clock, InvalidInputError } from '@yosugara/kernel';
import {
  type SeriesList,
  SeriesListSchema,
  type SeriesValues,
  SeriesValuesSchema,
  type Statuses,
  StatusesSchema,
} from '@yosugara/protocol';
import type { SeriesQuery, StatusQuery } from '@yosugara/store';
import { z } from 'zod';
import { Needs } from '../access/needs.js';
import { ownersOf } from '../access/seen.js';
import { AllowsProbeToken, Asker, type Identity } from '../auth/identity.js';
import { ApiRefusals, Bounded } from '../http/api-docs.js';
import { csvAnswer, format, wantsCsv } from '../http/csv.js';
import { ApiRefusal } from '../http/errors.js';
import { instant, parseInstant } from '../messages/query.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { CLOCK, STORE } from '../tokens.js';
import { facilitiesOf } from './facilities.js';
import { facility, priorities, word } from './query.js';
import { statusLines, valueLines } from './tables.js';

const StatusesQuerySchema = z.strictObject({
  priority: priorities,
  facility,
  scope: word('Part of the path that is shown'),
  monitor: word('Id of the monitor'),
  plugin: word('Type of the monitor, such as ping'),
  text: word('Part of the message, upper and lower case alike'),
  after: z.string().max(200).describe('`next` of an earlier page').optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
  format,
});
const SeriesQuerySchema = z.strictObject({
  facility,
  monitor: word('Id of the monitor'),
  item: word('Part of the name of the value, upper and lower case alike'),
  text: word('Part of the monitor, the node or the name of the value'),
  after: z.string().max(4_096).describe('`next` of an earlier page').optional(),
  limit: z.coerce.number().int().min(1).max(10_000).default(1_000),
});
const STEP = /^(?:1month|(\d{1,9})(ms|s|m|h|d)?)$/;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const ValuesQuerySchema = z.strictObject({
  from: instant,
  to: instant,
  step: z
    .string()
    .regex(STEP, 'a span such as 60s, 5m, 1h, 1d, or 1month')
    .describe('As many as make 300 points when it is missing')
    .optional(),
  format,
});
const DAY_MS = 86_400_000;
/** 400 years of the calendar have 146 097 days. */
const MEAN_MONTH_MS = (146_097 / 4_800) * DAY_MS;
const POINTS = 300;
/** Steps that people think in. */
const STEPS_S = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 7_200, 21_600, 43_200, 86_400, 604_800] as const;

/** How everything is now, and how it was. */
@ApiTags('events')
@ApiRefusals()
@ApiBearerAuth()
@AllowsProbeToken()
@Controller('api/v1')
export class StatusesController {
  constructor(
    @Inject(STORE) private readonly store: ManagerStore,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(LiveSettings) private readonly live: LiveSettings,
  ) {}

  /** The worst first. */
  @Get('statuses')
  @Needs('event', 'read')
  @ApiOkResponse({ standardSchema: StatusesSchema })
  async statuses(
    @Asker() { rights }: Identity,
    @Query({ schema: StatusesQuerySchema }) query: z.infer<typeof StatusesQuerySchema>,
    @Headers('accept') accept?: string,
  ): Promise<Statuses | StreamableFile> {
    const { priority, facility: of, format: form, ...asked } = query;
    const seen = ownersOf(rights);
    const wanted = {
      ...asked,
      ...seen,
      priorities: priority,
      facilities: of === undefined ? undefined : facilitiesOf(this.live)(of),
    };
    const { rows, more, next } = await this.store.operations.statuses.list(known<StatusQuery>(wanted));
    if (wantsCsv(form, accept)) return csvAnswer('statuses', statusLines(rows));
    return { rows: [...rows], more, next };
  }

  /** What values are kept of. */
  @Get('series')
  @Needs('graph', 'read')
  @ApiOkResponse({ standardSchema: SeriesListSchema })
  async series(
    @Asker() { rights }: Identity,
    @Query({ schema: SeriesQuerySchema }) query: z.infer<typeof SeriesQuerySchema>,
  ): Promise<SeriesList> {
    const { facility: of, after, ...asked } = query;
    const wanted = {
      ...asked,
      after: after === undefined ? undefined : placeOf(after),
      ...ownersOf(rights),
      facilities: of === undefined ? undefined : facilitiesOf(this.live)(of),
    };
    const { series, more } = await this.store.operations.series(known<SeriesQuery>(wanted));
    const last = series.at(-1);
    return { series: [...series], more, next: more && last !== undefined ? cursorOf(last) : null };
  }

  /**
   * Of one series, or of several with commas between: mean, least and most of each step. The last day when no time is given. `step=1month`:
   * of the months of UTC, whole ones at both ends; `stepMs` is then that of a mean month.
   */
  @Get('series/:ids/values')
  @Bounded('at most 100 series, in steps that the caller chooses')
  @Needs('graph', 'read')
  @ApiOkResponse({ standardSchema: SeriesValuesSchema })
  async values(
    @Asker() { rights }: Identity,
    @Param('ids') text: string,
    @Query({ schema: ValuesQuerySchema }) query: z.infer<typeof ValuesQuerySchema>,
    @Headers('accept') accept?: string,
  ): Promise<SeriesValues | StreamableFile> {
    if (!/^\d{1,9}(,\d{1,9}){0,99}$/.test(text)) throw new InvalidInputError('series', text, 'numbers of series, at most 100');
    const ids = [...new Set(text.split(',').map(Number))];
    const nowMs = this.clock.wallMs();
    const at = (given: string | undefined, usual: number) =>
      given === undefined ? usual : (parseInstant(given, nowMs)?.getTime() ?? usual);
    const toMs = at(query.to, nowMs);
    const fromMs = at(query.from, toMs - DAY_MS);
    const step = query.step === undefined ? usualStepMs(toMs - fromMs) : stepOf(query.step);
    const { series } = await this.store.operations.series({ ids, ...ownersOf(rights) });
    if (series.length === 0) throw new ApiRefusal(404, 'NOT_FOUND', `there is no series ${text}`, 'series');
    const points = await this.store.operations.values({ ids: series.map(({ id }) => id), fromMs, toMs, step });
    if (wantsCsv(query.format, accept)) return csvAnswer('values', valueLines(series, points));
    const stepMs = step === 'month' ? MEAN_MONTH_MS : step;
    return {
      ...{ from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString(), stepMs },
      series: series.map((each) => ({ ...each, points: [...(points.get(each.id) ?? [])] })),
    };
  }
}

const known = <Query extends object>(asked: object): Query =>
  Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined)) as Query;

function stepOf(text: string): number | 'month' {
  if (text === '1month') return 'month';
  const [, count = '0', unit = 's'] = STEP.exec(text) ?? [];
  return Number(count) * UNITS[unit as keyof typeof UNITS];
}

function usualStepMs(spanMs: number): number {
  const leastS = spanMs / POINTS / 1_000;
  return (STEPS_S.find((step) => step >= leastS) ?? STEPS_S.at(-1)!) * 1_000;
}

/** Of series, which have names: a place in their order. */
const cursorOf = ({ facility: of, monitor, item }: SeriesList['series'][number]): string =>
  Buffer.from(JSON.stringify([of, monitor, item])).toString('base64url');
const PlaceSchema = z.tuple([z.string(), z.string(), z.string()]);

function placeOf(cursor: string): readonly [string, string, string] {
  try {
    return PlaceSchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    throw new InvalidInputError('after', cursor.slice(0, 100), 'the `next` of an earlier page');
  }
}
