import { useCallback, useState } from 'react';

/** The same with it, or without it where it was there. */
export function toggled<T>(all: ReadonlySet<T>, one: T): ReadonlySet<T> {
  const after = new Set(all);
  if (!after.delete(one)) after.add(one);
  return after;
}

/** Rows that are opened, or folded: those, and how one of them is turned over. */
export function useToggled(): readonly [ReadonlySet<string>, (one: string) => void] {
  const [all, setAll] = useState<ReadonlySet<string>>(new Set());
  const toggle = useCallback((one: string) => setAll((before) => toggled(before, one)), []);
  return [all, toggle];
}
