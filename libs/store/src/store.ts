import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { AuditRepository } from './audit-repository.js';
import type { Database } from './database.js';
import { withClient } from './deadline.js';
import { claim, MessageRepository, type MessageRepositoryOptions } from './message-repository.js';
import { migrate } from './migrate.js';
import { Partitions } from './partitions.js';
import { SessionRepository } from './people.js';
import { UserRepository } from './users-repository.js';

export interface StoreOptions extends MessageRepositoryOptions {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
  readonly password?: string;
  /** Connections; default 8. */
  readonly max?: number;
  /** On the server, of any statement; default 10 s. */
  readonly statementTimeoutMs?: number;
  readonly applicationName?: string;
  /** A connection that nobody used broke. */
  readonly onIdleError?: (error: Error) => void;
}

export interface Store {
  readonly db: Kysely<Database>;
  readonly messages: MessageRepository;
  readonly partitions: Partitions;
  readonly users: UserRepository;
  readonly sessions: SessionRepository;
  readonly audit: AuditRepository;
  /** Brings the schema up to date. @returns the steps done. */
  migrate(): Promise<readonly string[]>;
  /** Says that `epoch` owns the database from now on: everything that comes with a lower one is refused. @throws StaleEpochError */
  claim(epoch: number): Promise<void>;
  /** Ends every connection; those in use are given `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** One database. Connects when first used; nothing is sent before. */
export function openStore(options: StoreOptions): Store {
  const pool = new pg.Pool({
    ...{ host: options.host, port: options.port, database: options.database, user: options.user },
    ...(options.password === undefined ? {} : { password: options.password }),
    max: options.max ?? 8,
    connectionTimeoutMillis: 3_000,
    idleTimeoutMillis: 30_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    idle_in_transaction_session_timeout: 10_000,
    application_name: options.applicationName ?? 'yosugara_manager',
    keepAlive: true,
  });
  // An idle connection that breaks emits here; without a listener the process would end.
  pool.on('error', (error) => options.onIdleError?.(error));
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
  const partitions = new Partitions(pool);
  let closing: Promise<void> | undefined;
  return {
    db,
    messages: new MessageRepository(pool, partitions, options),
    partitions,
    users: new UserRepository(db),
    sessions: new SessionRepository(db),
    audit: new AuditRepository(db),
    migrate: async () => await migrate(db),
    claim: async (epoch) =>
      await withClient(pool, 'claiming the database', 5_000, async (client, commit) => {
        await client.query('begin');
        await claim(client, epoch);
        await commit();
      }),
    close: async (graceMs = 1_000) => {
      closing ??= db.destroy();
      let timer: NodeJS.Timeout | undefined;
      await Promise.race([closing, new Promise((resolve) => (timer = setTimeout(resolve, graceMs)))]);
      clearTimeout(timer);
    },
  };
}
