import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parseSetting } from '@yosugara/protocol';
import { type LiveSetting, readSettings, SettingsSnapshot } from '@yosugara/runtime';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CallOptions, Eras, type Method, PROBE_TOKEN, startNode, type TestNode } from '../testing/harness.js';

/** As many as the largest estates have; what it takes is printed, since machines differ. */
const NODES = 100_000;
const SCOPES = 500;
const PART = 1_000;

let server: TestPostgres;
let master: TestNode;
let standby: TestNode;
let renewal: NodeJS.Timeout | undefined;
const { become, becomeActive } = new Eras();
const figures: Record<string, number> = {};

beforeAll(async () => {
  server = await startTestPostgres({ shared_buffers: '128MB', max_wal_size: '2GB' });
  const common = { vip: '127.0.81.10', port: await freePort(), postgres: { host: server.host, port: server.port } };
  master = await startNode({ ...common, node: 'a', address: '127.0.81.1' });
  standby = await startNode({ ...common, node: 'b', address: '127.0.81.2' });
  become(standby, 'b', { mode: 'passive' });
  await becomeActive(master, 'a');
  // It takes longer than the lease that the controller's stand-in gives.
  renewal = setInterval(() => master.controller.say({}), 10_000);
});
afterAll(async () => {
  clearInterval(renewal);
  await Promise.allSettled([master?.stop(), standby?.stop()]);
  await server?.stop();
  process.stderr.write(`${JSON.stringify({ nodes: NODES, ...figures })}\n`);
});

const API = '/api/v1/settings';
const call = async (method: Method, path: string, how: CallOptions = {}, at = master) =>
  await at.call(method, path, { bearer: PROBE_TOKEN, withinMs: 500_000, ...how });
const scopeOf = (number: number) => `scope-${number % SCOPES}`;
const scopes = () =>
  Array.from({ length: SCOPES }, (_, at) => ({
    ...{ kind: 'scope', id: `scope-${at}` },
    body: { name: `Scope ${at}`, parent: at < 20 ? null : `scope-${at % 20}` },
  }));
const node = (at: number, change: object = {}) => ({
  ...{ kind: 'node', id: `node-${at}` },
  body: {
    name: `Node ${at}`,
    addresses: [`10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`],
    hostNames: [`node-${at}.example.com`],
    scopes: [scopeOf(at), scopeOf(at + 7)],
    platform: 'LINUX',
    snmp: { version: 'v2c', community: 'hush' },
    ...change,
  },
});

/** In parts, and then at once, as `yosugara apply` does it. */
async function load(name: string, documents: (at: number) => object, options: object = {}) {
  const id = randomUUID();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  const begunMs = performance.now();
  await call('POST', `${API}/import/parts`, { body: { import: id, part: 0, documents: scopes() } });
  for (let at = 0; at < NODES; at += PART) {
    const part = Array.from({ length: PART }, (_, index) => documents(at + index));
    expect(
      await call('POST', `${API}/import/parts`, { body: { import: id, part: 1 + at / PART, documents: part } }),
    ).toMatchObject({ status: 200 });
  }
  const sentMs = performance.now();
  const before = processorSeconds();
  delay.enable();
  const done = await call('POST', `${API}/import`, { body: { import: id, ...options } });
  delay.disable();
  figures[`${name} sending s`] = round((sentMs - begunMs) / 1_000);
  figures[`${name} storing s`] = round((performance.now() - sentMs) / 1_000);
  const after = processorSeconds();
  figures[`${name} storing, processor s of managers`] = round(after.managers - before.managers);
  figures[`${name} storing, processor s of PostgreSQL`] = round(after.postgres - before.postgres);
  figures[`${name} longest turn ms`] = round(delay.max / 1e6);
  expect(done).toMatchObject({ status: 200 });
  return done.body;
}

/** Both managers are in this process; PostgreSQL's are those of its children that are there. */
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  const children = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
  const ticks = children.map((pid) => {
    const fields = statOf(pid).split(') ')[1]?.split(' ') ?? [];
    return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
  });
  return { managers: (user + system) / 1e6, postgres: ticks.reduce((sum, each) => sum + each, 0) / 100 };
}

/** Nothing of one that has ended since it was listed. */
function statOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return '';
    throw error;
  }
}

const round = (value: number) => Math.round(value * 10) / 10;
const timed = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
  const begunMs = performance.now();
  const value = await work();
  figures[`${name} ms`] = round(performance.now() - begunMs);
  return value;
};

describe('a hundred thousand nodes', () => {
  it('are imported at once, and the other node has them in memory soon after', async () => {
    const done = await load('import', node);
    expect(done.counts).toEqual({ added: NODES + SCOPES, changed: 0, removed: 0, unchanged: 0 });
    expect(done.added).toHaveLength(1_000);
    expect((await call('GET', '/api/v1/facilities')).body.nodes).toBe(NODES);
    await timed('on the other node after', async () =>
      expect
        .poll(async () => (await call('GET', '/api/v1/facilities', {}, standby)).body.nodes, { timeout: 120_000, interval: 100 })
        .toBe(NODES),
    );
  });
  it('are found by address, name, scope and text', async () => {
    const found = async (name: string, query: string) =>
      await timed(name, async () => (await call('GET', `${API}/node?limit=100&${query}`)).body.rows.length);
    expect(await found('list', '')).toBe(100);
    expect(await found('by address', 'address=10.1.0.7')).toBe(1);
    expect(await found('by host name', 'host=node-99999.example.com')).toBe(1);
    expect(await found('by scope', 'scope=scope-499')).toBe(100);
    expect(await found('by text', 'text=node%2077777')).toBe(1);
    const resolved = await timed('resolve', async () => await call('GET', '/api/v1/facilities/resolve?address=10.0.1.44'));
    expect(resolved.body.nodes).toEqual([{ id: 'node-300', name: 'Node 300', enabled: true }]);
    expect((await timed('tree', async () => await call('GET', '/api/v1/facilities'))).body.scopes).toHaveLength(SCOPES + 9);
  });
  it('are compared, and nothing is changed where nothing is another', async () => {
    const looked = await load('compare', (at) => node(at, { snmp: { version: 'v2c' } }), { dryRun: true });
    expect(looked.counts).toEqual({ added: 0, changed: 0, removed: 0, unchanged: NODES + SCOPES });
  });
  it('are changed, all of them', async () => {
    const done = await load('change', (at) => node(at, { platform: 'WINDOWS' }));
    expect(done.counts).toEqual({ added: 0, changed: NODES, removed: 0, unchanged: SCOPES });
    expect((await call('GET', '/api/v1/facilities')).body.scopes.find(({ id }: { id: string }) => id === 'WINDOWS').nodes).toBe(
      NODES,
    );
  });
  it('need so much memory', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const settings: LiveSetting[] = Array.from({ length: NODES }, (_, at) => {
      const parsed = parseSetting(JSON.parse(JSON.stringify(node(at))));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
      return { ...parsed.setting, revision: 1 };
    });
    collect();
    const before = process.memoryUsage().heapUsed;
    const snapshot = new SettingsSnapshot();
    const begunMs = performance.now();
    snapshot.apply(readSettings(settings), [], { version: 1, epoch: 1 });
    figures['snapshot built ms'] = round(performance.now() - begunMs);
    collect();
    figures['snapshot MB'] = round((process.memoryUsage().heapUsed - before) / 1024 ** 2);
    // Its bodies are read anew, so that the settings that it came from are not part of it.
    expect(settings.length + snapshot.nodes.size).toBe(2 * NODES);
    expect(figures['snapshot MB']).toBeLessThan(400);
  });
});
