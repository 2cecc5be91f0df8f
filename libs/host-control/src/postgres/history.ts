import { type Lsn, parseLsn } from '@yosugara/kernel';

/** One ancestor: its timeline and where it was left. Source: timeline.c, writeTimeLineHistory. */
export interface Ancestor {
  readonly timeline: number;
  readonly end: Lsn;
}

export function parseHistory(text: string): readonly Ancestor[] {
  return text
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([0-9A-F]+\/[0-9A-F]+)/i.exec(line))
    .filter((found) => found !== null)
    .map((found) => ({ timeline: Number(found[1]), end: parseLsn(found[2]!) }));
}

/**
 * Where two lineages part: the end of the last stretch they share. null: the one without an end is shared, so they have not parted
 * as far as timelines tell. Each lineage is its ancestors, oldest first, and then its own timeline.
 */
export function forkPoint(
  ours: readonly Ancestor[],
  ourTimeline: number,
  theirs: readonly Ancestor[],
  theirTimeline: number,
): Lsn | null {
  const a = [...ours, { timeline: ourTimeline, end: Number.POSITIVE_INFINITY }];
  const b = [...theirs, { timeline: theirTimeline, end: Number.POSITIVE_INFINITY }];
  let fork = 0;
  for (let at = 0; at < a.length && at < b.length && a[at]!.timeline === b[at]!.timeline; at++) {
    fork = Math.min(a[at]!.end, b[at]!.end);
    if (a[at]!.end !== b[at]!.end) break;
  }
  return Number.isFinite(fork) ? (fork as Lsn) : null;
}

/** Each later timeline of a lineage and where it left its parent, the lineage's own timeline last. */
export function forksOf(ancestors: readonly Ancestor[], ownTimeline: number): readonly { timeline: number; forkLsn: Lsn }[] {
  return ancestors.map(({ end }, at) => ({ timeline: ancestors[at + 1]?.timeline ?? ownTimeline, forkLsn: end }));
}
