import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrate } from './migrate.js';
import { openStore, type Store } from './store.js';
import { type OpenedStore, openTestStore } from './testing/opened.js';

const ROWS = 300_000;
const APART_US = 100;
const BEGIN_US = Date.parse('2026-11-21T12:00:00Z') * 1_000;
const PART = 'message_of_noon';

let opened: OpenedStore;
/** One connection. */
let asker: Store;
beforeAll(async () => {
  opened = await openTestStore();
  await migrate(opened.store.db);
  const { pool } = opened;
  await pool.query(
    `create table ${PART} partition of message for values from ('2026-11-21 12:00Z') to ('2026-11-21 13:00Z') with (autovacuum_enabled = off)`,
  );
  // As a receiver without processor time marks them: each may have come a second before it was read.
  await fill(1_000_000);
  asker = openStore({ ...opened.where, max: 1, statementTimeoutMs: 120_000 });
}, 240_000);
afterAll(async () => {
  await asker?.close();
  await opened?.close();
});

async function fill(lateUs: number): Promise<void> {
  await opened.pool.query(`truncate ${PART}`);
  await opened.pool.query(
    `insert into message (received_at, journal_id, seq, node, kind, source, text, raw, flags, seen_by, content, late_us)
     select timestamptz '2026-11-21 12:00Z' + i * ${APART_US} * interval '1 microsecond', 'a-1', i, 'a', 'syslog', '10.0.0.1', 'line ' || i,
       '\\x00', 0, '{a}', substring(sha256(i::text::bytea) for 16), ${lateUs}
     from generate_series(1, ${ROWS}) i`,
  );
  await opened.pool.query(`analyze ${PART}`);
}

/** Pages of the table that were looked at. Each connection counts for itself, and tells of it when it is told to. */
async function pagesRead(work: () => Promise<unknown>): Promise<number> {
  const counted = async () => {
    await opened.pool.query('select pg_stat_force_next_flush()');
    await sql`select pg_stat_force_next_flush()`.execute(asker.db);
    const { rows } = await opened.pool.query<{ pages: string }>(
      `select heap_blks_read + heap_blks_hit as pages from pg_statio_user_tables where relname = '${PART}'`,
    );
    return Number(rows[0]!.pages);
  };
  const before = await counted();
  await work();
  return (await counted()) - before;
}

/** By its content, within the time of twelve thousand rows. @returns the numbers found, and how much of the table was read for it. */
async function askFor(seq: number): Promise<{ readonly found: readonly number[]; readonly share: number }> {
  const { rows } = await opened.pool.query<{ pages: number; content: Buffer }>(
    `select relpages as pages, (select content from message where seq = $1) as content from pg_class where relname = '${PART}'`,
    [seq],
  );
  const { pages, content } = rows[0]!;
  const question = {
    ...{ node: 'a', contents: [content.toString('base64')] },
    ...{ fromUs: BEGIN_US + 14_000 * APART_US, throughUs: BEGIN_US + 26_000 * APART_US },
  };
  let found: readonly { readonly seq: number }[] = [];
  const read = await pagesRead(async () => {
    found = await asker.messages.findLone(question, 10);
  });
  expect(read, 'pages were counted').toBeGreaterThan(0);
  return { found: found.map(({ seq }) => seq), share: read / pages };
}

describe('late partners among very many rows', () => {
  it('are found by their time: rows of other times are not read', async () => {
    const { found, share } = await askFor(20_000);
    expect(found).toEqual([20_000]);
    // Twelve thousand rows in that time, and twenty thousand that were read within two seconds after it.
    expect(share).toBeLessThan(0.2);
  });
  it('are found by their content behind that, where millions are late by seconds', { timeout: 240_000 }, async () => {
    // As a stream marks them that was held back: each may have come three seconds before it was read.
    await fill(3_000_000);
    const { found, share } = await askFor(48_000);
    expect(found).toEqual([48_000]);
    expect(share).toBeLessThan(0.2);
  });
});
