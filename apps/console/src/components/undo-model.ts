/** What something was, is, and was before it was undone. */
export interface Undoable<T> {
  readonly past: readonly T[];
  readonly now: T;
  readonly future: readonly T[];
  /** Edits under the same name are one step, such as what is typed into one form; null = the next one is a step of its own. */
  readonly last: string | null;
}

const MOST_STEPS = 200;

export const begun = <T>(now: T): Undoable<T> => ({ past: [], now, future: [], last: null });

export function done<T>(before: Undoable<T>, now: T, name: string | null = null): Undoable<T> {
  if (now === before.now) return before;
  const isMore = name !== null && name === before.last;
  return { past: isMore ? before.past : [...before.past.slice(1 - MOST_STEPS), before.now], now, future: [], last: name };
}

export function undone<T>(before: Undoable<T>): Undoable<T> {
  if (before.past.length === 0) return before;
  return { past: before.past.slice(0, -1), now: before.past.at(-1)!, future: [before.now, ...before.future], last: null };
}

export function redone<T>(before: Undoable<T>): Undoable<T> {
  const [now, ...future] = before.future;
  return now === undefined ? before : { past: [...before.past, before.now], now, future, last: null };
}
