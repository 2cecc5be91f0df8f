import pg from 'pg';

export interface SuperuserTarget {
  /** Folder of PostgreSQL's socket, as seen from here. */
  readonly socketDir: string;
  readonly port: number;
  readonly password: string;
  readonly database?: string;
}

/** One statement on a connection of its own, closed on every path. */
export async function query<T extends object>(target: SuperuserTarget, text: string, deadlineMs = 30_000): Promise<readonly T[]> {
  const client = new pg.Client({
    host: target.socketDir,
    port: target.port,
    user: 'postgres',
    password: target.password,
    database: target.database ?? 'yosugara',
    application_name: 'lab',
    connectionTimeoutMillis: 5_000,
    query_timeout: deadlineMs,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return (await client.query(text)).rows as T[];
  } finally {
    void client.end().catch(() => {});
  }
}
