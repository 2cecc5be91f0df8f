import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { DeadlineError, explain, type Log, YosugaraError } from '@yosugara/kernel';
import { CommitUnknownError } from '@yosugara/runtime';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database } from './database.js';
import { contracts, contractWithin } from './later-steps.js';
import { claim } from './message-repository.js';
import { isMigrated, migrate } from './migrate.js';

/** The database cannot be used now; nothing was done. */
export class DatabaseUnavailableError extends YosugaraError {
  override readonly name = 'DatabaseUnavailableError';
  constructor(cause: unknown) {
    super('DATABASE_UNAVAILABLE', 'the database of this node cannot be used now', { cause });
  }
}

export interface ConnectionOptions {
  /** Name of this node, as in its certificate. */
  readonly node: string;
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly password: string;
  /** PEM; null = without TLS. */
  readonly clusterCa: string | null | (() => string | null);
}

/** Where the database is: `standby` reads, `primary` reads and writes. */
export type DatabaseState = 'down' | 'standby' | 'primary';

const CONNECT_DEADLINE_MS = 1_500;
const PROBE_DEADLINE_MS = 1_000;
const READ_DEADLINE_MS = 5_000;
const COMMIT_DEADLINE_MS = 5_000;
const MIGRATION_DEADLINE_MS = 10_000;
const READERS = 6;
const WRITERS = 4;
const INGEST = 6;
const JOBS = 3;

/**
 * The manager's connections to its own node's PostgreSQL, kept open through promotion: a session that began on a hot standby can
 * write as soon as recovery has ended, so a take-over opens none.
 *
 * Readers, writers, ingest and jobs have pools of their own: behind the sync wall every writer may be waiting in COMMIT, and reading
 * must go on.
 */
export class Connections {
  /** For repositories that bring their own deadlines (`MessageRepository`). */
  readonly readers: pg.Pool;
  readonly ingest: pg.Pool;
  /** Several statements at once are sent at once: who asks for the start of a command waits for two commits. Not for COPY, nor for cursors of a driver. */
  readonly jobs: pg.Pool;
  readonly #writers: pg.Pool;
  readonly #options: ConnectionOptions;
  readonly #log: Log;
  #prober: pg.Client | null = null;

  constructor(options: ConnectionOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.readers = this.#pool(READERS);
    this.ingest = this.#pool(INGEST);
    this.jobs = this.#pool(JOBS, { pipeline: true });
    this.#writers = this.#pool(WRITERS);
  }

  /** Never throws, and answers within a second. */
  async probe(): Promise<DatabaseState> {
    try {
      const client = this.#prober ?? (await this.#connectProber());
      const asked = client.query<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
      const { rows } = await within('probe', PROBE_DEADLINE_MS, asked);
      return rows[0]?.recovery === false ? 'primary' : 'standby';
    } catch (error) {
      this.#log.debug('postgres.down', { why: explain(error) });
      this.#dropProber();
      return 'down';
    }
  }

  /** Work that changes nothing. @throws DatabaseUnavailableError */
  async read<T>(work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    const client = await this.#take(this.readers);
    let isGood = false;
    try {
      const result = await within('query', READ_DEADLINE_MS, work(onClient(client)));
      isGood = true;
      return result;
    } catch (error) {
      isGood = sqlState(error) !== undefined;
      throw classify(error);
    } finally {
      client.release(!isGood);
    }
  }

  /**
   * One transaction of the owner `epoch`, committed on the whole sync set before this resolves. `guard` is asked last before
   * COMMIT: it throws when the lease is gone, and nothing is kept.
   * @param deadlineMs of the work, for what is known to be long.
   * @throws CommitUnknownError — COMMIT was sent and not answered as it should. StaleEpochError, DatabaseUnavailableError — nothing was done.
   */
  async write<T>(
    epoch: number,
    work: (db: Kysely<Database>) => Promise<T>,
    guard: () => void,
    deadlineMs = READ_DEADLINE_MS,
  ): Promise<T> {
    const client = await this.#take(this.#writers);
    let value: T;
    try {
      value = await within('write', deadlineMs, this.#work(client, epoch, work));
      guard();
    } catch (error) {
      client.release(!(await isRolledBack(client)));
      throw classify(error);
    }
    await commit(client);
    return value;
  }

  /** @throws MigrationError, DatabaseUnavailableError — a server that says nothing; what was begun may still end well. */
  async migrate(): Promise<void> {
    const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool: this.#writers }) });
    await within('migration', MIGRATION_DEADLINE_MS, migrate(db)).catch((error: unknown) => {
      throw classify(error);
    });
  }

  /**
   * What waits for the end of an upgrade: steps that take away, through `level`, in one transaction of the owner `epoch`.
   * @returns the steps that were done. @throws MigrationError, SchemaTooNewError, StaleEpochError, DatabaseUnavailableError
   */
  async contract(level: number, epoch: number, guard: () => void): Promise<readonly string[]> {
    if (!contracts(level)) return [];
    return await this.write(epoch, async (db) => await contractWithin(db, level), guard, MIGRATION_DEADLINE_MS);
  }

  /**
   * On a hot standby, what a take-over would otherwise wait for: each pool has a session, and what a first query takes is behind it.
   * @returns whether the schema is this program's already, so that nothing is to be migrated. @throws DatabaseUnavailableError
   */
  async foresee(): Promise<boolean> {
    for (const pool of [this.readers, this.ingest, this.jobs, this.#writers])
      if (pool.totalCount === 0) (await this.#take(pool)).release();
    const client = await this.#take(this.#writers);
    let isGood = false;
    try {
      const migrated = await within('foreseeing', READ_DEADLINE_MS, isMigrated(client));
      isGood = true;
      return migrated;
    } catch (error) {
      throw classify(error);
    } finally {
      client.release(!isGood);
    }
  }

  async close(): Promise<void> {
    this.#dropProber();
    await Promise.allSettled([this.readers.end(), this.ingest.end(), this.jobs.end(), this.#writers.end()]);
  }

  async #work<T>(client: pg.PoolClient, epoch: number, work: (db: Kysely<Database>) => Promise<T>): Promise<T> {
    // No statement_timeout: it would also end COMMIT's wait for the Standby, and make visible what only this node holds.
    await client.query("begin; set local statement_timeout to 0; set local lock_timeout to '3s'");
    await claim(client, epoch);
    return await work(onClient(client));
  }

  async #take(pool: pg.Pool): Promise<pg.PoolClient> {
    return await pool.connect().catch((cause: unknown) => {
      throw new DatabaseUnavailableError(cause);
    });
  }

  #settings(): pg.ClientConfig {
    const { host, port, user, database, password } = this.#options;
    return {
      ...{ host, port, user, database, password },
      application_name: 'yosugara_manager',
      connectionTimeoutMillis: CONNECT_DEADLINE_MS,
      statement_timeout: READ_DEADLINE_MS - 500,
      keepAlive: true,
      ...this.#tls(),
    };
  }

  /**
   * The server must have a certificate of the cluster's own authority for this node's address, or at least for this node by
   * name: we talk to our own host only, and a certificate may be older than a change of address.
   */
  #tls(): pg.ClientConfig {
    const { clusterCa, host, node } = this.#options;
    const authorities = typeof clusterCa === 'function' ? clusterCa : () => clusterCa;
    if (authorities() === null) return {};
    const check = (_name: string, certificate: PeerCertificate) =>
      certificate.subject.CN === node ? undefined : checkServerIdentity(host, certificate);
    // Asked at each connection: authorities are replaced while the pools live.
    const ssl = {
      checkServerIdentity: check,
      get ca() {
        return authorities() ?? '';
      },
    };
    return { ssl };
  }

  #pool(max: number, more: Pick<pg.PoolConfig, 'pipeline'> = {}): pg.Pool {
    const pool = new pg.Pool({ ...this.#settings(), max, idleTimeoutMillis: 0, ...more });
    pool.on('error', (error) => this.#log.debug('postgres.lost', { why: error.message }));
    // The pool listens to idle clients only; one in use that loses its server between two statements would end the process.
    pool.on('connect', (client) => client.on('error', () => undefined));
    return pool;
  }

  async #connectProber(): Promise<pg.Client> {
    const client = new pg.Client(this.#settings());
    client.on('error', () => {
      if (this.#prober === client) this.#prober = null;
    });
    try {
      await client.connect();
    } catch (error) {
      void client.end().catch(() => undefined);
      throw error;
    }
    this.#prober = client;
    this.#warm();
    return client;
  }

  /** PostgreSQL has just begun to answer: connect now what will be needed in the moment of a take-over. */
  #warm(): void {
    for (const pool of [this.readers, this.readers, this.#writers, this.#writers, this.ingest, this.jobs])
      void pool.query('select 1').catch(() => undefined);
  }

  #dropProber(): void {
    const client = this.#prober;
    this.#prober = null;
    void client?.end().catch(() => undefined);
  }
}

/** A query builder on a connection that is already taken; it neither takes nor gives back any. */
function onClient(client: pg.PoolClient): Kysely<Database> {
  const only = { query: client.query.bind(client), release: () => undefined };
  const pool = { connect: async () => only, end: async () => undefined, options: {} };
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool: pool as never }) });
}

/**
 * A connection that waits in COMMIT is kept until it is answered, however long, and its number is what bounds them: thrown
 * away, its backend would go on waiting and each retry would add one.
 */
async function commit(client: pg.PoolClient): Promise<void> {
  let warning: string | null = null;
  // "canceling wait for synchronous replication": committed here, perhaps nowhere else, and COMMIT itself says success.
  const onNotice = (notice: { code?: string | undefined; message?: string | undefined }) => {
    if (notice.code === '01000') warning = notice.message ?? 'warning';
  };
  client.on('notice', onNotice);
  const committed = client.query('commit').then(
    ({ command }) => {
      client.off('notice', onNotice);
      client.release();
      if (command !== 'COMMIT') throw new DatabaseUnavailableError(new Error(`COMMIT was answered by ${command}`));
      if (warning !== null) throw new CommitUnknownError(warning);
    },
    (error: unknown) => {
      client.release(true);
      throw new CommitUnknownError('the answer was an error', error);
    },
  );
  await within('commit', COMMIT_DEADLINE_MS, committed).catch((error: unknown) => {
    throw error instanceof DeadlineError ? new CommitUnknownError(error.message) : error;
  });
}

async function within<T>(what: string, deadlineMs: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`PostgreSQL, ${what}`, deadlineMs)), deadlineMs);
  });
  // The work may fail after its deadline, when nobody waits for it any more.
  work.catch(() => undefined);
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}

async function isRolledBack(client: pg.PoolClient): Promise<boolean> {
  return await within('rollback', 1_000, client.query('rollback')).then(
    () => true,
    () => false,
  );
}

const sqlState = (error: unknown): string | undefined => (error instanceof pg.DatabaseError ? error.code : undefined);

/** PostgreSQL's Appendix A, what says "not now": connection, resources, operator, lock, read-only, rolled back; 42P01: not migrated yet. */
const NOT_NOW = /^(08|53|57|55P03|25006|40|42P01)/;

function classify(error: unknown): Error {
  // Of the guard, or of the work: they know better.
  if (error instanceof YosugaraError && !(error instanceof DeadlineError)) return error;
  const state = sqlState(error);
  if (state === undefined || NOT_NOW.test(state)) return new DatabaseUnavailableError(error);
  return new YosugaraError('DATABASE_ERROR', `PostgreSQL refused (${state})`, { cause: error });
}
