import pg from 'pg';
import { ATTEMPT_DEADLINE_MS } from './plan.js';
import type { Attempt, Attempter } from './writer.js';

export interface SqlTarget {
  /** The next is tried after a failure. */
  readonly hosts: readonly string[];
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
  /** For connection and statement. Default: `ATTEMPT_DEADLINE_MS`. */
  readonly deadlineMs?: number;
  /** Default: W1's, which settles an unknown outcome by writing the same key again. */
  readonly statement?: string;
}

/**
 * DO UPDATE, not DO NOTHING: when an earlier attempt's row is already there, seeing it proves nothing, because a row becomes
 * visible also when the wait for the Standby was cancelled. The update is a commit of its own, behind that row in the WAL:
 * its clean acknowledgement covers both.
 */
const WHO = `current_setting('cluster_name') AS node, pg_current_wal_insert_lsn()::text AS lsn,
  substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8) AS timeline`;

const WRITE = `INSERT INTO lab_write (key) VALUES ($1)
  ON CONFLICT (key) DO UPDATE SET tries = lab_write.tries + 1
  RETURNING ${WHO}`;

/** No primary key: what is written twice is there twice. */
export const APPEND = `INSERT INTO lab_append (key) VALUES ($1)
  RETURNING ${WHO}`;

/** Made by the lab as superuser before the first run. */
export const LAB_TABLE = `CREATE TABLE IF NOT EXISTS lab_write (key bigint PRIMARY KEY, tries int NOT NULL DEFAULT 1);
  GRANT SELECT, INSERT, UPDATE ON lab_write TO yosugara_app;
  CREATE TABLE IF NOT EXISTS lab_append (key bigint NOT NULL);
  GRANT SELECT, INSERT ON lab_append TO yosugara_app`;

/** W1: one connection, kept while it works; whatever goes wrong ends it, and the next attempt makes a new one. */
export function sqlAttempter(target: SqlTarget): Attempter & { close(): void } {
  let open: pg.Client | null = null;
  let at = 0;
  const drop = () => {
    if (open !== null) destroySocket(open);
    open = null;
    at += 1;
  };
  const attempt = async (key: number): Promise<Attempt> => {
    const warnings: string[] = [];
    const onNotice = (notice: { message?: string | undefined }) => warnings.push(notice.message ?? 'a notice');
    const work = async (): Promise<Attempt> => {
      if (open === null) {
        const { tls, statement: _, deadlineMs: __, hosts, ...where } = target;
        open = new pg.Client({
          ...where,
          host: hosts[at % hosts.length] ?? '',
          application_name: target.statement === undefined ? 'lab-writer' : 'lab-append',
          ssl: tls ? { rejectUnauthorized: false } : false,
        });
        open.on('error', () => {});
        await open.connect();
      }
      const client = open;
      client.on('notice', onNotice);
      try {
        const answer = await client.query<{ node: string; timeline: string; lsn: string }>(target.statement ?? WRITE, [key]);
        // A COMMIT that warns ("canceling wait for synchronous replication") is committed here only: not acknowledged.
        if (warnings.length > 0) return { kind: 'unknown', why: warnings.join('; ') };
        const by = answer.rows[0];
        // A promotion always opens a new timeline: the timeline stands for the epoch.
        const holder = `${by?.node.replace('yosugara_', '')}#timeline ${by?.timeline}`;
        return { kind: 'acknowledged', holder, lsn: by?.lsn ?? '0/0' };
      } finally {
        client.off('notice', onNotice);
      }
    };
    const outcome = await withDeadline(work(), target.deadlineMs ?? ATTEMPT_DEADLINE_MS);
    if (outcome.kind === 'unknown') drop();
    return outcome;
  };
  return Object.assign(attempt, { close: drop });
}

/** The socket is torn down by `drop` when the deadline wins: nothing of the attempt lives on. */
function withDeadline(work: Promise<Attempt>, deadlineMs: number): Promise<Attempt> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve({ kind: 'unknown', why: `no answer within ${deadlineMs} ms` }), deadlineMs);
    const settle = (outcome: Attempt) => {
      clearTimeout(timer);
      resolve(outcome);
    };
    work.then(settle, (error: unknown) =>
      settle({ kind: 'unknown', why: error instanceof Error ? error.message : String(error) }),
    );
  });
}

/** `end()` would wait for a server that may be gone. */
function destroySocket(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}
