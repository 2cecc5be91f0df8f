import { fullInWords, nameOf, RESOURCES, type Resource, type Seen, type SelfLimits, type Use, useOf } from '@yosugara/operations';
import type { Capacity, CapacityRow, SelfLevelName } from '@yosugara/protocol';
import type { KnownUse } from './capacity-tables.js';

const DAY_MS = 86_400_000;
const POINTS = 60;
const iso = (ms: number | null): string | null => (ms === null ? null : new Date(Math.min(ms, 8.64e15)).toISOString());

export interface ViewOptions {
  readonly nowMs: number;
  readonly everyMs: number;
  /** In seconds until it is full. */
  readonly limits: SelfLimits;
}

/** What fills up when, the most urgent first. */
export function capacityRows(known: readonly KnownUse[], options: ViewOptions): readonly CapacityRow[] {
  const rows = known.flatMap((each) => {
    const resource = RESOURCES.find(({ id }) => id === each.resource);
    return resource === undefined || !isThere(each, options.nowMs) ? [] : [rowOf(resource, each, options)];
  });
  return rows.sort((one, other) => urgency(one) - urgency(other) || (other.share ?? 0) - (one.share ?? 0));
}

/** What was not measured for a day is gone: a queue that was deleted, a volume that is called otherwise now. */
const isThere = ({ used }: KnownUse, nowMs: number): boolean =>
  [...used.values()].some((points) => nowMs - (points.at(-1)?.atMs ?? 0) < DAY_MS);

function rowOf(resource: Resource, known: KnownUse, { nowMs, everyMs, limits }: ViewOptions): CapacityRow {
  const { id, what, unit, advice, manual } = resource;
  const use = useOf({ history: known.used, limit: limitOf(resource, known), nowMs, everyMs });
  const { used, limit, share, peak, perDay, forecast, spanMs } = use;
  const full = forecast.kind === 'full' ? forecast : null;
  const shortest = known.used.get(Math.min(...known.used.keys())) ?? [];
  return {
    ...{ resource: id, what, node: known.node, item: known.item, unit, used, limit, share, peak, perDay },
    full: {
      kind: forecast.kind,
      at: iso(full?.atMs ?? (forecast.kind === 'far' ? forecast.afterMs : null)),
      ...{ earliest: iso(full?.earliestMs ?? null), latest: iso(full?.latestMs ?? null), confidence: full?.confidence ?? null },
      ...{ seconds: spanMs === null ? null : Math.round(spanMs / 1_000), says: fullInWords(forecast, nowMs) },
    },
    level: levelOf(use, limits, nowMs),
    ...{ advice, manual, series: known.series },
    points: shortest.slice(-POINTS).map(({ atMs, value }) => ({ at: new Date(atMs).toISOString(), value })),
  };
}

function limitOf({ limit }: Resource, { limits }: KnownUse): number | null {
  if (limit === 'none' || limits.length === 0) return null;
  return limit === 'newest' ? limits.at(-1)!.value : Math.max(...limits.map(({ value }) => value));
}

/** What is not sure is shown, and nobody is woken up for it. */
function levelOf({ forecast }: Use, limits: SelfLimits, nowMs: number): SelfLevelName {
  if (forecast.kind !== 'full' || forecast.confidence === 'low') return 'ok';
  const seconds = (forecast.atMs - nowMs) / 1_000;
  return (['critical', 'warning', 'notice'] as const).find((level) => seconds <= (limits[level] ?? -1)) ?? 'ok';
}

function urgency({ full }: CapacityRow): number {
  if (full.kind === 'full' && full.at !== null) return Date.parse(full.at) + (full.confidence === 'low' ? 1e14 : 0);
  return { full: 1e15, far: 2e15, never: 3e15, unknown: 4e15 }[full.kind];
}

/** For the watch over ourselves: seconds until each is full of which that is known well enough. */
export function fillingsOf({ rows, at }: Pick<Capacity, 'rows' | 'at'>): readonly Seen[] {
  return rows.flatMap(({ resource, node, item, full, advice }) => {
    const is = RESOURCES.find(({ id }) => id === resource);
    if (is === undefined || full.kind !== 'full' || full.at === null || full.confidence === 'low') return [];
    const seconds = Math.max(0, (Date.parse(full.at) - Date.parse(at)) / 1_000);
    return [{ item: nameOf(is, node, item), value: seconds, note: advice }];
  });
}
