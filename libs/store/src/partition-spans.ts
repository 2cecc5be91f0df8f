import type { PoolClient } from 'pg';

const HOUR_US = 3_600_000_000;
/** Tables that are partitioned by their time. */
export type PartitionedTable = 'message' | 'collected' | 'collected_hour';
const NAME = /^([a-z_]+)_p(\d{4})(\d\d)(\d\d)?(\d\d)?$/;
/**
 * Of one statement. To plan a statement every partition and every index of it is locked and looked at: with 90 days in hours
 * that is a second and the whole lock table.
 */
const PARTITIONS_AT_ONCE = 48;

export interface Partition {
  readonly name: string;
  readonly width: 'month' | 'day' | 'hour';
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
export function partitionOf(name: string, table: PartitionedTable = 'message'): Partition | null {
  const [, parent, year, month, day, hour] = NAME.exec(name) ?? [];
  if (year === undefined || parent !== table) return null;
  const fromUs = Date.parse(`${year}-${month}-${day ?? '01'}T${hour ?? '00'}:00:00Z`) * 1_000;
  const width = hour !== undefined ? 'hour' : day !== undefined ? 'day' : 'month';
  return { name, width, fromUs, toUs: endOf(fromUs, width) };
}

/** Where the partition ends that begins there. */
export function endOf(fromUs: number, width: Partition['width']): number {
  if (width !== 'month') return fromUs + (width === 'day' ? 24 : 1) * HOUR_US;
  const from = new Date(fromUs / 1_000);
  return Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1) * 1_000;
}

const DIGITS = { month: 6, day: 8, hour: 10 } as const;
export const nameOf = (fromUs: number, width: Partition['width'], table: PartitionedTable): string =>
  `${table}_p${new Date(fromUs / 1_000)
    .toISOString()
    .slice(0, 13)
    .replace(/[^0-9]/g, '')
    .slice(0, DIGITS[width])}`;

/** Attached ones, oldest first. */
export async function partitionsOf(
  client: Pick<PoolClient, 'query'>,
  table: PartitionedTable = 'message',
): Promise<readonly Partition[]> {
  const { rows } = await client.query<{ name: string }>(
    `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
     where i.inhparent = $1::regclass and not i.inhdetachpending`,
    [table],
  );
  const found = rows.flatMap(({ name }) => partitionOf(name, table) ?? []);
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
