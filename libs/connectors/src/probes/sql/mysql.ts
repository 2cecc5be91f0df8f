import { isIP } from 'node:net';
import { type Connection, createConnection } from 'mysql2/promise';
import { dial, label, refusal } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { distrustSql } from './tls.js';
import type { SqlAsk, SqlRows } from './value.js';

const FAREWELL_MS = 500;

/** Asks once, in a session that may only read. @throws ProbeFailure */
export async function askMysql(look: Look, ask: SqlAsk): Promise<SqlRows> {
  const where = label(ask);
  const socket = await dial(look, ask);
  look.doing = `the greeting of MySQL at ${where}`;
  const { database, user, password, tls } = ask;
  try {
    const connection = await look.wait(
      createConnection({
        // Only for the name in the certificate: the connection is there.
        host: tls?.serverName ?? ask.host,
        stream: socket,
        ...{ database, user, password, connectTimeout: 0, multipleStatements: false, rowsAsArray: true },
        typeCast: (field) => field.string(),
        // A server may ask its client for any file.
        flags: ['-LOCAL_FILES'],
        ...(tls === null
          ? {}
          : {
              ssl: {
                rejectUnauthorized: tls.verify,
                // The driver compares names only; an address is in few certificates of databases.
                verifyIdentity: tls.verify && isIP(tls.serverName ?? ask.host) === 0,
                ...(tls.caPem === undefined ? {} : { ca: tls.caPem }),
              },
            }),
      }),
    );
    connection.on('error', () => undefined);
    look.closes(() => connection.destroy());
    look.doing = `the query to MySQL at ${where}`;
    const rows = await look.wait(answer(connection, ask.query, look.leftMs));
    await look.part(FAREWELL_MS, async (part) => await part.wait(connection.end())).catch(() => undefined);
    return { rows };
  } catch (error) {
    if (error instanceof ProbeFailure) throw error;
    throw new ProbeFailure(mysqlRefusal(error, where), error);
  }
}

async function answer(connection: Connection, query: string, leftMs: number): Promise<readonly (readonly (string | null)[])[]> {
  const ms = Math.max(1, Math.floor(leftMs));
  await connection.query('SET SESSION TRANSACTION READ ONLY');
  // Comments that only MariaDB, or only MySQL from 5.7.8 on, takes for statements: each has its own name for the limit.
  await connection.query(
    `SET SESSION sql_select_limit = 2 /*M! , max_statement_time = ${ms / 1_000} */ /*!50708 , max_execution_time = ${ms} */`,
  );
  const [rows] = await connection.query(query);
  return Array.isArray(rows) ? (rows as (string | null)[][]) : [];
}

function mysqlRefusal(error: unknown, where: string): string {
  const { code, errno, message } = error as { readonly code?: string; readonly errno?: number; readonly message: string };
  if (code === 'PROTOCOL_CONNECTION_LOST') return `MySQL at ${where} closed the connection`;
  if (code === 'HANDSHAKE_NO_SSL_SUPPORT') return `MySQL at ${where} does not speak TLS`;
  // ER_QUERY_TIMEOUT, ER_STATEMENT_TIMEOUT (MariaDB).
  if (errno === 3_024 || errno === 1_969) return `MySQL at ${where} did not end the query in time and stopped it`;
  if (errno === 1_792) return `the query would write: ${message}`;
  if (errno !== undefined && errno >= 1_000) return `MySQL at ${where} says: ${message}`;
  return distrustSql(error, where) ?? refusal(error, where);
}
