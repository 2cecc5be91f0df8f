import type { EventRow, MonitorBody, Priority, Thresholds, ValueRange } from '@yosugara/protocol';
import type { Scale } from './line-model.js';

/** What stands about a line: what was told of it, and where its monitor's limits are. */

/** Events nearer to each other than this are one mark: a finger finds it. */
export const MARK_PX = 24;
const WORST_FIRST: readonly Priority[] = ['critical', 'unknown', 'warning', 'info'];
/** Of packets lost, which a ping judges beside the time. */
const LOSS = /(?:^|\/)loss$/;

/** Those of this very series: a ping's loss is told of with its time. */
export const isOf = (series: { readonly item: string }, { item }: Pick<EventRow, 'item'>): boolean =>
  item === series.item || item === series.item.replace(LOSS, '');

export interface Mark {
  /** Of its middle. */
  readonly x: number;
  readonly priority: Priority;
  /** The newest of the worst priority. */
  readonly event: EventRow;
  readonly count: number;
}

/** At most one for each place. @param x where an event is; outside of 0 to `width` it is not drawn. */
export function marksOf(events: readonly EventRow[], x: (event: EventRow) => number, width: number): readonly Mark[] {
  const places = new Map<number, EventRow[]>();
  const last = Math.max(0, Math.floor(width / MARK_PX) - 1);
  for (const event of events) {
    const at = x(event);
    if (at < 0 || at > width) continue;
    const place = Math.min(last, Math.floor(at / MARK_PX));
    places.set(place, [...(places.get(place) ?? []), event]);
  }
  return [...places].map(([place, found]) => {
    const priority = WORST_FIRST.find((each) => found.some((event) => event.priority === each)) ?? 'info';
    const worst = found.filter((event) => event.priority === priority);
    const event = worst.reduce((newest, each) => (each.number > newest.number ? each : newest));
    return { x: (place + 0.5) * MARK_PX, priority, event, count: found.length };
  });
}

/** What this series is judged by; null = by nothing that has limits. */
export function limitsOf(body: MonitorBody, item: string): Thresholds | null {
  if (body.type === 'ping' && LOSS.test(item)) return body.loss;
  return 'numeric' in body ? body.numeric : null;
}

export interface LimitBand {
  readonly from: number;
  readonly to: number;
  readonly priority: 'warning' | 'critical';
}

const isIn = ([lower, upper]: ValueRange, value: number) =>
  (lower === null || value >= lower) && (upper === null || value < upper);

/** What is drawn and is no info, from below. */
export function limitBands({ info, warning }: Thresholds, { low, high }: Pick<Scale, 'low' | 'high'>): readonly LimitBand[] {
  const inside = [...info, ...warning].filter((bound) => bound !== null && bound > low && bound < high) as number[];
  const cuts = [...new Set([low, ...inside, high])].sort((one, other) => one - other);
  const bands: LimitBand[] = [];
  for (const [place, to] of cuts.slice(1).entries()) {
    const from = cuts[place]!;
    const middle = (from + to) / 2;
    if (isIn(info, middle)) continue;
    const priority = isIn(warning, middle) ? 'warning' : 'critical';
    const before = bands.at(-1);
    if (before?.priority === priority && before.to === from) bands[bands.length - 1] = { ...before, to };
    else bands.push({ from, to, priority });
  }
  return bands;
}
