import 'reflect-metadata';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW, type Tally } from '@yosugara/operations';
import { IngestSourcesSchema, IngestSummarySchema, type ReceiverReport } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostClock } from '../clock.js';
import { METRICS_TOKEN, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';
import { openStorage } from '../wiring.js';
import { LossWatch } from './loss-watch.js';

const soon = { timeout: 60_000, interval: 20 };
let server: TestPostgres;
let node: TestNode;
let storage: ReturnType<typeof openStorage>;
let version = 0;

const minuteNow = () => Math.floor(Date.now() / 60_000);
const tally = (source: string, at: 'a' | 'z', received: number, matched: number, unpaired = 0): Tally => ({
  ...{ minute: minuteNow(), source, node: at, received, matched, unpaired },
});
const count = async (...tallies: readonly Tally[]) => {
  const batch = { rows: [], seenAlso: [], positions: [], window: EMPTY_WINDOW, tallies };
  await storage.ingest.storeBatch({ ...batch, epoch: epoch(1), version: version++ });
};
const SINCE = '2026-11-21T10:00:00.000Z';
const receiver = (refused: Record<string, number>): ReceiverReport => ({
  ...{ process: 'receiver', pid: 7, since: SINCE, received: 990, dropped: 3, journalBytes: 4_096, peerLink: 'up' },
  ...{ behindPeer: 2, vipBound: false, kernelDrops: 3, refused, refusedFull: 1, refusedBacklog: 0, sourcesLeftOut: 0 },
  listeners: [
    {
      protocol: 'udp',
      address: '10.0.0.251',
      port: 514,
      listener: 'own',
      received: 993,
      refusedBy: {},
      connections: 0,
      since: SINCE,
      kernelDrops: 3,
    },
  ],
  sources: [
    { address: '10.1.0.1', received: 990, connections: 0, slowed: 0, cut: 1, refused: {}, since: SINCE },
    { address: '10.1.0.9', received: 0, connections: 0, slowed: 0, refused, since: SINCE },
  ],
});

beforeAll(async () => {
  server = await startTestPostgres();
  const postgres = { host: server.host, port: server.port };
  storage = openStorage({ ...postgres, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null }, 'a', SILENT_LOG);
  node = await startNode({ node: 'a', address: '127.0.79.1', vip: '127.0.79.10', port: await freePort(), postgres });
  node.controller.say({ mode: 'active', epoch: 1, master: 'a' });
  await vi.waitFor(() => expect(node.controller.lastReport()).toMatchObject({ mode: 'active', ready: true }), soon);
  await count(tally('10.1.0.1', 'a', 1_000, 970), tally('10.1.0.1', 'z', 970, 970), tally('10.1.0.2', 'a', 5, 0, 5));
});
afterAll(async () => {
  await node?.stop();
  await storage?.store.close();
  await server?.stop();
});

const get = async (path: string, bearer = PROBE_TOKEN) => await node.call('GET', path, { bearer });

describe('what came to one node only', () => {
  it('is told by source, those first of which most is missing, with what the receivers refused', async () => {
    node.controller.receivers = {
      receivers: [
        { node: 'a', report: receiver({ not_allowed: 12 }) },
        { node: 'z', report: null },
      ],
    };
    const { status, body } = await get('/api/ingest/sources');
    expect(status).toBe(200);
    const { nodes, sources, more } = IngestSourcesSchema.parse(body);
    expect([nodes, more]).toEqual([['a', 'z'], 0]);
    expect(sources).toEqual([
      {
        ...{
          source: '10.1.0.1',
          received: { a: 1_000, z: 970 },
          matched: 970,
          onlyAt: { a: 30, z: 0 },
          unpaired: { a: 0, z: 0 },
        },
        ...{ oneSided: 0.03, atReceiver: { a: { since: SINCE, received: 990, refused: {}, slowed: 0, cut: 1 } } },
      },
      {
        ...{ source: '10.1.0.2', received: { a: 5, z: 0 }, matched: 0, onlyAt: { a: 0, z: 0 }, unpaired: { a: 5, z: 0 } },
        ...{ oneSided: null, atReceiver: {} },
      },
      {
        ...{ source: '10.1.0.9', received: { a: 0, z: 0 }, matched: 0, onlyAt: { a: 0, z: 0 }, unpaired: { a: 0, z: 0 } },
        ...{ oneSided: null, atReceiver: { a: { since: SINCE, received: 0, refused: { not_allowed: 12 }, slowed: 0, cut: 0 } } },
      },
    ]);
    expect((await get('/api/ingest/sources?limit=1')).body).toMatchObject({ more: 1, sources: [{ source: '10.1.0.1' }] });
    expect((await get('/api/ingest/sources?source=10.1.0.2')).body.sources).toHaveLength(1);
  });
  it('is summed up, with the minutes of the last hour, and says since when is counted', async () => {
    const summary = IngestSummarySchema.parse((await get('/api/ingest/summary?since=2d')).body);
    expect(summary.total).toEqual({
      ...{ received: { a: 1_005, z: 970 }, matched: 970, onlyAt: { a: 30, z: 0 }, unpaired: { a: 5, z: 0 } },
    });
    expect(summary.minutes).toEqual([
      { at: expect.stringMatching(/:00\.000000Z$/), received: { a: 1_005, z: 970 }, onlyAt: { a: 30, z: 0 } },
    ]);
    expect(Date.parse(summary.countedSince)).toBeGreaterThan(Date.parse(summary.from));
    expect(summary).toMatchObject({ answeredBy: 'a', mode: 'active', epoch: 1, behind: 0 });
    expect(summary.receivers).toEqual([
      {
        node: 'a',
        state: expect.objectContaining({ since: SINCE, kernelDrops: 3, refused: { not_allowed: 12 }, journalFull: 1 }),
      },
      { node: 'z', state: null },
    ]);
  });
  it('is asked for in whole hours, by those who may', async () => {
    const { body } = await get('/api/ingest/summary?since=2026-11-21T10:20:00Z&until=2026-11-21T10:40:00Z');
    expect([body.from, body.to]).toEqual(['2026-11-21T10:00:00.000Z', '2026-11-21T11:00:00.000Z']);
    expect((await get('/api/ingest/summary?since=yesterday')).status).toBe(400);
    expect((await get('/api/ingest/sources', 'wrong')).status).toBe(401);
    expect((await get('/api/ingest/sources', METRICS_TOKEN)).status).toBe(401);
  });
  it('is an alarm of a source that sends to both', async () => {
    const options = { store: storage.store, nodes: ['a', 'z'], clock: hostClock, log: SILENT_LOG, everyMs: 10 };
    let mode: 'active' | 'passive' = 'active';
    const permission = () => ({ mode, epoch: 1, leaseUntilMs: 0, master: 'a', vip: false, syncSet: [], ingestAlone: false });
    const watch = new LossWatch({ ...options, authority: { now: permission } });
    watch.start();
    try {
      const lossy = { source: '10.1.0.1', missingAt: 'z', lost: 30, messages: 1_000 };
      await expect.poll(() => watch.oneSided, soon).toEqual([lossy]);
      mode = 'passive';
      expect(watch.oneSided).toEqual([]);
    } finally {
      watch.stop();
    }
  });
});

describe('what ingest went on behind', () => {
  it('is told: what the other node owes, by the database, and what neither has any more, by this process', async () => {
    const none = IngestSummarySchema.parse((await get('/api/ingest/summary')).body).missing;
    expect(none).toMatchObject({ owed: { records: 0, stretches: [] }, lost: { records: 0, stretches: [] } });
    const positions = [
      { journalId: 'z-1', seq: 40 },
      { journalId: 'z-1@5-16', seq: 6 },
      { journalId: 'z-1@20-29', seq: 29 },
    ];
    const nothing = { rows: [], seenAlso: [], window: EMPTY_WINDOW };
    await storage.ingest.storeBatch({ ...nothing, positions, epoch: epoch(1), version: version++ });
    node.ingest.missing?.follow(() => 10);
    node.ingest.missing?.onLost({ journalId: 'a-1', from: 3, through: 9, why: 'gone' });
    const { missing } = IngestSummarySchema.parse((await get('/api/ingest/summary')).body);
    expect(missing?.owed).toEqual({ records: 10, stretches: [{ journalId: 'z-1', node: 'z', from: 5, through: 16, left: 10 }] });
    expect(missing?.lost).toMatchObject({
      ...{ records: 7, stretches: [{ journalId: 'a-1', node: 'a', from: 3, through: 9, why: 'gone' }] },
    });
    const lines = (await get('/metrics', METRICS_TOKEN)).body.split('\n');
    expect(lines).toContain('yosugara_ingest_owed_records 10');
    expect(lines).toContain('yosugara_ingest_lost_records 7');
    expect(lines).toContain('yosugara_ingest_refused_rows_total 0');
    node.ingest.missing?.onRefused([{ journalId: 'a-1', seq: 2, source: '10.0.0.1', why: 'too long' }]);
    expect((await get('/metrics', METRICS_TOKEN)).body).toContain('\nyosugara_ingest_refused_rows_total 1\n');
  });
});

describe('metrics', () => {
  it('are Prometheus’ text, for sessions and for the bearer of the token of their own', async () => {
    node.ingest.onCounted([tally('10.1.0.1', 'a', 10, 8), tally('10.1.0.1', 'a', 1, 1)]);
    expect((await node.call('GET', '/metrics')).status).toBe(401);
    await expect
      .poll(async () => (await get('/metrics', METRICS_TOKEN)).body, soon)
      .toContain('yosugara_receiver_kernel_drops_total{protocol="udp",address="10.0.0.251",port="514",listener="own"} 3');
    const { body, headers } = await get('/metrics', METRICS_TOKEN);
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    for (const line of [
      '# TYPE yosugara_ingest_received_total counter',
      'yosugara_ingest_received_total{source="10.1.0.1",node="a"} 11',
      'yosugara_ingest_matched_total{source="10.1.0.1",node="a"} 9',
      'yosugara_receiver_refused_total{reason="not_allowed"} 12',
      'yosugara_receiver_source_refused_total{source="10.1.0.9",reason="not_allowed"} 12',
      'yosugara_receiver_journal_refused_total{reason="full"} 1',
      'yosugara_manager_epoch 1',
      'yosugara_manager_mode{mode="active"} 1',
    ])
      expect(body.split('\n')).toContain(line);
    // Each metric once, its samples behind it; every line is one that the format knows.
    const names = body.split('\n').filter((line: string) => line.startsWith('# TYPE')) as string[];
    expect(new Set(names).size).toBe(names.length);
    for (const line of (body as string).trimEnd().split('\n'))
      expect(line).toMatch(/^(# (HELP|TYPE) yosugara_\w+ .+|yosugara_\w+(\{(\w+="[^"\n]*",?)+\})? -?[\d.e+]+)$/);
  });
  it('say what is not known by leaving it out, not by nought', async () => {
    node.controller.receivers = { receivers: [{ node: 'a', report: null }] };
    await expect.poll(async () => (await get('/metrics', METRICS_TOKEN)).body, soon).toContain('\nyosugara_receiver_up 0\n');
    expect((await get('/metrics', METRICS_TOKEN)).body).not.toContain('yosugara_receiver_received_total');
  });
});
