/** A tick further ahead than this was done by a clock that was wrong: it is not waited for. */
const CLOCK_BACK_MS = 60_000;

export interface Schedule {
  readonly intervalMs: number;
  /** Of the first tick after 1970. */
  readonly anchorMs: number;
}

/** The same on both nodes, and spread evenly over the interval. */
export function scheduleOf(monitor: string, facility: string, intervalMs: number): Schedule {
  return { intervalMs, anchorMs: Math.floor((digest(`${monitor}\0${facility}`) / 2 ** 32) * intervalMs) };
}

/** The newest tick that is due at that time. */
export function newestDueMs({ anchorMs, intervalMs }: Schedule, nowMs: number): number {
  return anchorMs + Math.floor((nowMs - anchorMs) / intervalMs) * intervalMs;
}

export type TickPlan =
  /** `lateMs` after its time; `skipped` ticks before it are not run any more. */
  | { readonly kind: 'run'; readonly dueAtMs: number; readonly lateMs: number; readonly skipped: number }
  | { readonly kind: 'wait'; readonly untilMs: number };

/**
 * What is to be done of a schedule now: the newest tick that is due, once; those before it are skipped and counted.
 *
 * @param doneMs newest tick that is done, or that was due when it was set up.
 */
export function planTick(schedule: Schedule, doneMs: number, nowMs: number): TickPlan {
  const { intervalMs } = schedule;
  const dueAtMs = newestDueMs(schedule, nowMs);
  // Done in a time that is not yet: by a clock that was set back since.
  const afterMs = doneMs - nowMs > intervalMs + CLOCK_BACK_MS ? dueAtMs : doneMs;
  if (dueAtMs <= afterMs) return { kind: 'wait', untilMs: Math.max(dueAtMs, newestDueMs(schedule, afterMs)) + intervalMs };
  const firstMs = newestDueMs(schedule, afterMs) + intervalMs;
  return { kind: 'run', dueAtMs, lateMs: nowMs - dueAtMs, skipped: Math.round((dueAtMs - firstMs) / intervalMs) };
}

/** FNV-1a, with an avalanche at its end (as MurmurHash3's) so that names that differ in their last letter are far apart. */
function digest(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
