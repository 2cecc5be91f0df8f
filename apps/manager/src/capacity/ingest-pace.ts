/** How quick ingest was between two looks. */
export interface IngestPace {
  /** Messages that wait to be stored. */
  readonly behind: number;
  readonly perSecond: number;
  /** It could not do more: as many waited all the time. null = it could, or nobody knows. */
  readonly ceiling: number | null;
}

export interface IngestLook {
  readonly atMs: number;
  readonly stored: number;
  readonly behind: number;
}

/** As much as comes in a second and is not stored by then is none that waits. */
const WAITS_S = 2;

/**
 * From how many this process has stored: what it stored while more waited than it does in two seconds is the most that this cluster can.
 * @param before null = the first look. @returns null — there is nothing to compare it with.
 */
export function paceOf(before: IngestLook | null, now: IngestLook): IngestPace | null {
  if (before === null || now.atMs <= before.atMs || now.stored < before.stored) return null;
  const perSecond = ((now.stored - before.stored) * 1_000) / (now.atMs - before.atMs);
  const waits = Math.min(before.behind, now.behind);
  return { behind: now.behind, perSecond, ceiling: perSecond > 0 && waits > WAITS_S * perSecond ? perSecond : null };
}
