import type { Socket } from 'node:net';
import pg from 'pg';
import { label, refusal } from '../dial.js';
import { type Look, ProbeFailure } from '../look.js';
import { addressOf } from '../names.js';
import { distrustSql, verified } from './tls.js';
import { MAX_ANSWER_BYTES, type SqlAsk, type SqlRows, tooMuch } from './value.js';

const FAREWELL_MS = 500;
/** Every value as PostgreSQL writes it: numbers of any size, no dates of ours. */
const AS_TEXT = { getTypeParser: () => (text: string) => text };

/** Asks once, in a transaction that may only read. @throws ProbeFailure */
export async function askPostgres(look: Look, ask: SqlAsk): Promise<SqlRows> {
  const address = await addressOf(look, ask.host);
  const where = label(ask);
  look.doing = `the connection to PostgreSQL at ${where}`;
  const { port, database, user, password, tls } = ask;
  const client = new pg.Client({
    // As a function: an empty one would be looked for in our own environment.
    ...{ host: address, port, database, user, password: () => password, application_name: 'yosugara monitor' },
    ...{ ssl: tls === null ? false : verified(tls, ask.host), connectionTimeoutMillis: 0, types: AS_TEXT as never },
  });
  let why: ProbeFailure | null = null;
  // 'error' is what comes when nobody waits.
  client.on('error', () => undefined);
  look.closes(() => socketOf(client).destroy());
  try {
    await look.wait(client.connect());
    const socket = socketOf(client);
    let bytes = 0;
    socket.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= MAX_ANSWER_BYTES) return;
      why = new ProbeFailure(tooMuch(where));
      socket.destroy();
    });
    look.doing = `the query to PostgreSQL at ${where}`;
    await look.wait(client.query(`BEGIN READ ONLY; SET LOCAL statement_timeout = ${Math.max(1, Math.floor(look.leftMs))}`));
    // The extended protocol takes one statement only: none can be smuggled in behind it that ends the transaction.
    const asked = { text: ask.query, rowMode: 'array', queryMode: 'extended' } as never;
    const { rows } = (await look.wait(client.query(asked))) as { readonly rows: readonly (readonly (string | null)[])[] };
    await look.part(FAREWELL_MS, async (part) => await part.wait(client.end())).catch(() => undefined);
    return { rows };
  } catch (error) {
    if (why !== null) throw why;
    if (error instanceof ProbeFailure) throw error;
    throw new ProbeFailure(postgresRefusal(error, where), error);
  }
}

/** With TLS it is another one than at the beginning. */
const socketOf = (client: pg.Client): Socket =>
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream;

function postgresRefusal(error: unknown, where: string): string {
  const { code, message } = error as { readonly code?: string; readonly message: string };
  // Five letters and digits: the server's (PostgreSQL docs, appendix A).
  if (code !== undefined && /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E')) {
    if (code === '57014') return `PostgreSQL at ${where} did not end the query in time and stopped it`;
    if (code === '25006') return `the query would write: ${message}`;
    return `PostgreSQL at ${where} says: ${message}`;
  }
  if (/does not support SSL/.test(message)) return `PostgreSQL at ${where} does not speak TLS`;
  if (/Connection terminated/.test(message)) return `PostgreSQL at ${where} closed the connection`;
  return distrustSql(error, where) ?? refusal(error, where);
}
