import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { sql } from 'kysely';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completeIndexes, openStore, type Store, setOptionalIndexes } from './index.js';
import { whereOf } from './message-filter.js';
import { type MessageQuery, messageId, parseMessageId, statementOf } from './message-search.js';
import { spansOf } from './partition-spans.js';

let server: TestPostgres;
let store: Store;
let client: pg.Client;

const DAY_US = 86_400_000_000;
const DAYS = 5;
const PER_DAY = 20_000;
const START_US = Date.parse('2026-11-17T00:00:00Z') * 1_000;
const STEP_US = DAY_US / PER_DAY;
const END_US = START_US + DAYS * DAY_US;
/** One row in so many is of the rare kind. */
const RARE = 1_000;

const IF_INDEX = '1.3.6.1.2.1.2.2.1.1';
const trap = (at: number): Partial<MessageToStore> => ({
  ...{ kind: 'trap', severity: null, facility: null, app: '1.3.6.1.6.3.1.1.5.3', text: `linkDown ${at}` },
  varbinds: [{ oid: `${IF_INDEX}.${at % 7}`, type: 'Integer', value: String(at % 7) }],
});
const special: readonly ((at: number) => Partial<MessageToStore>)[] = [
  trap,
  () => ({ severity: 2 }),
  () => ({ host: 'rare-host' }),
  () => ({ app: 'rare-app' }),
  () => ({ source: '192.0.2.7' }),
  () => ({ reason: 'no_pri,not_utf8' }),
  () => ({ structured: { 'exampleSDID@32473': { iut: '3', many: ['a', 'b'] }, 'junos@2636.1.1': { user: 'ops' } } }),
  () => ({ seenBy: ['a'], transport: 'relp' }),
  () => ({ text: 'a Needle here', procId: '4711', facility: 4 }),
];
const rowAt = (index: number): MessageToStore => ({
  ...{ journalId: 'a-1-1', seq: index + 1, node: 'a', receivedAtUs: START_US + index * STEP_US, kind: 'syslog', flags: 0 },
  ...{ source: `10.0.0.${index % 50}`, raw: Buffer.from('<13>a message'), facility: 1, severity: 5 + (index % 3) },
  ...{ host: `host${index % 50}`, app: `app${index % 20}`, procId: String(index % 900), msgId: null, sentAtUs: null },
  ...{ structured: null, varbinds: null, text: `message ${index} of an ordinary kind`, reason: null, content: null },
  ...{ seenBy: ['a', 'b'], transport: 'udp' },
  ...special[index % RARE]?.(Math.floor(index / RARE)),
});

beforeAll(async () => {
  server = await startTestPostgres();
  store = openStore({ host: server.host, port: server.port, database: 'postgres', user: 'postgres', storeDeadlineMs: 30_000 });
  await store.migrate();
  const batchSize = 10_000;
  for (let at = 0; at < DAYS * PER_DAY; at += batchSize) {
    const rows = Array.from({ length: batchSize }, (_, each) => rowAt(at + each));
    await store.messages.storeBatch({
      epoch: epoch(1),
      version: at / batchSize,
      rows,
      seenAlso: [],
      positions: [],
      window: EMPTY_WINDOW,
    });
  }
  client = new pg.Client({ connectionString: server.connectionString });
  await client.connect();
  await client.query('analyze message');
}, 600_000);
afterAll(async () => {
  await client?.end();
  await store?.close();
  await server?.stop();
});

interface Plan {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly Plan[];
}

/** What the first statement of a search does, as it was executed. */
async function explained(query: MessageQuery) {
  const before = query.before === undefined ? null : parseMessageId(query.before);
  const [span] = await spansOf(client, query.sinceUs, before === null ? query.untilUs : before.atUs + 1);
  const { text, values } = statementOf(whereOf(query), span!, before, (query.limit ?? 100) + 1);
  const { rows } = await client.query<{ 'QUERY PLAN': readonly [{ readonly Plan: Plan }] }>(
    `explain (analyze, timing off, format json) ${text}`,
    values,
  );
  const nodes: Plan[] = [];
  const walk = (plan: Plan) => {
    nodes.push(plan);
    for (const each of plan.Plans ?? []) walk(each);
  };
  walk(rows[0]!['QUERY PLAN'][0].Plan);
  const scans = nodes.filter((node) => node['Relation Name']?.startsWith('message_p') === true);
  const read = scans.filter((scan) => scan['Actual Loops'] > 0);
  return {
    kinds: nodes.map((node) => node['Node Type']),
    /** Partitions that the plan has at all, and those that were opened. */
    planned: new Set(scans.map((scan) => scan['Relation Name'])).size,
    opened: new Set(read.map((scan) => scan['Relation Name'])).size,
    indexes: nodes.flatMap((node) => (node['Actual Loops'] > 0 ? (node['Index Name'] ?? []) : [])),
    rowsRead: read.reduce((sum, scan) => sum + scan['Actual Rows'] + (scan['Rows Removed by Filter'] ?? 0), 0),
  };
}

const NO_SCAN = expect.not.arrayContaining(['Seq Scan']);
const lastHour = { sinceUs: END_US - 3_600_000_000 };
const lastDays = (days: number) => ({ sinceUs: END_US - days * DAY_US });

describe('the plan of a search', () => {
  it('for the newest rows reads the primary key of the newest partition backwards and stops at the limit', async () => {
    const plan = await explained({});
    expect(plan).toMatchObject({ opened: 1, rowsRead: 101, kinds: NO_SCAN });
    expect(plan.kinds).not.toContain('Sort');
  });
  it('for the last hour knows one partition only', async () => {
    expect(await explained(lastHour)).toMatchObject({ planned: 1, opened: 1, rowsRead: 101, kinds: NO_SCAN });
  });
  it.each<[string, MessageQuery, RegExp]>([
    ['a rare host', { host: 'rare-host', limit: 10 }, /_host_received_at/],
    ['a host of fifty', { host: 'host17', limit: 10 }, /_host_received_at|_pkey/],
    ['a rare program', { app: 'rare-app', limit: 10 }, /_app_received_at/],
    ['a rare source', { source: '192.0.2.7', limit: 10 }, /_source_received_at/],
    ['urgent messages', { severityMax: 3, limit: 10 }, /_received_at_idx/],
    ['traps', { kind: 'trap', limit: 10 }, /_received_at_idx/],
    ['a varbind', { varbinds: [`${IF_INDEX}=3`], limit: 5 }, /_received_at_idx/],
    ['a notification', { traps: ['1.3.6.1.6.3.1.1.5.3'], limit: 10 }, /_received_at_idx|_app_received_at/],
    ['a reason', { parseReason: 'no_pri', limit: 10 }, /_received_at_idx/],
  ])('for %s uses its index and ends at the limit', async (_, query, index) => {
    const plan = await explained({ ...query, ...lastDays(3) });
    expect(plan.kinds).toEqual(NO_SCAN);
    expect(plan.indexes.join()).toMatch(index);
    expect(plan.planned).toBe(3);
    expect(plan.rowsRead).toBeLessThan(1_500);
  });
  it('for what is often there reads a few rows more than it shows', async () => {
    expect(await explained({ severityMax: 6, limit: 50, ...lastDays(3) })).toMatchObject({ opened: 1, kinds: NO_SCAN });
    expect((await explained({ text: 'ordinary', limit: 50 })).rowsRead).toBeLessThan(200);
  });
  it('for what no index knows reads the partitions of its time only', async () => {
    const plan = await explained({ text: 'needle', sinceUs: START_US + DAY_US, untilUs: START_US + 2 * DAY_US });
    expect(plan).toMatchObject({ planned: 1 });
    expect(plan.rowsRead).toBeLessThanOrEqual(PER_DAY);
  });
});

/** Each kind of condition, for what is rare and for what is in nearly every row. */
const EVERY_KIND: readonly [string, MessageQuery][] = [
  ['nothing but its time', {}],
  ['text', { text: 'needle' }],
  ['frequent text', { text: 'ordinary' }],
  ['an OID as text', { text: IF_INDEX }],
  ['source', { source: '10.0.0.7' }],
  ['network', { source: '10.0.0.0/8' }],
  ['rare network', { source: '192.0.2.0/24' }],
  ['host', { host: 'host17' }],
  ['unknown host', { host: 'nobody' }],
  ['app', { app: 'app3' }],
  ['process', { procId: '4711' }],
  ['facility', { facility: 4 }],
  ['severity', { severityMax: 6 }],
  ['urgent', { severityMax: 3 }],
  ['kind', { kind: 'trap' }],
  ['frequent kind', { kind: 'syslog' }],
  ['transport', { transport: 'relp' }],
  ['structured data', { structured: ['exampleSDID@32473.iut=3'] }],
  ['a parameter that is there', { structured: ['exampleSDID@32473.iut'] }],
  ['varbind', { varbinds: [`${IF_INDEX}=3`] }],
  ['notification', { traps: ['1.3.6.1.6.3.1.1.5.3'] }],
  ['the only node that saw it', { seenOnlyBy: 'a' }],
  ['a reason', { parseReason: 'any' }],
  ['several at once', { host: 'host17', severityMax: 6, text: 'ordinary', source: '10.0.0.0/8' }],
];
/** Without an index of their own: by the time, until the page is full. */
const BY_TIME = new Set([
  ...['text', 'an OID as text', 'process', 'facility', 'transport'],
  ...['structured data', 'a parameter that is there', 'the only node that saw it'],
]);
const SOME = 1_500;
const aDay = { sinceUs: START_US + 2 * DAY_US, untilUs: START_US + 3 * DAY_US };

describe('the plan of a search for one day', () => {
  it.each(EVERY_KIND)('by %s has that day’s partition and no other', async (kind, query) => {
    const plan = await explained({ ...query, ...aDay, limit: 50 });
    expect(plan).toMatchObject({ planned: 1, opened: 1 });
    expect(plan.rowsRead).toBeLessThanOrEqual(BY_TIME.has(kind) ? PER_DAY : SOME);
    if (!BY_TIME.has(kind)) expect(plan.kinds).toEqual(NO_SCAN);
  });
  it.each(EVERY_KIND)('by %s goes on behind a page without reading what is before it', async (kind, query) => {
    const middle = Math.floor(2.5 * PER_DAY);
    const before = messageId(rowAt(middle).receivedAtUs, 'a-1-1', middle + 1);
    const plan = await explained({ ...query, sinceUs: aDay.sinceUs, before, limit: 50 });
    expect(plan).toMatchObject({ planned: 1, opened: 1 });
    // Of half a day that is left, PostgreSQL may as well read the whole day and throw the rest away.
    expect(plan.rowsRead).toBeLessThanOrEqual(BY_TIME.has(kind) ? PER_DAY : SOME);
    if (!BY_TIME.has(kind)) expect(plan.kinds).toEqual(NO_SCAN);
  });
});

describe('a search through many partitions', () => {
  const seqs = async (query: MessageQuery) =>
    (await store.messages.search(query)).rows.map((row) => Number(row.id.split('.').at(-1)));
  /** Newest first, of those that the predicate picks. */
  const expected = (nth: number) => Array.from({ length: (DAYS * PER_DAY) / RARE }, (_, at) => at * RARE + nth + 1).reverse();

  it.each<[string, MessageQuery, number]>([
    ['kind', { kind: 'trap' }, 0],
    ['OID', { varbinds: [IF_INDEX] }, 0],
    ['notification', { traps: ['1.3.6.1.6.3.1.1.5.3', '1.3.6.1.6.3.1.1.5.0.3'] }, 0],
    ['an OID that no text has', { text: '1.3.6.1.6.3.1.1.5.3' }, 0],
    ['the begin of one, with a dot before', { text: ` .${IF_INDEX.slice(0, -2)}` }, 0],
    ['OID with a dot before', { varbinds: [`.${IF_INDEX}`] }, 0],
    ['severity', { severityMax: 3 }, 1],
    ['host', { host: 'rare-host' }, 2],
    ['app', { app: 'rare-app' }, 3],
    ['source', { source: '192.0.2.7' }, 4],
    ['network', { source: '192.0.2.0/24' }, 4],
    ['reason', { parseReason: 'not_utf8' }, 5],
    ['any reason', { parseReason: 'any' }, 5],
    ['structured data', { structured: ['exampleSDID@32473.iut=3'] }, 6],
    ['structured data, as sd. too', { structured: ['sd.exampleSDID@32473.iut=3'] }, 6],
    ['structured data given several times', { structured: ['exampleSDID@32473.many=b'] }, 6],
    ['structured data that is there', { structured: ['exampleSDID@32473.many', 'exampleSDID@32473.iut'] }, 6],
    ['structured data whose name holds dots', { structured: ['junos@2636.1.1.user=ops'] }, 6],
    ['seen only by', { seenOnlyBy: 'a' }, 7],
    ['transport', { transport: 'relp' }, 7],
    ['text', { text: 'NEEDLE' }, 8],
    ['facility', { facility: 4 }, 8],
    ['process', { procId: '4711' }, 8],
  ])('by %s finds each row that is so and no other, newest first', async (_, query, nth) => {
    expect(await seqs({ ...query, limit: 1_000 })).toEqual(expected(nth));
  });
  it.each<[MessageQuery, number]>([
    [{ varbinds: [`${IF_INDEX}=3`] }, 14],
    [{ varbinds: ['=3'] }, 14],
    [{ varbinds: [`${IF_INDEX}.3`] }, 14],
    [{ varbinds: ['1.3.6.1.2.1.2.2.1.11'] }, 0],
    [{ varbinds: ['1.3.6.1.2.1.2.2.1'], kind: 'syslog' }, 0],
    [{ structured: ['exampleSDID@32473.iut=4'] }, 0],
    [{ traps: ['1.3.6.1.6.3.1.1.5.4'] }, 0],
    [{ text: '1.3.6.1.9' }, 0],
    [{ seenOnlyBy: 'b' }, 0],
    [{ kind: 'trap', sinceUs: START_US + DAY_US, untilUs: START_US + 2 * DAY_US }, 20],
  ])('with %j finds %i', async (query, count) => {
    expect((await store.messages.search({ ...query, limit: 1_000 })).rows.length).toBe(count);
  });
  it('a partner that came later shows, and the row is no longer seen only by one', async () => {
    const newest = (await store.messages.search({ seenOnlyBy: 'a', limit: 1 })).rows[0]!;
    const [atUs, journalId, seq] = newest.id.split('.');
    await sql`insert into message_seen_also values (${newest.receivedAt}, ${journalId}, ${seq}, 'b', 'b-1-1', 1)`.execute(
      store.db,
    );
    expect((await store.messages.search({ seenOnlyBy: 'a', limit: 1 })).rows[0]?.id).not.toBe(newest.id);
    expect(Number(atUs)).toBeGreaterThan(START_US);
    await sql`delete from message_seen_also`.execute(store.db);
  });
  it('pages without a gap and without a row twice, across partitions and whatever comes meanwhile', async () => {
    const met: number[] = [];
    let before: string | undefined;
    do {
      const page = await store.messages.search({ kind: 'trap', limit: 7, ...(before === undefined ? {} : { before }) });
      met.push(...page.rows.map((row) => Number(row.id.split('.').at(-1))));
      before = page.next ?? undefined;
    } while (before !== undefined);
    expect(met).toEqual(expected(0));
  });
  it.each<MessageQuery>([
    { varbinds: ['ifIndex'] },
    { structured: ['nothing'] },
    { structured: ["x' or true --"] },
    { varbinds: Array(9).fill('=1') },
    { source: '10.0.0.0/8; drop' },
  ])('refuses %j', async (query) => await expect(store.messages.search(query)).rejects.toMatchObject({ code: 'INVALID_INPUT' }));
  it('takes words as they are', async () => {
    for (const word of ["x' or true --", '%', '\0', '{"a":1}', '\\'])
      expect((await store.messages.search({ host: word, app: word, text: word, procId: word, seenOnlyBy: word })).rows).toEqual(
        [],
      );
  });
});

describe('with the optional indexes', () => {
  beforeAll(async () => {
    const pool = new pg.Pool({ connectionString: server.connectionString });
    await setOptionalIndexes(pool, { text: true, structured: true });
    await completeIndexes(pool);
    await pool.end();
    await client.query('analyze message');
  }, 120_000);

  it.each<[string, MessageQuery, RegExp]>([
    ['a part of the text', { text: 'needle' }, /_text/],
    ['structured data', { structured: ['exampleSDID@32473.iut=3'] }, /_structured/],
    ['the value of a varbind', { varbinds: ['=3'] }, /_varbinds|_received_at_idx/],
  ])('rare %s is found through all partitions without reading one of them whole', async (_, query, index) => {
    const plan = await explained({ ...query, limit: 1_000 });
    expect(plan.indexes.join()).toMatch(index);
    expect(plan).toMatchObject({ opened: DAYS, kinds: NO_SCAN });
    expect(plan.rowsRead).toBeLessThan(SOME);
  });
});
