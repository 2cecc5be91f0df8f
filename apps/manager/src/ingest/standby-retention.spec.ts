import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { openStore, type Store } from '@yosugara/store';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Permission } from '../control/authority.js';
import { readJsonLines } from '../control/lines.js';
import { type HotStandby, startHotStandby } from '../testing/hot-standby.js';
import { openStorage, type Storage } from '../wiring.js';
import { StandbyRetention } from './standby-retention.js';

const soon = { timeout: 60_000, interval: 20 };
const dir = mkdtempSync(join(tmpdir(), 'yosugara-retention-'));
const receiverSocket = join(dir, 'receiver.sock');
const sockets = new Set<Socket>();
let told: unknown[] = [];
let primary: TestPostgres;
let standby: HotStandby;
let master: Store;
let storage: Storage;
let receiver: Server;

beforeAll(async () => {
  primary = await startTestPostgres();
  master = openStore({ host: primary.host, port: primary.port, database: 'postgres', user: 'postgres' });
  await master.migrate();
  standby = await startHotStandby(primary);
  const { host, port } = standby;
  storage = openStorage({ host, port, user: 'postgres', database: 'postgres', password: 'x', clusterCa: null }, 'b', SILENT_LOG);
  receiver = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    readJsonLines(socket, (document) => told.push(document));
  });
  await new Promise<void>((resolve) => receiver.listen(receiverSocket, resolve));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  receiver?.close();
  await Promise.allSettled([storage?.store.close(), master?.close()]);
  await standby?.stop();
  await primary?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const journalId = 'a-mfx00000-0123456789ab';
const ingestThrough = async (seq: number) => {
  await master.db
    .insertInto('ingest_position')
    .values({ journal_id: journalId, seq })
    .onConflict((conflict) => conflict.column('journal_id').doUpdateSet({ seq }))
    .execute();
};
const running = async (mode: Permission['mode'], work: () => Promise<void>) => {
  const authority = { now: () => ({ mode }) as Permission };
  const retention = new StandbyRetention({ authority, store: storage.store, receiverSocket, log: SILENT_LOG });
  told = [];
  retention.start();
  try {
    await work();
  } finally {
    retention.stop();
  }
};

it('a passive manager tells its receiver how far its own hot standby has the positions, as they move', async () => {
  await ingestThrough(7);
  await running('passive', async () => {
    await expect.poll(() => told.at(-1), soon).toEqual({ ingested: [{ journalId, seq: 7 }] });
    await ingestThrough(9);
    await expect.poll(() => told.at(-1), soon).toEqual({ ingested: [{ journalId, seq: 9 }] });
  });
});
it('it says nothing of a database that is a primary: there a position may be on no other disk', async () => {
  await standby.promote();
  expect(await storage.store.standbyPositions()).toBeNull();
  await running('passive', async () => {
    const start = performance.now();
    await expect.poll(() => performance.now() - start, soon).toBeGreaterThan(1_500);
    expect(told).toEqual([]);
  });
});
