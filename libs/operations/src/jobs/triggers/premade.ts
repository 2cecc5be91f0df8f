import { firesBetween, type IsOpen, type ScheduleTrigger } from './fires.js';

const HOUR_MS = 3_600_000;
/** Of one trigger, however often it is due. */
export const MOST_PREMADE = 1_000;

/** A session that was made beforehand and has not begun. */
export interface Premade {
  readonly session: string;
  readonly dueMs: number;
  /** Somebody held it, skipped it, or changed something of it. */
  readonly isTouched: boolean;
}

export interface PremadeChanges {
  /** Times of sessions to make. */
  readonly make: readonly number[];
  /** Of a schedule that was changed: nobody wants them any more. */
  readonly remove: readonly Premade[];
  /** As those, but somebody has touched them: they stay, and run. */
  readonly stray: readonly Premade[];
}

/**
 * Which sessions are there beforehand, and which should be.
 * @param premakeHours 0 = none.
 * @param there what is there of that trigger and is not over or begun.
 */
export function premadeChanges(
  trigger: ScheduleTrigger & { readonly premakeHours: number } & { readonly isEnabled: boolean },
  there: readonly Premade[],
  nowMs: number,
  isOpen: IsOpen,
): PremadeChanges {
  const { premakeHours, isEnabled } = trigger;
  const wanted = new Set(
    isEnabled && premakeHours > 0 ? firesBetween(trigger, nowMs, nowMs + premakeHours * HOUR_MS, isOpen, MOST_PREMADE) : [],
  );
  const known = new Set(there.map(({ dueMs }) => dueMs));
  // What is due already is no longer a matter of beforehand.
  const unwanted = there.filter(({ dueMs }) => dueMs > nowMs && !wanted.has(dueMs));
  return {
    make: [...wanted].filter((dueMs) => !known.has(dueMs)),
    remove: unwanted.filter(({ isTouched }) => !isTouched),
    stray: unwanted.filter(({ isTouched }) => isTouched),
  };
}
