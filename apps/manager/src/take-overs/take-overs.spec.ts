import type { Status } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { aStatus } from '../testing/fake-controller.js';
import { Eras, startNode, type TestNode } from '../testing/harness.js';
import { LagMinutes } from './lag-minutes.js';
import { type Look, TakeOverTrace } from './trace.js';

const T0 = Date.parse('2026-11-22T03:00:00Z');
const node = (name: string, change: object = {}) => ({
  ...{ name, address: '10.0.0.1', zone: 'z', role: 'STANDBY_SYNC', why: 'follows', reachable: true, syncSet: true, lagBytes: 0 },
  ...{ timeline: 1, lsn: '0/1', postgres: 'standby', vip: false, needsRecover: false, deadMan: 'armed', recover: null },
  ...{ receiver: { up: true, received: 1, behindPeer: 0, peerLink: 'up' }, processes: [], ...change },
});
const cluster = (change: object): Status =>
  ({ ...aStatus(4), master: 'a', nodes: [node('a', { role: 'MASTER_SYNC' }), node('b')], ...change }) as unknown as Status;
const changed = (epoch: number, cause: string, at = T0 + 3_000) => ({
  ...{ epoch, owner: 'b', from: 'a', at: new Date(at).toISOString(), cause, proof: 'P4: the lease ended', timeline: 2 },
});
const idle: Look['own'] = {
  ...{ epoch: 4, mode: 'passive', vip: false, isWritable: false, isReady: true, ingests: false, runsJobs: false },
};

describe('a take-over of this node', () => {
  it('is seen in its phases, each at the first look that shows it', () => {
    const trace = new TakeOverTrace('b', 200);
    const look = (afterMs: number, status: Status | null, own: Partial<Look['own']> = {}) =>
      trace.look({ atMs: T0 + afterMs, status, own: { ...idle, ...own } });
    const gone = node('a', { reachable: false, why: 'not heard' });
    const becoming = (role: string, why: string) => cluster({ master: null, nodes: [gone, node('b', { role, why })] });
    look(0, cluster({}));
    expect(trace.isOpen).toBe(false);
    look(1_000, cluster({ master: null, nodes: [gone, node('b')] }));
    expect([trace.isOpen, trace.mine]).toEqual([true, null]);
    look(1_200, becoming('TAKEOVER', 'waits 2.4 s for the promise'));
    look(1_400, becoming('TAKEOVER', 'waits 2.2 s for the promise'));
    look(2_000, { ...becoming('PROMOTING', 'promotes'), epoch: 5 });
    look(2_200, null, { epoch: 5, mode: 'gated' });
    look(2_800, { ...becoming('PROMOTING', 'promotes'), epoch: 5 }, { epoch: 5, mode: 'gated', isWritable: true });
    const solo = cluster({
      ...{ epoch: 5, master: 'b', history: [changed(5, 'a lost its lease')] },
      nodes: [gone, node('b', { role: 'MASTER_SOLO', why: 'serves' })],
      ifMasterDied: { failsOver: false, to: null, seconds: null, dataLoss: null, reason: 'alone' },
    });
    const serving = { epoch: 5, mode: 'active', isWritable: true, vip: true, isReady: false } as const;
    look(3_200, solo, serving);
    look(3_400, solo, { ...serving, isReady: true });
    look(3_600, solo, { ...serving, isReady: true, ingests: true, runsJobs: true });
    const seen = trace.mine!.seen;
    expect(seen).toMatchObject({ by: 'b', everyMs: 200, lastServingAt: '2026-11-22T03:00:00.000Z', isCut: false });
    expect(seen.phases.map(({ phase, at }) => [phase, Date.parse(at) - T0])).toEqual([
      ['missed', 1_000],
      ['granted', 2_000],
      ['database', 2_800],
      ['receiver', 2_800],
      ['promoted', 3_000],
      ['address', 3_200],
      ['manager', 3_400],
      ['ingest', 3_600],
      ['jobs', 3_600],
    ]);
    // What counts down is said once.
    expect(seen.said.filter((said) => said.node === 'b').map(({ role }) => role)).toEqual([
      'STANDBY_SYNC',
      'TAKEOVER',
      'PROMOTING',
      'MASTER_SOLO',
    ]);
    expect(trace.isSettled).toBe(false);
    look(60_000, { ...solo, ifMasterDied: { ...solo.ifMasterDied, failsOver: true } }, { ...serving, isReady: true });
    expect(trace.mine?.seen.phases.at(-1)).toMatchObject({ phase: 'redundant' });
    expect(trace.isSettled).toBe(true);
  });

  it('is none when the Master was only not heard for a moment', () => {
    const trace = new TakeOverTrace('b', 200);
    trace.look({ atMs: T0, status: cluster({}), own: idle });
    trace.look({ atMs: T0 + 200, status: cluster({ master: null }), own: idle });
    trace.look({ atMs: T0 + 400, status: cluster({}), own: idle });
    expect([trace.isSettled, trace.mine]).toEqual([true, null]);
  });
});

it('how far the others are behind is told as the most of each minute that is over', () => {
  const lag = new LagMinutes();
  const add = (afterMs: number, wal: number, syncSet = true) =>
    lag.add(cluster({ nodes: [node('a'), node('b', { lagBytes: wal, syncSet })] }), T0 + afterMs);
  add(0, 5);
  add(30_000, 70);
  add(40_000, 6, false);
  add(60_000, 1);
  expect(lag.over(T0 + 61_000)).toEqual([
    { atMs: T0, node: 'a', walBytes: null, journal: 0, inSync: true },
    { atMs: T0, node: 'b', walBytes: 70, journal: 0, inSync: false },
  ]);
  expect(lag.over(T0 + 61_000)).toEqual([]);
});

describe('past take-overs', { timeout: 400_000 }, () => {
  const eras = new Eras();
  const soon = { timeout: 120_000, interval: 50 };
  let server: TestPostgres;
  let manager: TestNode;
  let cookie: string;
  beforeAll(async () => {
    server = await startTestPostgres();
    const postgres = { host: server.host, port: server.port };
    manager = await startNode({ node: 'b', address: '127.0.97.1', vip: '127.0.97.10', port: await freePort(), postgres });
  });
  afterAll(async () => {
    await manager?.stop();
    await server?.stop();
  });

  it('are there with what the new Master saw and how the old one came back, also those of before its time', async () => {
    manager.controller.status = cluster({});
    manager.controller.say({ mode: 'passive', epoch: 4, leaseUntilMs: 0 });
    // It has seen the old Master serve.
    await manager.controller.seen();
    const report = {
      ...{
        version: 1,
        requestId: 'r1',
        node: 'a',
        source: 'b',
        state: 'done',
        phase: 'report',
        detail: 'is back',
        method: 'rewind',
      },
      ...{ why: '', startedAt: '2026-11-22T04:00:00.000Z', endedAt: '2026-11-22T04:01:00.000Z', totalMs: 60_000, resumed: 0 },
      ...{ phases: [], bytes: 7, totalBytes: null, discarded: null, keptWal: null, setAside: null, archived: 0, tries: [] },
      ...{ journals: { atStart: null, atEnd: null }, look: [] },
    };
    for (let era = 0; era < 4; era += 1) eras.become(manager, 'b', { mode: 'passive' });
    manager.controller.status = cluster({ master: null, nodes: [node('a', { reachable: false }), node('b')] });
    await manager.controller.seen();
    const history = [changed(5, 'a lost its lease'), { ...changed(4, 'switchover', T0 - 9_000), owner: 'a', from: 'b' }];
    const nodes = [node('a', { recoverReport: report }), node('b', { role: 'MASTER_SYNC' })];
    manager.controller.status = cluster({ epoch: 5, master: 'b', history, nodes });
    await eras.becomeActive(manager, 'b', { vip: true });
    cookie = await manager.login();
    const list = async () => (await manager.call('GET', '/api/v1/cluster/take-overs', { cookie })).body.rows;
    await expect.poll(list, soon).toMatchObject([
      { epoch: 5, owner: 'b', from: 'a', kind: 'failover', loss: 'none', recover: { requestId: 'r1' }, seen: { by: 'b' } },
      { epoch: 4, owner: 'a', from: 'b', kind: 'switchover', recover: null, seen: null },
    ]);
    // It is written down as it is seen.
    const phases = async () => (await list())[0].seen.phases.map(({ phase }: { phase: string }) => phase);
    await expect
      .poll(phases, soon)
      .toEqual(expect.arrayContaining(['missed', 'granted', 'database', 'promoted', 'address', 'manager', 'redundant']));
    const lag = (await manager.call('GET', '/api/v1/cluster/lag?hours=1', { cookie })).body;
    expect(lag).toMatchObject({ stepMs: 60_000, nodes: expect.any(Array) });
    const page = (await manager.call('GET', '/api/v1/cluster/take-overs?limit=1', { cookie })).body;
    expect([page.rows.length, page.next]).toEqual([1, '5']);
  });

  it('what became of an order to cut power is in the audit log once, also when the manager looks at it anew', async () => {
    const requested = {
      ...{
        requestId: 'f1',
        target: 'a',
        by: 'b',
        state: 'requested',
        method: null,
        evidence: '',
        at: '2026-11-22T05:00:00.000Z',
      },
      ordered: { by: 'rika', why: 'smoke in rack 4' },
    };
    const confirmed = { ...requested, state: 'confirmed', method: 'fence_ipmilan', evidence: 'Status: OFF' };
    const another = { ...confirmed, requestId: 'f2', ordered: null };
    const show = async (lastFence: object) => {
      manager.controller.status = { ...(manager.controller.status as Status), lastFence } as Status;
      await manager.controller.seen();
    };
    const lines = async () =>
      (await manager.call('GET', '/api/v1/audit?what=cluster.fenced', { cookie })).body.rows.map(
        ({ who, object, detail }: { who: string; object: string; detail: Record<string, string> }) => [
          ...[who, object, detail['target'], detail['state'], detail['method'], detail['evidence'], detail['why']],
        ],
      );
    await show(requested);
    await show(confirmed);
    const first = ['rika', 'fence/f1', 'a', 'confirmed', 'fence_ipmilan', 'Status: OFF', 'smoke in rack 4'];
    await expect.poll(lines, soon).toEqual([first]);
    await show(another);
    const second = ['yosugara', 'fence/f2', 'a', 'confirmed', 'fence_ipmilan', 'Status: OFF', ''];
    await expect.poll(lines, soon).toEqual([second, first]);
    // The first one again, and something after it: what is written down twice would be there by then.
    await show(confirmed);
    await show({ ...another, requestId: 'f3', state: 'failed' });
    await expect.poll(async () => (await lines())[0]?.slice(1, 4), soon).toEqual(['fence/f3', 'a', 'failed']);
    expect((await lines()).length).toBe(3);
  });
});
