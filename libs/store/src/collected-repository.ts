import { InvalidInputError } from '@yosugara/kernel';
import type { Collected } from '@yosugara/operations';
import type { SeriesPoint, SeriesRow } from '@yosugara/protocol';
import type { ClientBase, Pool, PoolClient } from 'pg';
import { withClient } from './deadline.js';
import { ownedBy } from './owned.js';
import { partitionsOf } from './partition-spans.js';
import { hourOf, type Partitions } from './partitions.js';
import { rowKey, storable } from './row-key.js';

const READ_DEADLINE_MS = 10_000;
const MAX_SERIES = 1_000;
const MAX_POINTS = 20_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** Ids of series by their keys, as far as the transactions of this process know. Thrown away after a failure. */
export class Series extends Map<string, number> {
  /** As long as it is this one, none was let go of (series-retention.ts). */
  version: string | null = null;
}
const MAX_KNOWN = 500_000;

const keyOf = ({ monitor, facility, item }: Pick<Collected, 'monitor' | 'facility' | 'item'>): Buffer =>
  rowKey(monitor, facility, item);

/** Before the transaction that stores them. */
export async function ensureCollected(partitions: Partitions, collected: readonly Collected[]): Promise<void> {
  for (const hour of new Set(collected.map(({ atMs }) => hourOf(atMs * 1_000)))) await partitions.ensureHour(hour);
}

/** In the transaction of a batch. Of one series and one time there is one value: the first that was stored. */
export async function insertCollected(client: ClientBase, collected: readonly Collected[], series: Series): Promise<void> {
  if (collected.length === 0) return;
  const keys = collected.map((each) => keyOf(each).toString('latin1'));
  const closingMs = await enter(client, series);
  await knowSeries(client, collected, keys, series);
  const times = collected.map(({ atMs }) => Math.round(atMs));
  await client.query(
    `insert into collected (series, at, value) select series, to_timestamp(at_ms / 1000.0), value
     from unnest($1::int[], $2::float8[], $3::float8[]) as t(series, at_ms, value) on conflict do nothing`,
    [keys.map((key) => series.get(key)), times, collected.map(({ value }) => value)],
  );
  await noteLateValues(client, times, closingMs);
}

async function knowSeries(
  client: ClientBase,
  collected: readonly Collected[],
  keys: readonly string[],
  series: Series,
): Promise<void> {
  if (series.size > MAX_KNOWN) series.clear();
  const wanted = [...new Map(collected.map((each, at) => [keys[at]!, each]))].filter(([key]) => !series.has(key));
  if (wanted.length === 0) return;
  const buffers = wanted.map(([key]) => Buffer.from(key, 'latin1'));
  const learn = async () => {
    const { rows } = await client.query<{ id: number; key: Buffer }>('select id, key from series where key = any($1)', [buffers]);
    for (const { id, key } of rows) series.set(key.toString('latin1'), id);
  };
  await learn();
  const fresh = wanted.filter(([key]) => !series.has(key)).sort(([one], [two]) => (one < two ? -1 : 1));
  if (fresh.length === 0) return;
  await client.query(
    `insert into series (key, monitor, facility, item, since) select key, monitor, facility, item, to_timestamp(at_ms / 1000.0)
     from unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::float8[]) as t(key, monitor, facility, item, at_ms) on conflict (key) do nothing`,
    [
      fresh.map(([key]) => Buffer.from(key, 'latin1')),
      fresh.map(([, { monitor }]) => monitor),
      fresh.map(([, { facility }]) => facility),
      fresh.map(([, { item }]) => storable(item)),
      fresh.map(([, { atMs }]) => atMs),
    ],
  );
  await learn();
}

/**
 * The row is locked until the commit: hours that are being closed wait for what is under way into them (collected-sums.ts), and so does
 * who lets go of series. @returns the hours before are closed, ms since 1970.
 */
async function enter(client: ClientBase, series: Series): Promise<number> {
  const { rows } = await client.query<{ closing_ms: string; series_version: string }>(
    'select (extract(epoch from closing) * 1000)::bigint as closing_ms, series_version from collected_progress for share',
  );
  const { closing_ms: closing, series_version: version } = rows[0]!;
  if (version !== series.version) series.clear();
  series.version = version;
  return Number(closing);
}

async function noteLateValues(client: ClientBase, times: readonly number[], closingMs: number): Promise<void> {
  const hours = new Set(times.filter((ms) => ms < closingMs).map((ms) => Math.floor(ms / HOUR_MS) * HOUR_MS));
  if (hours.size === 0) return;
  // Changed though it is there: whoever sums that hour up must wait for us.
  await client.query(
    `insert into collected_late (hour, times) select to_timestamp(ms / 1000.0), 1 from unnest($1::float8[]) ms order by ms
     on conflict (hour) do update set times = collected_late.times + 1`,
    [[...hours]],
  );
}

export interface SeriesQuery {
  readonly facilities?: readonly string[];
  readonly monitor?: string;
  /** Part of the name of the value, upper and lower case alike. */
  readonly item?: string;
  /** Part of the monitor, the facility or the name of the value. */
  readonly text?: string;
  /** Of monitors that belong to one of these roles. */
  readonly ownerRoles?: readonly string[];
  readonly ids?: readonly number[];
  readonly limit?: number;
  /** Those behind this one, by facility, monitor and name of the value. */
  readonly after?: readonly [facility: string, monitor: string, item: string];
}

export interface ValuesQuery {
  readonly ids: readonly number[];
  readonly fromMs: number;
  /** Not in it any more. */
  readonly toMs: number;
  /** ms, or whole months of UTC. */
  readonly step: number | 'month';
}

/** What was measured. */
export class CollectedRepository {
  readonly #pool: Pool;
  constructor(pool: Pool) {
    this.#pool = pool;
  }

  async series({
    facilities,
    monitor,
    item,
    text,
    ids,
    ownerRoles,
    after,
    limit = MAX_SERIES,
  }: SeriesQuery): Promise<{ series: SeriesRow[]; more: boolean }> {
    return await withClient(this.#pool, 'listing series', READ_DEADLINE_MS, async (client) => {
      const { rows } = await client.query<Omit<SeriesRow, 'since'> & { since_ms: string }>(
        `select id, monitor, facility, item, (extract(epoch from since) * 1000)::bigint as since_ms from series
         where ($1::text[] is null or facility = any($1)) and ($2::text is null or monitor = $2) and ($3::int[] is null or id = any($3))
           and ($6::text is null or strpos(lower(item), lower($6)) > 0)
           and ($7::text is null or strpos(lower(monitor || ' ' || item || ' ' || facility), lower($7)) > 0)
           and ($5::text[] is null or ${ownedBy('$5', 'series.monitor', null)})
           and ($8::text is null or (facility, monitor, item) > ($8::text, $9::text, $10::text))
         order by facility, monitor, item limit $4`,
        [
          ...[facilities ?? null, monitor ?? null, ids ?? null, limit + 1, ownerRoles ?? null, item ?? null, text ?? null],
          ...(after ?? [null, null, null]),
        ],
      );
      const series = rows
        .slice(0, limit)
        .map(({ since_ms, ...row }) => ({ ...row, since: new Date(Number(since_ms)).toISOString() }));
      return { series, more: rows.length > limit };
    });
  }

  /**
   * In steps, each from a whole multiple of the step since 1970; of months from their beginning, the first one whole. Long steps are read from
   * the sums of months, days and hours as far as those go, and what is newer from the values; short steps from the values as far back as they
   * are kept, before that from the hours.
   * @returns points by series, oldest first; a step without a sample has none. @throws InvalidInputError
   */
  async values(query: ValuesQuery): Promise<ReadonlyMap<number, readonly SeriesPoint[]>> {
    const { ids, toMs, step } = query;
    const fromMs = step === 'month' ? monthOf(query.fromMs, 0) : query.fromMs;
    const stepMs = stepMsOf(step);
    if (ids.length > MAX_SERIES) throw new InvalidInputError('series', `${ids.length} series`, `at most ${MAX_SERIES}`);
    if (!(stepMs >= 1_000) || (toMs - fromMs) / stepMs > MAX_POINTS)
      throw new InvalidInputError('step', `${stepMs} ms`, `1 s or more, and at most ${MAX_POINTS} steps`);
    const begin =
      step === 'month'
        ? "date_trunc($1::text, at, 'UTC')"
        : "date_bin($1::float8 * interval '1 millisecond', at, timestamptz '1970-01-01 00:00:00+00')";
    return await withClient(this.#pool, 'reading collected values', READ_DEADLINE_MS, async (client) => {
      const parts = await tiersOf(client, { ...query, fromMs });
      const { rows } = await client.query<PointRow>(
        // Times become numbers once for each step, not for each value: that would be nearly half of the work.
        `select series, (extract(epoch from starts) * 1000)::bigint as at_ms, total, least, most, count, missing from (
           select series, ${begin} as starts,
             sum(total) as total, min(least) as least, max(most) as most, sum(count)::int as count, sum(missing)::int as missing
           from (${parts.map(({ text }) => text).join(' union all ')}) each group by 1, 2
         ) steps order by 1, 2`,
        [step, ids, ...parts.flatMap(({ bounds }) => bounds)],
      );
      const points = new Map<number, SeriesPoint[]>(ids.map((id) => [id, []]));
      for (const row of rows) points.get(row.series)?.push(pointOf(row));
      return points;
    });
  }
}

interface PointRow {
  series: number;
  at_ms: string;
  total: number | null;
  least: number | null;
  most: number | null;
  count: number;
  missing: number;
}

const pointOf = ({ at_ms, total, least, most, count, missing }: PointRow): SeriesPoint => ({
  at: new Date(Number(at_ms)).toISOString(),
  ...{ mean: count === 0 || total === null ? null : total / count, least, most, count, missing },
});

/** At least. */
const stepMsOf = (step: ValuesQuery['step']): number => (step === 'month' ? 28 * DAY_MS : step);
/** The beginning of the month of UTC that it is in, or of one after it. */
export const monthOf = (ms: number, later: number): number => {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + later);
};

/** Which table says what of the time asked for. */
async function tiersOf(client: PoolClient, { fromMs, toMs, step }: Omit<ValuesQuery, 'ids'>) {
  const stepMs = stepMsOf(step);
  const { rows } = await client.query<{ closed_ms: string }>(
    'select (extract(epoch from closed) * 1000)::bigint as closed_ms from collected_progress',
  );
  const closedMs = Number(rows[0]!.closed_ms);
  const oldest = (await partitionsOf(client, 'collected'))[0];
  const valuesFromMs = oldest === undefined ? closedMs : oldest.fromUs / 1_000;
  // Where hours end and values begin; where days end and hours begin.
  const hoursToMs = stepMs >= HOUR_MS ? closedMs : Math.min(closedMs, valuesFromMs);
  const daysToMs = stepMs >= DAY_MS ? Math.floor(hoursToMs / DAY_MS) * DAY_MS : Number.NEGATIVE_INFINITY;
  const monthsToMs = step === 'month' ? monthOf(hoursToMs, 0) : Number.NEGATIVE_INFINITY;
  const pieces: readonly (readonly [string, number, number])[] = [
    ['collected_month', fromMs, Math.min(toMs, monthsToMs)],
    ['collected_day', Math.max(fromMs, monthsToMs), Math.min(toMs, daysToMs)],
    ['collected_hour', Math.max(fromMs, daysToMs), Math.min(toMs, hoursToMs)],
    ['collected', Math.max(fromMs, hoursToMs), toMs],
  ];
  const bounds = (at: number) => `series = any($2::int[]) and at >= $${at}::timestamptz and at < $${at + 1}::timestamptz`;
  const parts: { text: string; bounds: string[] }[] = [];
  for (const [table, from, to] of pieces) {
    if (to <= from) continue;
    const where = bounds(3 + parts.length * 2);
    const text =
      table === 'collected'
        ? `select series, at, value as total, value as least, value as most, (value is not null)::int as count, (value is null)::int as missing from collected where ${where}`
        : `select series, at, sum as total, least, most, count, missing from ${table} where ${where}`;
    parts.push({ text, bounds: [new Date(from).toISOString(), new Date(to).toISOString()] });
  }
  if (parts.length === 0) throw new InvalidInputError('from', new Date(fromMs).toISOString(), 'a time before `to`');
  return parts;
}
