import { DASHBOARD_COLUMNS, DASHBOARD_RANGES, type DashboardRange, MOST_WIDGET_ROWS, type Widget } from '@yosugara/protocol';

/** What time a dashboard shows: so far back from now, or from one moment to another. */
export type Span =
  | { readonly kind: 'range'; readonly range: DashboardRange }
  | { readonly kind: 'fixed'; readonly from: string; readonly to: string };

/** Of a page's address: `range=24h`, or `from` and `to` as RFC 3339. What cannot be read is not there. */
export function spanOf(address: URLSearchParams, usual: DashboardRange): Span {
  const [from, to] = [instant(address.get('from')), instant(address.get('to'))];
  if (from !== null && to !== null && from < to) return { kind: 'fixed', from, to };
  return { kind: 'range', range: DASHBOARD_RANGES.find((each) => each === address.get('range')) ?? usual };
}

function instant(text: string | null): string | null {
  const ms = text === null ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : new Date(ms).toISOString();
}

/** Parts of a query. The same text while it stands, so that asking again is asking the same. @param names what the route calls the bounds. */
export function spanQuery(span: Span, [begin, end]: readonly [string, string]): Readonly<Record<string, string>> {
  return span.kind === 'range' ? { [begin]: span.range } : { [begin]: span.from, [end]: span.to };
}

const at = <T>(list: readonly T[], from: number, to: number): readonly T[] => {
  const after = [...list];
  const [moved] = after.splice(from, 1);
  if (moved !== undefined) after.splice(to, 0, moved);
  return after;
};

/** So many places on, as far as there are any. */
export function moved(widgets: readonly Widget[], id: string, by: number): readonly Widget[] {
  const from = widgets.findIndex((each) => each.id === id);
  const to = Math.min(widgets.length - 1, Math.max(0, from + by));
  return from < 0 || from === to ? widgets : at(widgets, from, to);
}

/** Into the place of another one, which makes room. */
export function movedTo(widgets: readonly Widget[], id: string, other: string): readonly Widget[] {
  const [from, to] = [widgets.findIndex((each) => each.id === id), widgets.findIndex((each) => each.id === other)];
  return from < 0 || to < 0 || from === to ? widgets : at(widgets, from, to);
}

export const changed = (widgets: readonly Widget[], id: string, part: Partial<Widget>): readonly Widget[] =>
  widgets.map((each) => (each.id === id ? ({ ...each, ...part } as Widget) : each));

const within = (value: number, most: number) => Math.min(most, Math.max(1, Math.round(value)));

export function resized(widgets: readonly Widget[], id: string, width: number, height: number): readonly Widget[] {
  const now = widgets.find((each) => each.id === id);
  const size = { width: within(width, DASHBOARD_COLUMNS), height: within(height, MOST_WIDGET_ROWS) };
  return now === undefined || (now.width === size.width && now.height === size.height) ? widgets : changed(widgets, id, size);
}

/** An id that no other has: the type, and a number. */
export function freeId(widgets: readonly Widget[], type: string): string {
  const taken = new Set(widgets.map(({ id }) => id));
  for (let number = 1; ; number += 1) if (!taken.has(`${type}-${number}`)) return `${type}-${number}`;
}

/** Beside the one it was made of. */
export function copied(widgets: readonly Widget[], id: string): readonly Widget[] {
  return widgets.flatMap((each) => (each.id === id ? [each, { ...each, id: freeId(widgets, each.type) }] : [each]));
}
