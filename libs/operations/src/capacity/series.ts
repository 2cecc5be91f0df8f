import type { Collected } from '../monitors/index.js';
import { SELF_FACILITY } from '../self/index.js';
import { type Measure, resourceOf } from './resources.js';

/** Whose series they are: everybody's who sees what the program tells of itself. */
export const CAPACITY_SERIES = { monitor: SELF_FACILITY, facility: SELF_FACILITY } as const;
/** Every item of ours begins so. */
export const CAPACITY_ITEM = 'capacity ';

const PARTS = /^capacity (used|limit) ([a-z-]+)(?: @([a-z][a-z0-9_]{0,30}))?(?: (.+))?$/s;

export interface SeriesName extends Pick<Measure, 'resource' | 'node' | 'item'> {
  readonly part: 'used' | 'limit';
}

/** `capacity used disk @a data`. */
export const seriesItemOf = ({ part, resource, node, item }: SeriesName): string =>
  `${CAPACITY_ITEM}${part} ${resource}${node === '' ? '' : ` @${node}`}${item === '' ? '' : ` ${item}`}`;

/** null: none of ours. */
export function seriesNameOf(text: string): SeriesName | null {
  const [, part, resource, node = '', item = ''] = PARTS.exec(text) ?? [];
  if (resource === undefined || resourceOf(resource) === undefined) return null;
  return { part: part as SeriesName['part'], resource, node, item };
}

/** As values that are kept, drawn and summed up as all others. */
export function collectedOf(measures: readonly Measure[], atMs: number): readonly Collected[] {
  return measures.flatMap(({ used, limit, ...of }) => {
    const one = (part: SeriesName['part'], value: number): Collected => ({
      ...CAPACITY_SERIES,
      ...{ item: seriesItemOf({ ...of, part }), atMs, value },
    });
    const known = [
      Number.isFinite(used) ? [one('used', used)] : [],
      limit !== null && Number.isFinite(limit) ? [one('limit', limit)] : [],
    ];
    return known.flat();
  });
}
