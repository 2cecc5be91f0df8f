import { RETAINED, type Retained } from '@yosugara/protocol';
import type { Pool, PoolClient } from 'pg';
import { withClient } from '../deadline.js';
import { type Partition, type PartitionedTable, partitionsOf } from '../partition-spans.js';
import { WAYS, type Way } from './ways.js';

/** Counted one by one in tables up to here; larger ones as PostgreSQL last estimated. */
const COUNTED_BYTES = 16 * 1024 ** 2;
const DEADLINE_MS = 20_000;
/** Of one statement: what takes longer is not told. */
const STATEMENT_MS = 3_000;
/** Rows of a preview. */
const MOST_COUNTED = 200_000;

export interface Kept {
  readonly kind: Retained;
  readonly tables: readonly string[];
  readonly rows: number;
  readonly isAbout: boolean;
  readonly bytes: number;
  readonly oldestMs: number | null;
}

/** What is kept of each kind, and where it lies on the disk. Reads the catalogue and little else. */
export async function keptOf(pool: Pool): Promise<readonly Kept[]> {
  return await withClient(pool, 'looking what is kept', DEADLINE_MS, async (client, commit) => {
    await client.query(`begin read only; set local statement_timeout = ${STATEMENT_MS}`);
    const sizes = await sizesOf(client);
    const kept: Kept[] = [];
    for (const kind of RETAINED) kept.push(await one(client, kind, sizes));
    await commit();
    return kept;
  });
}

interface Size {
  readonly bytes: number;
  /** Of its rows alone. */
  readonly heap: number;
  /** null: it was never estimated. */
  readonly estimate: number | null;
}

const tablesOf = (way: Way): readonly string[] => [way.table, ...way.besides];

/** With all partitions of each. */
async function sizesOf(client: PoolClient): Promise<ReadonlyMap<string, Size>> {
  const names = [...new Set(Object.values(WAYS).flatMap(tablesOf))];
  const { rows } = await client.query<{ name: string; bytes: string; heap: string; estimate: string | null }>(
    `select t.name, coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint as bytes, coalesce(sum(pg_relation_size(c.oid)), 0)::bigint as heap,
       case when bool_or(c.reltuples < 0 and pg_relation_size(c.oid) > 0) then null else sum(greatest(c.reltuples, 0))::bigint end as estimate
     from unnest($1::text[]) t(name), lateral (
       select to_regclass(t.name) as relid union select relid from pg_partition_tree(to_regclass(t.name))) p
     join pg_class c on c.oid = p.relid and c.relkind = 'r' group by t.name`,
    [names],
  );
  return new Map(
    rows.map(({ name, bytes, heap, estimate }) => [
      name,
      { bytes: Number(bytes), heap: Number(heap), estimate: estimate === null ? null : Number(estimate) },
    ]),
  );
}

const NOTHING: Size = { bytes: 0, heap: 0, estimate: 0 };

async function one(client: PoolClient, kind: Retained, sizes: ReadonlyMap<string, Size>): Promise<Kept> {
  const way = WAYS[kind];
  const where = way.by === 'rows' ? (way.where ?? null) : null;
  const { heap, estimate } = sizes.get(way.table) ?? NOTHING;
  const counted = heap <= COUNTED_BYTES || where !== null ? await count(client, way.table, where) : null;
  const shares = way.by === 'rows' && way.where !== undefined;
  return {
    ...{ kind, tables: tablesOf(way) },
    ...{ rows: counted ?? estimate ?? 0, isAbout: counted === null },
    bytes: shares ? 0 : tablesOf(way).reduce((sum, table) => sum + (sizes.get(table) ?? NOTHING).bytes, 0),
    oldestMs: (counted ?? 1) === 0 ? null : await oldest(client, way),
  };
}

/** null: there are too many to be counted in time. */
async function count(client: PoolClient, table: string, where: string | null): Promise<number | null> {
  return await asked(client, async () => {
    const { rows } = await client.query<{ count: string }>(`select count(*) from ${table} where ${where ?? 'true'}`);
    return Number(rows[0]?.count);
  });
}

async function oldest(client: PoolClient, way: Way): Promise<number | null> {
  const { time } = way;
  if (time === null) return null;
  const least = async (table: string, where = 'true') =>
    await asked(client, async () => {
      const { rows } = await client.query<{ ms: number | null }>(
        `select extract(epoch from min(${time}))::float8 * 1000 as ms from ${table} where ${where}`,
      );
      return rows[0]?.ms ?? null;
    });
  if (way.by !== 'partitions') return await least(way.table, way.by === 'rows' ? way.where : undefined);
  // Of the whole table every partition would be planned and locked.
  for (const { name } of await partitionsOf(client, way.table)) {
    const { rowCount } = await client.query(`select from ${name} limit 1`);
    if (rowCount !== 0) return await least(name);
  }
  return null;
}

/** null: it took too long. The transaction goes on. */
async function asked<T>(client: PoolClient, work: () => Promise<T>): Promise<T | null> {
  await client.query('savepoint asked');
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === QUERY_CANCELED)) throw error;
    await client.query('rollback to savepoint asked');
    return null;
  }
}
const QUERY_CANCELED = '57014';

export interface Preview {
  readonly rows: number;
  readonly isAbout: boolean;
  readonly isMore: boolean;
  readonly parts: readonly string[];
  readonly bytes: number | null;
}

/** What a clean-up of a kind would find just now. null: nothing tells beforehand. */
export async function previewOf(pool: Pool, kind: Retained, beforeMs: number): Promise<Preview | null> {
  const way = WAYS[kind];
  return await withClient(pool, 'looking what would go', DEADLINE_MS, async (client, commit) => {
    await client.query(`begin read only; set local statement_timeout = ${STATEMENT_MS}`);
    const preview =
      way.by === 'partitions' ? await wholeOnes(client, way.table, beforeMs) : await rowsBefore(client, kind, way, beforeMs);
    await commit();
    return preview;
  });
}

const DAY_US = 86_400_000_000;
const labelOf = ({ fromUs, width }: Partition): string =>
  new Date(fromUs / 1_000).toISOString().slice(0, { month: 7, day: 10, hour: 13 }[width]);

async function wholeOnes(client: PoolClient, table: PartitionedTable, beforeMs: number): Promise<Preview> {
  const endUs = Math.floor((beforeMs * 1_000) / DAY_US) * DAY_US;
  const old = (await partitionsOf(client, table)).filter(({ toUs }) => toUs <= endUs);
  const { rows } = await client.query<{ bytes: string; estimate: string; unknown: boolean }>(
    `select coalesce(sum(pg_total_relation_size(oid)), 0) as bytes, coalesce(sum(greatest(reltuples, 0)), 0)::bigint as estimate
     from pg_class where oid = any(array(select to_regclass(name) from unnest($1::text[]) name))`,
    [old.map(({ name }) => name)],
  );
  const [found] = rows;
  return {
    ...{ rows: Number(found?.estimate), isAbout: old.length > 0, isMore: false },
    ...{ parts: old.map(labelOf), bytes: Number(found?.bytes) },
  };
}

async function rowsBefore(client: PoolClient, kind: Retained, way: Exclude<Way, { by: 'partitions' }>, beforeMs: number) {
  const condition = conditionOf(kind, way);
  if (condition === null) return null;
  const found = await asked(client, async () => {
    const { rows } = await client.query<{ count: string }>(
      `select count(*) from (select 1 from ${way.table} h where ${condition} limit ${MOST_COUNTED + 1}) x`,
      [beforeMs / 1_000],
    );
    return Number(rows[0]?.count);
  });
  if (found === null) return null;
  const isMore = found > MOST_COUNTED;
  return { rows: Math.min(found, MOST_COUNTED), isAbout: false, isMore, parts: [], bytes: null };
}

function conditionOf(kind: Retained, way: Exclude<Way, { by: 'partitions' }>): string | null {
  if (way.by === 'rows') return `${way.time} < to_timestamp($1) and ${way.where ?? 'true'}`;
  switch (kind) {
    case 'jobs':
      return 'scheduled_at < to_timestamp($1) and ended_at < to_timestamp($1)';
    case 'settingHistory':
      return `at < to_timestamp($1)
        and exists (select from setting_history n where n.kind = h.kind and n.id = h.id and n.revision > h.revision)
        and not exists (select from job_session s where s.kind = h.kind and s.unit = h.id and s.revision = h.revision)`;
    case 'audit':
    case 'counts':
      return `${way.time} < to_timestamp($1)`;
    default:
      return null;
  }
}
