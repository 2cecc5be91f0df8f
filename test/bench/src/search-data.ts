import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';
import { openStore, type Partition, type PartitionWidth, type Store } from '@yosugara/store';
import { startTestPostgres, startTestStandby, type TestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import { removedAtExit } from './system.js';
import { until } from './usage.js';

const HOUR_US = 3_600_000_000;
const DAY_US = 24 * HOUR_US;
/** The rows are spread over so much time: at 100 million some 580 came each second. */
export const HOURS = 48;
/** Heap and the indexes of the product, of a message of 200 bytes; and what WAL and sorting need besides. */
const ROW_BYTES = 560;
const SPARE_BYTES = 4 * 1024 ** 3;
/** Of `PartitionWidth`, as the product has it by default. */
const HOURLY_FROM_BYTES = 32 * 1024 ** 3;
const NO_DEADLINE_MS = 6 * 3_600_000;
const FILLERS = 2;

export interface SearchData {
  /** Rows end here; the middle of a day, so that the newest partition is neither fresh nor full. */
  readonly endUs: number;
  readonly filled: Store;
  readonly empty: Store;
  /** Of the filled database. */
  readonly pool: pg.Pool;
  readonly width: Partition['width'];
  bytes(): Promise<number>;
  close(): Promise<void>;
}

/** What a run will need, and whether it is there. @throws Error — it is not. */
export function demandDisk(rows: number, copies: number, say: (line: string) => void): void {
  const { bavail, bsize } = statfsSync(tmpdir());
  const rowBytes = ROW_BYTES * copies;
  const needed = rows * rowBytes + SPARE_BYTES;
  const gb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
  say(`search: ${rows} rows need about ${gb(needed)} below ${tmpdir()}, where ${gb(bavail * bsize)} are free`);
  if (bavail * bsize < needed)
    throw new Error(
      `search: ${rows} rows need about ${gb(needed)}, ${tmpdir()} has ${gb(bavail * bsize)} free: --rows ${Math.max(0, Math.floor((bavail * bsize - SPARE_BYTES) / rowBytes))} would fit`,
    );
}

/**
 * Two databases of one server, both with the product's migrations and partitions: one with `rows` messages, one without. PostgreSQL
 * makes the rows itself, in tables that the product then attaches, which builds its indexes.
 *
 * @param isReplicated a Standby follows the server, and commits wait until it has them on its disk.
 */
export async function makeSearchData(rows: number, isReplicated: boolean, say: (line: string) => void): Promise<SearchData> {
  const undo: (() => unknown)[] = [];
  const close = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const server = await startTestPostgres(SETTINGS);
    // The testkit kills the server when this process is ended, and leaves its folder.
    undo.push(removedAtExit(dirname(server.dataDir)), () => server.stop());
    const [filled, empty] = [await database(server, 'filled', undo), await database(server, 'empty', undo)];
    const pool = new pg.Pool({ ...placeOf(server, 'filled'), max: FILLERS });
    undo.push(() => pool.end());
    const endUs = Math.floor((Date.now() * 1_000) / DAY_US) * DAY_US - DAY_US / 2 + HOUR_US / 2;
    const width = (rows / HOURS) * 24 * ROW_BYTES >= HOURLY_FROM_BYTES ? 'hour' : 'day';
    const settings: PartitionWidth = { width, hourlyFromBytes: HOURLY_FROM_BYTES };
    const beginUs = endUs - HOURS * HOUR_US;
    const days = range(Math.floor(beginUs / DAY_US), Math.floor(endUs / DAY_US) + 1);
    for (const day of days) await empty.partitions.createAhead(1, (day * DAY_US) / 1_000, settings);

    const startMs = performance.now();
    const waiting = (await empty.partitions.list()).filter(({ fromUs, toUs }) => toUs > beginUs && fromUs < endUs);
    const filledOnes = [...waiting];
    const total = filledOnes.length;
    await Promise.all(
      range(0, FILLERS).map(async () => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
          await fill(pool, next, { rows, beginUs, endUs });
          say(`search: ${total - waiting.length} of ${total} partitions begun, ${seconds(startMs)}`);
        }
      }),
    );
    for (const day of days) await filled.partitions.createAhead(1, (day * DAY_US) / 1_000, settings);
    say(`search: indexes built, ${seconds(startMs)}`);
    for (const { name } of filledOnes) await pool.query(`alter table ${name} reset (autovacuum_enabled)`);
    await pool.query('vacuum (analyze) message');
    await pool.query('checkpoint');
    if (isReplicated) {
      await replicate(server, pool, undo);
      say(`search: a Standby follows, ${seconds(startMs)}`);
    }
    const bytes = async () => Number((await pool.query('select pg_database_size($1) as bytes', ['filled'])).rows[0]?.bytes);
    say(
      `search: ${rows} rows are there after ${seconds(startMs)}: ${((await bytes()) / 1e9).toFixed(2)} GB, ${Math.round((await bytes()) / rows)} bytes a row`,
    );
    return { endUs, filled, empty, pool, width, bytes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** As the controller writes them, where they matter here; the memory for building indexes is the maker's. */
const SETTINGS = {
  ...{ fsync: 'on', synchronous_commit: 'on', wal_level: 'replica', wal_log_hints: 'on', shared_buffers: '64MB' },
  ...{ max_wal_senders: '10', max_replication_slots: '10', wal_keep_size: '256MB', maintenance_work_mem: '512MB' },
};

async function replicate(server: TestPostgres, pool: pg.Pool, undo: (() => unknown)[]): Promise<void> {
  const standby = await startTestStandby(server, SETTINGS);
  undo.push(removedAtExit(dirname(standby.dataDir)), () => standby.stop());
  await pool.query("alter system set synchronous_standby_names = '*'");
  await pool.query('select pg_reload_conf()');
  const isSync = async () =>
    (await pool.query("select from pg_stat_replication where sync_state = 'sync' and state = 'streaming'")).rowCount === 1;
  await until('the Standby in step', NO_DEADLINE_MS, isSync);
}

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => from + at);
const seconds = (startMs: number) => `${((performance.now() - startMs) / 1_000).toFixed(0)} s`;
const placeOf = ({ host, port, user }: TestPostgres, name: string) => ({ host, port, user, database: name });

async function database(server: TestPostgres, name: string, undo: (() => unknown)[]): Promise<Store> {
  const client = new pg.Client(server.connectionString);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  const store = openStore({ ...placeOf(server, name), statementTimeoutMs: NO_DEADLINE_MS });
  undo.push(() => store.close());
  await store.migrate();
  return store;
}

async function fill(
  pool: pg.Pool,
  { name, fromUs, toUs }: Partition,
  all: { readonly rows: number; readonly beginUs: number; readonly endUs: number },
) {
  const { rows, beginUs, endUs } = all;
  // Whole microseconds: no row may fall out of its partition.
  const stepUs = Math.floor((endUs - beginUs) / rows);
  const at = (us: number) => Math.min(rows, Math.ceil((us - beginUs) / stepUs));
  const [first, behind] = [at(Math.max(fromUs, beginUs)), at(Math.min(toUs, endUs))];
  const client = await pool.connect();
  try {
    // As the product makes it; it attaches a table of this name that is there, and does not wait long for an autovacuum of so many rows.
    await client.query(
      `create table if not exists ${name} (like message including defaults including constraints) with (autovacuum_enabled = off)`,
    );
    await client.query(`set synchronous_commit = off`);
    await client.query(
      `insert into ${name} (${COLUMNS}) select ${VALUES} from generate_series($1::bigint, $2::bigint - 1) g, ${HASH}`,
      [...[first, behind, beginUs, (endUs - beginUs) / rows]],
    );
    await client.query(`reset synchronous_commit`);
  } finally {
    client.release();
  }
}

const COLUMNS =
  'received_at, journal_id, seq, node, kind, source, facility, severity, host, app, proc_id, msg_id, sent_at, structured, varbinds, text, raw, flags, parse_reason, seen_by, content, late_us, transport, raw_form, seen_with';
/** Mixes the number, so that hosts and kinds do not follow one another (Knuth's multiplicative hash). */
const HASH = 'lateral (select ((g * 2654435761) % 4294967296) as h) as mixed';
/** Two of a hundred are traps, five have structured data, one of 20 000 holds a needle; 1 000 sources, 500 hosts, 40 programs. */
const AT = `timestamptz '1970-01-01 00:00:00+00' + ($3::bigint + g * $4::bigint) * interval '1 microsecond'`;
const SENT_AT = `date_trunc('milliseconds', ${AT})`;
/** RFC 5424, of which the text is the end: 200 bytes together. */
const HEAD = `'<' || h % 192 || '>1 ' || to_char(${SENT_AT} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') || ' host' || h % 500 || '.example.com app' || h % 40 || ' ' || h % 32768 || ' - - '`;
const SAYS = `'An application event log entry ' || g || ' of user ' || h % 9973 || case when h % 20000 = 7 then ' needle' || h / 20000 % 10 else '' end || ': connection from 10.1.' || h % 251 || '.' || h % 241 || ' closed after ' || h % 100000 || ' ms'`;
const TEXT = `rpad(${SAYS}, 200 - length(${HEAD}), '.')`;
/** As the product keeps such bytes: time, host, app and process stand in other columns, and so does the text (raw-recipe.ts). */
const RECIPE = `decode('05335a200120022003202d202d2006', 'hex')`;
const VALUES = `${AT}, 'a-mwqhv9ju-f3508d941c41', g + 1, 'a', case when h % 100 < 2 then 'trap' else 'syslog' end,
  ('10.0.' || h % 1000 / 250 || '.' || h % 1000 % 250)::inet, case when h % 100 < 2 then null else (h % 24)::smallint end,
  case when h % 100 < 2 then null when h % 1000 < 25 then (h % 4)::smallint else 4 + (h % 4)::smallint end,
  'host' || h % 500 || '.example.com', 'app' || h % 40, (h % 32768)::text, null, ${SENT_AT},
  case when h % 100 between 2 and 6 then jsonb_build_object('exampleSDID@32473', jsonb_build_object('iut', '3', 'eventID', (h / 100 % 5000)::text)) end,
  case when h % 100 < 2 then jsonb_build_array(jsonb_build_object('oid', '1.3.6.1.2.1.2.2.1.1.' || h / 100 % 500, 'type', 'Integer', 'value', (h / 100 % 500)::text)) end,
  ${TEXT}, convert_to('<' || h % 192 || '>1 ', 'UTF8') || ${RECIPE}, 0, null,
  null, substr(sha256(int8send(g)), 1, 16), null, 0, 1, 'b'`;
