import type { IngestCounts, IngestMinute, IngestSource, IngestSummary } from '@yosugara/protocol';

export const RECEIPT_MINUTES = 60;
const MINUTE_MS = 60_000;

/** One minute: messages that came to both nodes, and those that came to one only, by node. */
export interface ReceiptBin {
  readonly atMs: number;
  readonly both: number;
  readonly only: readonly number[];
}

export const sumOf = (bin: ReceiptBin): number => bin.both + bin.only.reduce((sum, each) => sum + each, 0);

/** The last hour up to now, oldest first; minutes in which nothing came are there, too. */
export function receiptBins(minutes: readonly IngestMinute[], nodes: readonly string[], nowMs: number): readonly ReceiptBin[] {
  const known = new Map(minutes.map((minute) => [Math.floor(Date.parse(minute.at) / MINUTE_MS), minute]));
  const last = Math.floor(nowMs / MINUTE_MS);
  return Array.from({ length: RECEIPT_MINUTES }, (_, index) => {
    const slot = last - RECEIPT_MINUTES + 1 + index;
    const minute = known.get(slot);
    const only = nodes.map((node) => minute?.onlyAt[node] ?? 0);
    // Of a pair that is being stored just now one half may be counted already.
    const both = Math.max(0, ...nodes.map((node, at) => (minute?.received[node] ?? 0) - only[at]!));
    return { atMs: slot * MINUTE_MS, both, only };
  });
}

/** How many more the first node received. null: there are not two. */
export function differenceOf({ received }: IngestCounts, nodes: readonly string[]): number | null {
  const [first, second] = nodes;
  return first === undefined || second === undefined ? null : (received[first] ?? 0) - (received[second] ?? 0);
}

/** What was refused of a source, of all nodes by node and reason; what was cut counts as well. */
export function refusalsOf({
  atReceiver,
}: IngestSource): readonly { readonly node: string; readonly reason: string; readonly count: number }[] {
  return Object.entries(atReceiver).flatMap(([node, { refused, cut }]) => [
    ...Object.entries(refused).map(([reason, count]) => ({ node, reason, count })),
    ...(cut > 0 ? [{ node, reason: 'cut', count: cut }] : []),
  ]);
}

/** Stretches of journals shown of each kind. */
const MOST_STRETCHES = 5;

export interface MissingLine {
  readonly kind: 'owed' | 'lost';
  readonly records: number;
  readonly stretches: readonly string[];
  /** Stretches that are not shown. */
  readonly more: number;
}

/** What ingest went on behind: only kinds of which there is something. */
export function missingOf({ missing }: Pick<IngestSummary, 'missing'>): readonly MissingLine[] {
  const kinds = [['owed', missing?.owed] as const, ['lost', missing?.lost] as const];
  return kinds.flatMap(([kind, found]) => {
    if (found === undefined || found === null || found.records === 0) return [];
    const stretches = found.stretches
      .slice(0, MOST_STRETCHES)
      .map(({ journalId, from, through }) => `${journalId}: ${from} – ${through}`);
    return [{ kind, records: found.records, stretches, more: found.stretches.length - stretches.length }];
  });
}
