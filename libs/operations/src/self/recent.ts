/** What a counter grew by lately. */
export interface Recent {
  readonly points: readonly (readonly [atMs: number, value: number])[];
}

export const RECENT_NONE: Recent = { points: [] };
/** So long something that was counted is bad. */
export const RECENT_MS = 300_000;
const MOST_POINTS = 1_000;

/**
 * A counter that only grows, and begins at 0 again when its process does: then all of it is new.
 * @param before what it was when it was looked at last; begins with the first look, whose value nobody can tell the age of.
 */
export function recentStep(before: Recent, nowMs: number, value: number): { readonly state: Recent; readonly increase: number } {
  const points = [...before.points, [nowMs, value] as const];
  // The newest of those that are too old is where the window begins.
  const old = points.findLastIndex(([atMs]) => nowMs - atMs >= RECENT_MS);
  const kept = points.slice(Math.max(0, old, points.length - MOST_POINTS));
  let increase = 0;
  for (let at = 1; at < kept.length; at++) {
    const [from, to] = [kept[at - 1]![1], kept[at]![1]];
    increase += to >= from ? to - from : to;
  }
  return { state: { points: kept }, increase };
}

/** Since when something is behind, and through when it came. */
export interface Behind {
  readonly sinceMs: number | null;
}

export const BEHIND_NONE: Behind = { sinceMs: null };

/**
 * How old the oldest is of what waits, without looking at it: it came after there was nothing left last time, and after the newest that is
 * done. The nearer of both is told: an upper bound, no more than one look too much.
 *
 * @param waiting how many. @param doneThroughMs when the newest that is done came, on the same clock as `nowMs`; null = not known.
 */
export function behindStep(
  before: Behind,
  nowMs: number,
  waiting: number,
  doneThroughMs: number | null,
): { readonly state: Behind; readonly ageMs: number } {
  if (waiting === 0) return { state: BEHIND_NONE, ageMs: 0 };
  const sinceMs = before.sinceMs ?? nowMs;
  return { state: { sinceMs }, ageMs: Math.max(0, nowMs - Math.max(sinceMs, doneThroughMs ?? sinceMs)) };
}

/** FNV-1a, 32 bits: a short name for a text, to tell things apart by, never to trust. */
export function shortName(text: string): string {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}

/** An alarm without its numbers and times, which change while it is on. */
export const alarmItem = (code: string, text: string): string => `${code} ${shortName(text.replace(/\b\d[\d.,:TZ/-]*\b/g, '#'))}`;
