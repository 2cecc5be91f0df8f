import 'reflect-metadata';
import { epoch } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import type { MessageHistogram } from '@yosugara/protocol';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aMessage } from '../testing/a-message.js';
import { Eras, PROBE_TOKEN, startTwoManagers, type TwoManagers } from '../testing/harness.js';
import { histogramSpan } from './histogram-span.js';

/** Not long ago: what is older than it is kept for is deleted. */
const DAY = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
const NOON_MS = Date.parse(`${DAY}T12:00:00Z`);
const eras = new Eras();
let cluster: TwoManagers;

beforeAll(async () => {
  cluster = await startTwoManagers(87);
  await eras.becomeActive(cluster.a, 'a');
  // 1 200 a minute apart, every tenth of them an error; and a trap.
  const rows = Array.from({ length: 1_200 }, (_, at) =>
    aMessage((NOON_MS + at * 60_000) * 1_000, at + 1, { severity: at % 10 === 0 ? 3 : 6, text: `=cmd ${at}` }),
  );
  const trap = aMessage((NOON_MS + 30_000) * 1_000, 1_201, { kind: 'trap', severity: null, facility: null, text: 'linkDown' });
  await cluster.store.messages.storeBatch({
    ...{ epoch: epoch(eras.now), version: 0, rows: [...rows, trap], seenAlso: [], positions: [], window: EMPTY_WINDOW },
  });
});
beforeEach(async () => await eras.becomeActive(cluster.a, 'a'));
afterAll(async () => await cluster?.stop());

const ask = async (path: string) => await cluster.a.call('GET', path, { bearer: PROBE_TOKEN });
const counted = async (query: string) => (await ask(`/api/messages/histogram?${query}`)).body as MessageHistogram;
const span = `since=${DAY}T12:00:00Z&until=${DAY}T14:00:00Z`;

describe('how many messages came when', () => {
  it('is told of each while, by how bad they are', async () => {
    const { bins, ...rest } = await counted(`${span}&bins=2`);
    expect(rest).toEqual({
      ...{ from: `${DAY}T12:00:00.000Z`, to: `${DAY}T14:00:00.000Z`, binMs: 3_600_000, countedFrom: null },
    });
    expect(bins).toEqual([
      { at: `${DAY}T12:00:00.000Z`, error: 6, warning: 0, info: 54, debug: 0, trap: 1 },
      { at: `${DAY}T13:00:00.000Z`, error: 6, warning: 0, info: 54, debug: 0, trap: 0 },
    ]);
  });
  it('is counted of those alone that a search would find', async () => {
    expect((await counted(`${span}&bins=1&severity=err`)).bins.map(({ error, info }) => [error, info])).toEqual([[12, 0]]);
    expect((await counted(`${span}&bins=1&text=LINK`)).bins).toMatchObject([{ trap: 1, info: 0 }]);
    expect((await counted(`${span}&source=192.0.2.0/24`)).bins).toEqual([]);
  });
  it.each(['since=tomorrow', 'bins=501', 'since=1h&until=2h', 'source=nowhere', 'limit=1'])('refuses %s', async (query) =>
    expect((await ask(`/api/messages/histogram?${query}`)).status).toBe(400),
  );
});

describe('the whiles of a histogram', () => {
  it.each([
    [undefined, undefined, 60, 60_000, 60],
    ['24h', undefined, 60, 1_800_000, 48],
    ['7d', undefined, 60, 21_600_000, 28],
    ['365d', undefined, 60, 604_800_000, 52],
  ] as const)('since %s until %s in %d: of %d ms, some %d', (since, until, most, binMs, some) => {
    const found = histogramSpan(since, until, most, NOON_MS);
    expect(found.binMs).toBe(binMs);
    const count = (found.toMs - found.fromMs) / binMs;
    expect([count >= some, count <= some + 2, found.fromMs % binMs]).toEqual([true, true, 0]);
  });
});

describe('messages as a table', () => {
  it('are all of those that the search finds, page after page, and no formula', async () => {
    const { status, body } = await ask(`/api/messages?format=csv&since=${DAY}T12:00:00Z&kind=syslog`);
    const lines = String(body).trimEnd().split('\r\n');
    expect([status, lines.length]).toEqual([200, 1_201]);
    expect(lines[0]).toBe('id,receivedAt,kind,source,host,severity,facility,app,procId,msgId,transport,seenBy,text,cut');
    expect(lines[1]).toContain("'=cmd 1199");
  });
  it('are as many as asked for, and a page is none of so many', async () => {
    const { body } = await ask(`/api/messages?format=csv&since=${DAY}T12:00:00Z&limit=1001`);
    expect(String(body).trimEnd().split('\r\n')).toHaveLength(1_002);
    expect((await ask('/api/messages?limit=1001')).status).toBe(400);
  });
});
