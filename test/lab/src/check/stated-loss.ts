import { formatLsn, type Lsn, parseLsn } from '@yosugara/kernel';
import { examples } from './checker.js';
import type { Acknowledged, ReadBack } from './types.js';

/** What a promotion by hand told the operator, and what the promoted node held when it began to serve. */
export interface Promotion {
  /** Up to here the first site's WAL had arrived. null: it named no position. */
  readonly received: Lsn | null;
  /** What was acknowledged before may not be lost, whatever was named. */
  readonly notBeforeMs?: number;
  /** null: it could not be estimated. */
  readonly lostBytes: number | null;
  /** When the old Master was last heard before, as it said; CLOCK_MONOTONIC. */
  readonly heardMs: number;
  /** From here on only the copy acknowledges; CLOCK_MONOTONIC. */
  readonly atMs: number;
  readonly held: ReadBack['keys'];
}

export interface StatedLoss {
  /** Acknowledged by the first site and not in the second: allowed, as far as `violations` has nothing against it. */
  readonly lost: readonly Acknowledged[];
  /** From what had arrived to the newest acknowledged write of the first site, at least; null: no position was named. */
  readonly bytes: number | null;
  readonly violations: readonly string[];
}

/** A report's position is as old as the look at the server that it tells of, with the way to the other site. */
const REPORT_IS_OLD_MS = 2_000;

/**
 * Who is promoted by hand may lack acknowledged writes: the copy of another site is asynchronous. Held against the words of `dr promote`:
 * what had arrived up to the position which it named is there, nothing behind it is, and up to the moment at which the old Master
 * was last heard no more is lost than the bytes that it named.
 *
 * @param acknowledged also by other sites: only what was acknowledged before the promotion is looked at.
 */
export function statedLoss(acknowledged: readonly Acknowledged[], promotion: Promotion): StatedLoss {
  const before = acknowledged.filter((write) => write.atMs < promotion.atMs);
  const held = { sql: new Set(promotion.held.sql), api: new Set(promotion.held.api), append: new Set(promotion.held.append) };
  const isHeld = (write: Acknowledged) => held[write.writer].has(write.key);
  const lost = before.filter((write) => !isHeld(write));
  const committedBy = bounds(before);
  const violations: string[] = [];
  const found = (writes: readonly Acknowledged[], says: string) => {
    if (writes.length > 0) violations.push(`${writes.length} ${says}: ${examples(writes.map(({ key }) => key))}`);
  };
  const { received, lostBytes, notBeforeMs = Number.NEGATIVE_INFINITY } = promotion;
  found(
    lost.filter((write) => write.atMs < notBeforeMs),
    'acknowledged writes are lost of the time in which the promoted node had to hold them',
  );
  if (received === null) return { lost, bytes: null, violations };
  const point = formatLsn(received);
  found(
    lost.filter((write) => committedBy(write.atMs) <= received),
    `acknowledged writes are lost though the WAL up to ${point}, which dr promote named, holds them`,
  );
  found(
    before.filter((write) => isHeld(write) && positionOf(write) > received),
    `writes are there though they lie behind ${point}, which dr promote named`,
  );
  if (lostBytes !== null) {
    const stated = received + lostBytes;
    const heard = lost.filter((write) => write.atMs < promotion.heardMs - REPORT_IS_OLD_MS);
    found(
      heard.filter((write) => positionOf(write) > stated),
      `writes of the time in which the old Master was heard are lost beyond the ${lostBytes} bytes that dr promote named`,
    );
  }
  const newest = before.reduce((most, write) => Math.max(most, positionOf(write)), 0);
  return { lost, bytes: Math.max(0, newest - received), violations };
}

const positionOf = ({ lsn }: Acknowledged): number => (lsn === undefined ? 0 : parseLsn(lsn));

/** What was acknowledged at a moment had been committed below the position at which a later write began. No later write: unknown. */
function bounds(writes: readonly Acknowledged[]): (atMs: number) => number {
  const known = writes
    .flatMap((write) => (write.begunMs === undefined ? [] : [{ begunMs: write.begunMs, position: positionOf(write) }]))
    .sort((left, right) => right.begunMs - left.begunMs);
  let least = Number.POSITIVE_INFINITY;
  const falling = known.map(({ begunMs, position }) => {
    least = Math.min(least, position);
    return { begunMs, least };
  });
  // Newest first: the last one that began after the moment has the least of all of them.
  return (atMs) => falling.findLast(({ begunMs }) => begunMs > atMs)?.least ?? Number.POSITIVE_INFINITY;
}
