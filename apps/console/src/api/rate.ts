import type { MessageRow } from '@yosugara/protocol';

/** Severities in the groups the chart tells apart, worst first. */
export const RATE_GROUPS = ['error', 'warning', 'info', 'debug', 'trap'] as const;
export type RateGroup = (typeof RATE_GROUPS)[number];

export const BIN_MS = 5_000;
export const BINS = 60;

export interface Bin {
  /** Begin of the bin, ms since 1970. */
  readonly atMs: number;
  readonly counts: Readonly<Record<RateGroup, number>>;
  readonly total: number;
}

const GROUP_OF: Readonly<Record<string, RateGroup>> = {
  emerg: 'error',
  alert: 'error',
  crit: 'error',
  err: 'error',
  warning: 'warning',
  notice: 'info',
  info: 'info',
  debug: 'debug',
};

export function groupOf(row: Pick<MessageRow, 'kind' | 'severity'>): RateGroup {
  if (row.severity === null) return row.kind === 'trap' ? 'trap' : 'info';
  return GROUP_OF[row.severity] ?? 'info';
}

const none = (): Record<RateGroup, number> => ({ error: 0, warning: 0, info: 0, debug: 0, trap: 0 });

/** Messages counted by time of reception in bins of five seconds; holds only the bins, for twice the time shown. */
export class RateCounter {
  readonly #bins = new Map<number, Record<RateGroup, number>>();

  /** Each row once: the caller has dropped the known ids. */
  count(row: MessageRow): void {
    const at = Date.parse(row.receivedAt);
    if (Number.isNaN(at)) return;
    const slot = Math.floor(at / BIN_MS);
    const bin = this.#bins.get(slot) ?? none();
    bin[groupOf(row)] += 1;
    this.#bins.set(slot, bin);
    if (this.#bins.size > BINS * 2) this.#bins.delete(Math.min(...this.#bins.keys()));
  }

  /** The last `BINS` bins up to now, oldest first. */
  bins(nowMs: number): readonly Bin[] {
    const last = Math.floor(nowMs / BIN_MS);
    return Array.from({ length: BINS }, (_, index) => {
      const slot = last - BINS + 1 + index;
      const counts = { ...(this.#bins.get(slot) ?? none()) };
      return { atMs: slot * BIN_MS, counts, total: RATE_GROUPS.reduce((sum, group) => sum + counts[group], 0) };
    });
  }
}
