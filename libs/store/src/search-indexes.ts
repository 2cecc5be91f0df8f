import pg, { type Pool, type PoolClient } from 'pg';

export interface OptionalIndexes {
  /** Trigrams of the text (pg_trgm): a part of it is found without reading all of its time. */
  readonly text: boolean;
  /** Structured data and varbinds by value. */
  readonly structured: boolean;
}

const BUILD_DEADLINE = '30min';

/** On the parent only: new partitions get them when they are attached, those that are there by `completeIndexes`. Idempotent. */
export async function setOptionalIndexes(
  pool: Pool,
  { text, structured }: OptionalIndexes,
  fence: (client: PoolClient) => Promise<void> = async () => undefined,
): Promise<void> {
  const client = await pool.connect();
  try {
    const there = await optionalOnes(client);
    // While it waits for the table, others wait behind it: better another time.
    await client.query("begin; set local lock_timeout = '2s'");
    if (text && !there.has('message_text')) await client.query('create extension if not exists pg_trgm');
    for (const [name, isWanted, definition] of [
      ['message_text', text, 'gin (text gin_trgm_ops)'],
      ['message_structured', structured, 'gin (structured jsonb_path_ops) where structured is not null'],
      ['message_varbinds', structured, 'gin (varbinds jsonb_path_ops) where varbinds is not null'],
    ] as const)
      if (isWanted && !there.has(name)) await client.query(`create index ${name} on only message using ${definition}`);
      else if (!isWanted && there.has(name)) await client.query(`drop index ${name}`);
    await fence(client);
    await client.query('commit');
    client.release();
  } catch (error) {
    client.release(true);
    throw error;
  }
}

async function optionalOnes(client: PoolClient): Promise<ReadonlySet<string>> {
  const { rows } = await client.query<{ name: string }>(
    "select relname as name from pg_class where relkind = 'I' and relname in ('message_text', 'message_structured', 'message_varbinds')",
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Indexes of the parent that partitions made before them lack: newest partition first, each CONCURRENTLY, so neither readers nor
 * writers wait. What an interrupted build left behind is made anew.
 * @param fence asked before each index: throws when this process may change the database no more.
 * @returns the indexes made.
 */
export async function completeIndexes(
  pool: Pool,
  fence: (client: pg.ClientBase) => Promise<void> = async () => undefined,
): Promise<readonly string[]> {
  // Not of the pool, whose end would wait for a build.
  const client = new pg.Client(pool.options);
  client.on('error', () => undefined);
  const made: string[] = [];
  try {
    await client.connect();
    const { rows } = await client.query<{ parent: string; definition: string; partition: string }>(MISSING);
    if (rows.length > 0) await client.query(`set statement_timeout = '${BUILD_DEADLINE}'; set lock_timeout = '10s'`);
    for (const { parent, definition, partition } of rows) {
      await client.query('begin');
      await fence(client);
      await client.query('commit');
      const name = `${partition}_${parent.replace(/^message_/, '')}`;
      await client.query(`drop index concurrently if exists ${name}`);
      await client.query(
        definition.replace(/^CREATE INDEX \S+ ON (ONLY )?\S+/, `create index concurrently ${name} on ${partition}`),
      );
      // When the last partition has it, PostgreSQL calls the parent's valid.
      await client.query(`alter index ${parent} attach partition ${name}`);
      made.push(name);
    }
    return made;
  } finally {
    await client.end().catch(() => undefined);
  }
}

const MISSING = `
  select p.relname as parent, pg_get_indexdef(x.indexrelid) as definition, c.relname as partition
  from pg_index x join pg_class p on p.oid = x.indexrelid
    join pg_inherits i on i.inhparent = x.indrelid and not i.inhdetachpending
    join pg_class c on c.oid = i.inhrelid
  where x.indrelid = 'message'::regclass and not x.indisunique
    and not exists (select from pg_index own join pg_inherits of on of.inhrelid = own.indexrelid
      where own.indrelid = c.oid and of.inhparent = x.indexrelid)
  order by c.relname desc, p.relname`;
