import { startTestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { openStore, type Store } from '../index.js';

export interface OpenedStore {
  readonly store: Store;
  /** For what a spec asks past the store. */
  readonly pool: pg.Pool;
  readonly where: { readonly host: string; readonly port: number; readonly database: string; readonly user: string };
  close(): Promise<void>;
}

/** The same, as a Master leaves it. */
export async function openMigratedStore(): Promise<OpenedStore> {
  const opened = await openTestStore();
  await opened.store.migrate();
  return opened;
}

/** A server of this spec file's own, and a store in its empty database: not migrated yet. */
export async function openTestStore(): Promise<OpenedStore> {
  const server = await startTestPostgres();
  const where = { host: server.host, port: server.port, database: 'postgres', user: 'postgres' };
  const store = openStore(where);
  const pool = new pg.Pool(where);
  const close = async () => {
    await pool.end();
    await store.close();
    await server.stop();
  };
  return { store, pool, where, close };
}
