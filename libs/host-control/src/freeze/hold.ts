import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import type { SqlTarget } from '../postgres/sql.js';
import { FreezeError } from './errors.js';

/** By it everybody finds the session that holds writes; there is one at most. */
export const FREEZE_SESSION = 'yosugara freeze';

const LOCK_TRY_MS = 1_000;
const BETWEEN_MS = 50;
/** SQLSTATE: somebody else has the lock; two waited for each other, and it was us that gave in. */
const AGAIN: ReadonlySet<unknown> = new Set(['55P03', '40P01']);

export interface Held {
  /** How far WAL was when no more was written. */
  readonly lsn: string;
  readonly tables: number;
  /** How long it took until no write was under way any more. */
  readonly waitedMs: number;
}

export interface Holding {
  readonly held: Held;
  /** When the session is over, for whatever reason: then writes go on. */
  readonly over: Promise<void>;
}

/**
 * From when this returns until its session ends no table is written to: each write waits, and reads do not. What ends the session ends the hold, and it
 * ends whatever happens: it is PostgreSQL itself that ends it at the deadline (idle_in_transaction_session_timeout), and at once when
 * whoever holds it is gone. The Master's probes, its lease and everything outside the database go on.
 *
 * A lock that is granted says that whoever wrote before has its commit on the disk, and on the Standby's where that is in the sync set: locks are given back
 * after that (PostgreSQL 15, xact.c: CommitTransaction).
 * @throws FreezeError
 */
export async function holdWrites(target: SqlTarget, forMs: number, onCheckpoint: boolean): Promise<Holding> {
  const beganMs = performance.now();
  const leftMs = () => Math.max(1, Math.ceil(forMs - (performance.now() - beganMs)));
  const client = clientOf(target);
  const over = new Promise<void>((resolve) => client.once('end', () => resolve()));
  client.on('error', () => {}); // `end` follows, and a query in flight rejects.
  // Should PostgreSQL be deaf: we are what it would hear of.
  const late = setTimeout(() => destroy(client), forMs);
  void over.then(() => clearTimeout(late));
  let locks = false;
  try {
    await client.connect();
    await client.query(`set statement_timeout = ${leftMs()}; set idle_in_transaction_session_timeout = ${leftMs()}`);
    const { rows } = await client.query<{ free: boolean }>(`select pg_try_advisory_lock(hashtext('${FREEZE_SESSION}')) as free`);
    if (rows[0]?.free !== true) throw new FreezeError('FROZEN_ALREADY', 'writes are held already: yosugara thaw ends that');
    // What is recovered from the snapshot is then little.
    if (onCheckpoint) await client.query('checkpoint');
    locks = true;
    const tables = await lockAll(client, leftMs);
    locks = false;
    await client.query(`set local idle_in_transaction_session_timeout = ${leftMs()}`);
    const { rows: at } = await client.query<{ lsn: string }>('select pg_current_wal_insert_lsn()::text as lsn');
    return { held: { lsn: at[0]!.lsn, tables, waitedMs: Math.round(performance.now() - beganMs) }, over };
  } catch (error) {
    destroy(client);
    if (error instanceof FreezeError) throw error;
    // Whichever of the deadlines was first to end it.
    if (locks && leftMs() <= LOCK_TRY_MS) throw busy(error);
    throw new FreezeError('FREEZE_FAILED', `writes could not be held: ${(error as Error).message}`, error);
  }
}

/** All at once or none: who waits with some of them would hold up others for nothing. */
async function lockAll(client: pg.Client, leftMs: () => number): Promise<number> {
  for (;;) {
    await client.query(`begin; set local lock_timeout = ${Math.min(LOCK_TRY_MS, leftMs())}`);
    const { rows } = await client.query<{ name: string }>(TABLES_SQL);
    try {
      if (rows.length > 0) await client.query(`lock table ${rows.map(({ name }) => name).join(', ')} in share mode`);
      return rows.length;
    } catch (error) {
      await client.query('rollback');
      if (!AGAIN.has((error as { code?: unknown }).code)) throw error;
      if (leftMs() <= LOCK_TRY_MS) throw busy(error);
      await pause(BETWEEN_MS);
    }
  }
}

const busy = (cause: unknown) =>
  new FreezeError('FREEZE_BUSY', 'a transaction writes for longer than that: no moment without a write came', cause);

/**
 * Parents of partitions stand for them. Not the table by which the Master finds out that its disk still takes writes
 * (write-watch.ts): held, it would be taken for hung.
 */
const TABLES_SQL = `select format('%I.%I', n.nspname, c.relname) as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast') and (n.nspname, c.relname) <> ('yosugara', 'write_probe')
    and has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'update, delete, truncate')
  order by c.oid`;

function clientOf({ host, port, user, database, passwordFile, caFile }: SqlTarget): pg.Client {
  return new pg.Client({
    ...{ host, port, user, database, application_name: FREEZE_SESSION, keepAlive: true },
    password: readFileSync(passwordFile, 'utf8').split('\n')[0]!.trim(),
    // As in sql.ts: the chain is checked, names are not.
    ...(caFile === null ? {} : { ssl: { ca: readFileSync(caFile, 'utf8'), checkServerIdentity: () => undefined } }),
  });
}

function destroy(client: pg.Client): void {
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
}
