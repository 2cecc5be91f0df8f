import type { CapacityRow } from '@yosugara/protocol';

/** Fuller than this is worth an advice, however it grows. */
const MUCH = 0.8;

/** Whether something is to be done about it. */
export const advisedOf = ({ full, share }: Pick<CapacityRow, 'full' | 'share'>): boolean =>
  full.kind === 'full' || (share ?? 0) >= MUCH;

/** Points of a polyline. Its top is the limit where that is near, else a little more than the most there was. */
export function sparkOf({ points, limit }: Pick<CapacityRow, 'points' | 'limit'>, width: number, height: number): string {
  if (points.length < 2) return '';
  const times = points.map(({ at }) => Date.parse(at));
  const [first, last] = [times[0]!, times.at(-1)!];
  const most = Math.max(...points.map(({ value }) => value));
  const top = limit !== null && limit > 0 && most >= limit / 2 ? limit : most * 1.25;
  const x = (at: number) => ((at - first) / Math.max(1, last - first)) * width;
  const y = (value: number) => height - 1 - (top <= 0 ? 0 : Math.min(1, Math.max(0, value / top))) * (height - 2);
  return points.map(({ value }, at) => `${x(times[at]!).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
}

/** What its series is called among the collected values. */
export const seriesTextOf = ({ resource, node, item }: Pick<CapacityRow, 'resource' | 'node' | 'item'>): string =>
  ['used', resource, ...(node === '' ? [] : [`@${node}`]), ...(item === '' ? [] : [item])].join(' ');
