import 'reflect-metadata';
import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Capacity, type CapacityRow, type Events, NodeConfigSchema } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { aStatus } from '../testing/fake-controller.js';
import { managerOf, type NodeManager } from '../testing/manager-of.js';

/*
 * The managers of both nodes, a real PostgreSQL, and as the folder of backups of node a a volume of 24 MiB that is being filled. A sample a second.
 */
const MIB = 1_048_576;
const SIZE_MIB = 24;
const PIECES = 14;
const soon = { timeout: 120_000, interval: 250 };
const dir = mkdtempSync(join(tmpdir(), 'yosugara-capacity-'));
const volume = join(dir, 'backups');
mkdirSync(volume);
const isMounted =
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MIB}m`, 'tmpfs', volume], { stdio: 'ignore' }).status === 0;
const ADDRESS = { a: '127.0.86.1', b: '127.0.86.2' };
let postgres: TestPostgres;
let [a, b]: NodeManager[] = [];
let leasing: NodeJS.Timeout | undefined;

const configOf = (node: 'a' | 'b') =>
  NodeConfigSchema.parse({
    cluster: {
      id: 'spec',
      members: (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: `peer-${id}` })),
    },
    ...{ node, stateDir: join(dir, node), dataDir: dir },
    ...(node === 'a' ? { backup: { repository: { type: 'directory', path: volume } } } : {}),
    selfMonitoring: { everySeconds: 1, limits: { capacity: { warning: 86_400, afterSeconds: 0 } } },
  });
const rows = async (of: NodeManager): Promise<readonly CapacityRow[]> => (await of.get<Capacity>('/api/v1/capacity')).rows;
const rowOf = async (of: NodeManager, resource: string, node: string, item: RegExp = /^/) =>
  (await rows(of)).find((row) => row.resource === resource && row.node === node && item.test(row.item));

beforeAll(async () => {
  postgres = await startTestPostgres();
  const port = await freePort();
  const start = async (node: 'a' | 'b') =>
    await managerOf(configOf(node), ADDRESS[node], postgres, () => null, port, null, { capacityEveryMs: 1_000 });
  a = await start('a');
  a.controller.status = aStatus(1);
  a.controller.say({ mode: 'active', epoch: 1, master: 'a' });
  await vi.waitFor(() => expect(a?.controller.lastReport()?.ready).toBe(true), soon);
  b = await start('b');
  b.controller.status = aStatus(1);
  b.controller.say({ mode: 'passive', epoch: 1, leaseUntilMs: 0, master: 'a' });
  // A controller renews the lease again and again.
  leasing = setInterval(() => a?.controller.say({}), 2_000);
}, 120_000);
afterAll(async () => {
  clearInterval(leasing);
  await b?.stop();
  await a?.stop();
  await postgres?.stop();
  if (isMounted) spawnSync('umount', [volume]);
  rmSync(dir, { recursive: true, force: true });
}, 60_000);

describe('a manager that keeps a history of how full everything is', () => {
  it('knows the volumes, journals and connections of both nodes, and of the cluster WAL, tables, outbox and jobs', async () => {
    await vi.waitFor(async () => {
      const known = new Set((await rows(a!)).map(({ resource, node }) => `${resource} ${node}`));
      for (const node of ['a', 'b'])
        for (const resource of ['disk', 'files', 'journal', 'connections']) expect(known).toContain(`${resource} ${node}`);
      for (const resource of ['database', 'outbox', 'job-wait']) expect(known).toContain(`${resource} `);
    }, soon);
    const connections = await rowOf(a!, 'connections', 'a');
    expect(connections).toMatchObject({ unit: 'count', limit: expect.any(Number), used: expect.any(Number) });
    expect(connections!.share!).toBeCloseTo(connections!.used! / connections!.limit!);
    expect((await rows(a!)).filter(({ resource }) => resource === 'database').map(({ item }) => item)).toEqual(
      expect.arrayContaining(['messages', 'events', 'collected', 'audit', 'jobs', 'other']),
    );
  });

  it.skipIf(!isMounted)(
    'says of a volume that is being filled when it is full, and tells it as an event (needs mount)',
    async () => {
      const beganMs = Date.now();
      const disk = async () => await rowOf(a!, 'disk', 'a', /^backup$/);
      // A piece a sample, however long a sample takes here.
      for (let piece = 1; piece <= PIECES; piece++) {
        appendFileSync(join(volume, 'backup'), Buffer.alloc(MIB));
        await vi.waitFor(async () => expect((await disk())?.used).toBeGreaterThanOrEqual(piece * MIB), soon);
      }
      const row = (await disk())!;
      expect(row).toMatchObject({ limit: SIZE_MIB * MIB, unit: 'bytes', full: { kind: 'full' } });
      expect(row).toMatchObject({ advice: expect.stringContaining('retention'), manual: 'docs/capacity.md#disk' });
      expect(row.points.length).toBeGreaterThanOrEqual(PIECES - 2);
      const perMs = row.used! / (Date.now() - beganMs);
      const wantedMs = (row.limit! - row.used!) / perMs;
      const saidMs = Date.parse(row.full.at!) - Date.now();
      // Samples that come late on a busy machine bend the line; another unit would be a thousand times as much.
      expect(saidMs).toBeGreaterThan(wantedMs / 10);
      expect(saidMs).toBeLessThan(wantedMs * 10);
      expect(Date.parse(row.full.earliest!)).toBeLessThanOrEqual(Date.parse(row.full.at!));
      appendFileSync(join(volume, 'backup'), Buffer.alloc((SIZE_MIB - PIECES) * MIB - 8_192));
      const event = await vi.waitFor(async () => {
        const { rows: events } = await a!.get<Events>('/api/v1/events?facility=INTERNAL&limit=1000');
        const found = events.find(({ message }) => message.includes('a: disk backup is full'));
        expect(found).toBeDefined();
        return found!;
      }, soon);
      expect(event).toMatchObject({ priority: 'warning', monitor: 'INTERNAL' });
      expect((await a!.call('GET', '/metrics')).body).toMatch(/^yosugara_self_capacity_seconds\{item="a: disk backup"\} \d/m);
    },
  );

  it('answers on the Standby the same, and keeps of the other node only what that measured of itself', async () => {
    expect((await rows(b!)).map(({ resource }) => resource)).toEqual(expect.arrayContaining(['disk', 'database']));
    const forged = { payload: JSON.stringify({ node: 'b', values: [] }), signature: '0'.repeat(64) };
    expect(await a!.call('POST', '/api/v1/internal/measures', { body: forged })).toMatchObject({ status: 403 });
  });

  it('keeps them as values that graphs draw', async () => {
    const row = await rowOf(a!, 'connections', 'b');
    const { series } = await a!.get<{ series: { id: number; item: string }[] }>('/api/v1/series?monitor=INTERNAL');
    expect(series.find(({ id }) => id === row!.series)?.item).toBe('capacity used connections @b');
  });
});
