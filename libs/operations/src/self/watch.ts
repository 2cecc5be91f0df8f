import { runbookPath, SELF_LEVELS, type SelfLevelName } from '@yosugara/protocol';
import type { Unit } from './sentences.js';

export { SELF_LEVELS };
export type SelfLevel = SelfLevelName;
export type BadLevel = Exclude<SelfLevel, 'ok'>;
export const BAD_LEVELS = ['notice', 'warning', 'critical'] as const satisfies readonly BadLevel[];

/** From which value on it is so bad; missing or null: it never is. */
export type SelfLimits = { readonly [level in BadLevel]?: number | null };

/** One thing about ourselves that is looked at again and again. A row of the table in docs/operations.md. */
export interface Watch {
  /** For ever: it is in events, metrics, the configuration and the address of its line in the manual. */
  readonly id: string;
  /** What the value is, in a few words: for the manual and for Prometheus. */
  readonly what: string;
  readonly unit: Unit;
  /** Which way it gets worse. */
  readonly worse: 'above' | 'below';
  readonly limits: SelfLimits;
  /** To get better it must be so far beyond the limit that it crossed. */
  readonly by: number;
  /** It must be so bad, or so much better, for so long before it is told. */
  readonly afterMs: number;
  /** So long better, when that is not the same: what comes and goes is one thing. */
  readonly clearMs?: number;
  /** `own`: of this node only, nobody else can see it. `cluster`: the Master sees it for all. */
  readonly of: 'own' | 'cluster';
  /** The sentence that an operator reads. @param item a volume, a file, a node; '' = there is one only. @param note what is known besides. */
  readonly say: (value: number, item: string, note: string) => string;
  /** The same when it is well again. */
  readonly over: (item: string) => string;
  /** What to do, for the manual. */
  readonly todo: string;
}

/** The page that says what to do. @param item an alarm of the cluster is an item that begins with its code, and has a page of its own */
export const runbookOf = (watch: string, item = ''): string =>
  runbookPath(watch === 'alarm' ? (/^[A-Z_]+(?= )/.exec(item)?.[0] ?? watch) : watch);

/** The metric of its value. */
export function metricOf({ id, unit }: Pick<Watch, 'id' | 'unit'>): `yosugara_self_${string}` {
  const ends = { seconds: '_seconds', bytes: '_bytes', ratio: '_ratio', count: '', level: '_level' }[unit];
  return `yosugara_self_${id.replaceAll('-', '_')}${ends}`;
}

/** @param held what it is told as by now: to get better it has to go further than it came. */
export function selfLevelOf(
  { worse, by }: Pick<Watch, 'worse' | 'by'>,
  limits: SelfLimits,
  value: number,
  held: SelfLevel,
): SelfLevel {
  const at = SELF_LEVELS.indexOf(held);
  const reached = BAD_LEVELS.filter((level, index) => {
    const limit = limits[level];
    if (limit === undefined || limit === null) return false;
    const margin = at > index ? by : 0;
    return worse === 'above' ? value >= limit - margin : value <= limit + margin;
  });
  return reached.at(-1) ?? 'ok';
}
