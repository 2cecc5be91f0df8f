import type { Acknowledged, MasterAnswer, Percentiles, WriterName } from './types.js';

/** Writes that named only an epoch get the node that owned it. */
export function nameHolders(acknowledged: readonly Acknowledged[], owners: ReadonlyMap<number, string>): readonly Acknowledged[] {
  return acknowledged.map((write) => {
    const epoch = /^#(\d+)$/.exec(write.holder)?.[1];
    return epoch === undefined ? write : { ...write, holder: `${owners.get(Number(epoch)) ?? ''}#${epoch}` };
  });
}

export interface Window {
  readonly fromMs: number;
  readonly toMs: number;
}

/**
 * Longest gap between two neighbouring acknowledged writes of one writer that overlaps the window. A writer that was never
 * acknowledged after the window began has a gap to the window's end: silence is not a short gap.
 *
 * @returns ms; null when the writer was never acknowledged at all before the window ended.
 */
export function longestGapMs(acknowledged: readonly Acknowledged[], writer: WriterName, window: Window): number | null {
  const times = acknowledged.filter((write) => write.writer === writer && write.atMs <= window.toMs).map((write) => write.atMs);
  if (times.length === 0) return null;
  times.sort((left, right) => left - right);
  times.push(window.toMs);
  let longest = 0;
  for (let at = 1; at < times.length; at++) {
    const until = times[at] as number;
    if (until >= window.fromMs) longest = Math.max(longest, until - (times[at - 1] as number));
  }
  return longest;
}

/** Acknowledged writes of W1 and W2 a second. */
export function writesPerSecond(acknowledged: readonly Acknowledged[], { fromMs, toMs }: Window): number | null {
  if (fromMs === 0 || toMs - fromMs < 200) return null;
  const inside = acknowledged.filter(({ writer, atMs }) => writer !== 'append' && atMs >= fromMs && atMs <= toMs);
  return (inside.length * 1_000) / (toMs - fromMs);
}

/** The worse of the two writers (failover.md, ruling 18). null: one of them was never acknowledged. */
export function worstGapMs(acknowledged: readonly Acknowledged[], window: Window): number | null {
  const gaps = (['sql', 'api'] as const).map((writer) => longestGapMs(acknowledged, writer, window));
  return gaps.some((gap) => gap === null) ? null : Math.max(...gaps.map((gap) => gap ?? 0));
}

/**
 * How long two holders acted at one time (S1, failover.md ruling 4): the summed overlap of the intervals [first, last] of
 * different holders, within each kind of evidence. Sampling flags would miss what happens between two samples; an interval
 * between two acknowledgements of one epoch does not.
 */
export function twoMastersMs(acknowledged: readonly Acknowledged[], answers: readonly MasterAnswer[]): number {
  const sql = intervals(acknowledged.filter((write) => write.writer !== 'api'));
  const api = intervals(acknowledged.filter((write) => write.writer === 'api'));
  const ok200 = answerIntervals(answers);
  return Math.max(
    overlapMs(sql),
    overlapMs(api),
    overlapMs(ok200),
    nodesOverlapMs(sql, api),
    nodesOverlapMs(sql, ok200),
    nodesOverlapMs(api, ok200),
  );
}

interface Interval {
  readonly holder: string;
  readonly fromMs: number;
  toMs: number;
}

function intervals(acts: readonly Acknowledged[]): readonly Interval[] {
  const byHolder = new Map<string, Interval>();
  for (const act of [...acts].sort((left, right) => left.atMs - right.atMs)) {
    const known = byHolder.get(act.holder);
    if (known === undefined) byHolder.set(act.holder, { holder: act.holder, fromMs: act.atMs, toMs: act.atMs });
    else known.toMs = act.atMs;
  }
  return [...byHolder.values()];
}

/** A 200 names no epoch: a node may be Master, stop, and be Master again. Its silence of a second ends an interval. */
const ANSWERS_BELONG_TOGETHER_MS = 1_000;

function answerIntervals(answers: readonly MasterAnswer[]): readonly Interval[] {
  const found: Interval[] = [];
  const current = new Map<string, Interval>();
  for (const answer of [...answers].sort((left, right) => left.atMs - right.atMs)) {
    const known = current.get(answer.node);
    if (known !== undefined && answer.atMs - known.toMs < ANSWERS_BELONG_TOGETHER_MS) known.toMs = answer.atMs;
    else {
      const fresh = { holder: answer.node, fromMs: answer.atMs, toMs: answer.atMs };
      current.set(answer.node, fresh);
      found.push(fresh);
    }
  }
  return found;
}

function overlapMs(found: readonly Interval[]): number {
  let sum = 0;
  for (const [at, one] of found.entries())
    for (const other of found.slice(at + 1)) if (one.holder !== other.holder) sum += overlapOf(one, other);
  return sum;
}

/** Between two kinds of evidence, whose epochs have no common name: two different nodes at one time are two Masters. */
function nodesOverlapMs(some: readonly Interval[], others: readonly Interval[]): number {
  let sum = 0;
  for (const one of some)
    for (const other of others)
      if (nodeOf(one) !== '' && nodeOf(other) !== '' && nodeOf(one) !== nodeOf(other)) sum += overlapOf(one, other);
  return sum;
}

/** Holders are `node#epoch`, `node#timeline t`, `node`, or `#epoch` when the node is not known. */
const nodeOf = (interval: Interval) => interval.holder.split('#')[0];

/** Two acts of two holders at exactly one time count as 1 ms: an overlap is never nothing. */
function overlapOf(one: Interval, other: Interval): number {
  const overlap = Math.min(one.toMs, other.toMs) - Math.max(one.fromMs, other.fromMs);
  return overlap < 0 ? 0 : Math.max(overlap, 1);
}

/** Nearest rank. null when there is no value. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((left, right) => left - right);
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;
  return { p50: rank(0.5), p95: rank(0.95), max: sorted.at(-1) ?? null };
}
