import { readFileSync } from 'node:fs';
import { DeadlineError } from '@yosugara/kernel';
import pg from 'pg';

/** Where a session goes. */
export interface SqlTarget {
  /** Address, or folder of the socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly passwordFile: string;
  /** CA that must have signed the server's certificate; null: no TLS. */
  readonly caFile: string | null;
}

export interface Session {
  rows<T extends object>(text: string, values?: readonly unknown[]): Promise<T[]>;
}

/**
 * One new connection, for `work`, closed on every path. A reused one would hide that a stopped postmaster takes nobody new.
 * @throws DeadlineError — `deadlineMs` over, connection included. Others: as the driver throws them (`code` is the SQLSTATE or errno).
 */
export async function withSession<T>(target: SqlTarget, deadlineMs: number, work: (session: Session) => Promise<T>): Promise<T> {
  const { host, port, user, database } = target;
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    password: readFileSync(target.passwordFile, 'utf8').split('\n')[0]!.trim(),
    application_name: 'yosugara_controller',
    // The chain is checked against the cluster's CA; names are not: members are reached by address.
    ...(target.caFile === null ? {} : { ssl: { ca: readFileSync(target.caFile, 'utf8'), checkServerIdentity: () => undefined } }),
  });
  client.on('error', () => {}); // The pending query rejects with it.
  const socket = (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(`PostgreSQL at ${host}`, deadlineMs)), deadlineMs);
  });
  const session: Session = { rows: async (text, values) => (await client.query(text, values as unknown[])).rows };
  const done = (async () => {
    await client.connect();
    return await work(session);
  })();
  done.catch(() => {});
  try {
    const result = await Promise.race([done, late]);
    void client.end().catch(() => {});
    return result;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
