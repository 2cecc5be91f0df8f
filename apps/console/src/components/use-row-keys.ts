import { useKeys } from './use-keys.js';

const ROWS = 'main [data-row]';

/** The next or the one before of what can be walked along; null = there is none. @param at of the one that has the focus, -1 = none. */
export function rowAfter(count: number, at: number, by: 1 | -1): number | null {
  if (count === 0) return null;
  if (at < 0) return by === 1 ? 0 : count - 1;
  return Math.min(count - 1, Math.max(0, at + by));
}

/** `j` and `k` walk along the rows of whatever list the page has: what has the focus is what Enter opens. */
export function useRowKeys(): void {
  const walk = (by: 1 | -1) => {
    const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
    const at = rows.indexOf(document.activeElement as HTMLElement);
    const next = rowAfter(rows.length, at, by);
    if (next === null) return;
    rows[next]?.focus();
    rows[next]?.scrollIntoView({ block: 'nearest' });
  };
  useKeys({ j: () => walk(1), k: () => walk(-1) });
}
