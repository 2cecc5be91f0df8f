import type { PoolClient } from 'pg';

const HOUR_US = 3_600_000_000;
const NAME = /^message_p(\d{4})(\d\d)(\d\d)(\d\d)?$/;
/**
 * Of one statement. To plan a statement every partition and every index of it is locked and looked at: with 90 days in hours
 * that is a second and the whole lock table.
 */
const PARTITIONS_AT_ONCE = 48;

export interface Partition {
  readonly name: string;
  readonly width: 'day' | 'hour';
  readonly fromUs: number;
  /** Not in it any more. */
  readonly toUs: number;
}

/** null = no bound. */
export interface Span {
  readonly fromUs: number | null;
  readonly toUs: number | null;
}

/** A table's name says what is in it; null = no partition of ours. */
export function partitionOf(name: string): Partition | null {
  const [, year, month, day, hour] = NAME.exec(name) ?? [];
  if (year === undefined) return null;
  const fromUs = Date.parse(`${year}-${month}-${day}T${hour ?? '00'}:00:00Z`) * 1_000;
  const width = hour === undefined ? 'day' : 'hour';
  return { name, width, fromUs, toUs: fromUs + (width === 'day' ? 24 : 1) * HOUR_US };
}

/** Attached ones, oldest first. */
export async function partitionsOf(client: Pick<PoolClient, 'query'>): Promise<readonly Partition[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = 'message'::regclass and not i.inhdetachpending`,
  );
  const found = rows.flatMap(({ name }) => partitionOf(name) ?? []);
  return found.sort((a, b) => a.fromUs - b.fromUs);
}

/** The time in pieces of few partitions, newest first: most searches end within the first. */
export async function spansOf(
  client: Pick<PoolClient, 'query'>,
  sinceUs = Number.NEGATIVE_INFINITY,
  untilUs = Number.POSITIVE_INFINITY,
): Promise<readonly Span[]> {
  const partitions = (await partitionsOf(client)).filter(({ fromUs, toUs }) => toUs > sinceUs && fromUs < untilUs).reverse();
  const spans: Span[] = [];
  for (let at = 0; at < partitions.length; at += PARTITIONS_AT_ONCE) {
    const piece = partitions.slice(at, at + PARTITIONS_AT_ONCE);
    spans.push({
      fromUs: Math.max(sinceUs, piece.at(-1)?.fromUs ?? sinceUs),
      toUs: Math.min(untilUs, piece[0]?.toUs ?? untilUs),
    });
  }
  return spans;
}
