import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openReceiverJournal, type ReceiverJournal } from '@yosugara/journal';
import { SILENT_LOG } from '@yosugara/kernel';
import { AwayReadSchema, type Watermark } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hostClock } from '../clock.js';
import type { ManagerConfig } from '../config.js';
import { NotActiveError, type Permission } from '../control/authority.js';
import { readJsonLines } from '../control/lines.js';
import { openStorage } from '../wiring.js';
import { MissingRecords } from './missing-records.js';
import { startIngestOf } from './start-ingest.js';

const soon = { timeout: 60_000, interval: 20 };
const always = () => undefined;
let server: TestPostgres;
let storage: ReturnType<typeof openStorage>;
let journal: ReceiverJournal;
let receiver: Server;
const dir = mkdtempSync(join(tmpdir(), 'yosugara-ingest-'));
const sockets = new Set<Socket>();
const ingested: unknown[] = [];
/** A journal of this node that is not here. */
const GONE = { journalId: 'a-00000000-0000', side: 'own' as const, node: 'a', firstSeq: 4, durableSeq: 3, bothSeq: 3 };
let gone: readonly (typeof GONE)[] = [];

beforeAll(async () => {
  server = await startTestPostgres();
  const postgres = {
    host: server.host,
    port: server.port,
    user: 'postgres',
    database: 'postgres',
    password: 'x',
    clusterCa: null,
  };
  storage = openStorage(postgres, 'a', SILENT_LOG);
  await storage.store.migrate();
  await storage.store.claim(3, always);
  journal = await openReceiverJournal({ dir: join(dir, 'journal', 'own'), node: 'a', maxBytes: 2 ** 24, onFatal: always });
  receiver = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket)).on('error', always);
    readJsonLines(socket, (document) => {
      ingested.push(document);
      // The other node has nothing of what it is asked for.
      const asked = AwayReadSchema.safeParse(document);
      if (!asked.success) return;
      const { id, throughSeq } = asked.data.read;
      socket.write(`${JSON.stringify({ away: { id, kind: 'missing', throughSeq } })}\n`);
    });
    tell(socket);
  });
  await new Promise<void>((resolve) => receiver.listen(join(dir, 'receiver.sock'), resolve));
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  receiver?.close();
  await journal?.close();
  await storage?.store.close();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

const tell = (socket: Socket) => {
  const { journalId, durableSeq } = journal;
  const own = { journalId, side: 'own' as const, node: 'a', firstSeq: 1, durableSeq, bothSeq: 0 };
  const mark: Watermark = { journals: [...gone, own], peerLink: 'down', clockOffsetUs: null, canRead: true };
  socket.write(`${JSON.stringify(mark)}\n`);
};
const receive = async (text: string) => {
  const listener = { kind: 'own' as const, address: '127.0.77.1' };
  const source = { address: '10.0.0.1', port: 514 };
  const raw = Buffer.from(`<13>Nov 21 10:00:00 host app: ${text}`);
  const times = { receivedAtUs: Date.now() * 1_000, monotonicMs: hostClock.monotonicMs() };
  journal.append({ ...times, kind: 'syslog', transport: 'udp', source, listener, flags: 0, raw });
  await journal.flush();
  for (const socket of sockets) tell(socket);
};
const texts = async () => (await storage.store.searchMessages({ limit: 10 })).rows.map((row) => row.text);

describe('ingest of the manager', () => {
  const member = (id: string) => ({ id, kind: 'data' });
  const config = {
    node: 'a',
    stateDir: dir,
    config: { cluster: { members: [member('a'), member('b')] }, receiver: { sources: [] } },
  } as unknown as ManagerConfig;
  let permission: Permission | null;
  const permitted = () => {
    if (permission === null) throw new NotActiveError('passive', null);
    return permission;
  };
  const mayNow = (change: Partial<Permission> = {}): Permission => ({
    ...{ mode: 'active', epoch: 3, vip: false, ingestAlone: true, master: 'a', syncSet: ['a', 'b'] },
    leaseUntilMs: hostClock.monotonicMs() + 60_000,
    ...change,
  });

  it('stores what the receiver has journaled, only while permitted, and lets the journal go', async () => {
    permission = mayNow();
    const live: string[] = [];
    const onStored = (rows: readonly { readonly text: string }[]) => void live.push(...rows.map((row) => row.text));
    const ingest = await startIngestOf(config, storage.ingest, hostClock, SILENT_LOG)({ epoch: 3, permitted, onStored });
    try {
      await receive('one');
      await expect.poll(texts, soon).toEqual(['one']);
      await expect.poll(() => live, soon).toEqual(['one']);
      await expect.poll(() => ingested, soon).toContainEqual({ ingested: [{ journalId: journal.journalId, seq: 1 }] });
      permission = null;
      await receive('two');
      permission = mayNow();
      await expect.poll(texts, soon).toEqual(['two', 'one']);
      expect(ingest.failure()).toBeNull();
    } finally {
      await ingest.stop();
    }
    await receive('three');
    expect(await texts()).toEqual(['two', 'one']);
  });
  it('goes on from the database after a change of epoch, and ends when the database has a younger owner', async () => {
    await storage.store.claim(9, always);
    permission = mayNow();
    const stale = await startIngestOf(config, storage.ingest, hostClock, SILENT_LOG)({ epoch: 3, permitted, onStored: always });
    await expect.poll(() => stale.failure(), soon).toMatchObject({ code: 'STALE_EPOCH' });
    await stale.stop();
    permission = mayNow({ epoch: 9 });
    const ingest = await startIngestOf(config, storage.ingest, hostClock, SILENT_LOG)({ epoch: 9, permitted, onStored: always });
    await expect.poll(texts, soon).toEqual(['three', 'two', 'one']);
    await ingest.stop();
  });
  it('notes what neither node has any more, over its ends and beginnings', async () => {
    permission = mayNow({ epoch: 9 });
    gone = [GONE];
    const missing = new MissingRecords();
    const start = startIngestOf(config, storage.ingest, hostClock, SILENT_LOG);
    const ingest = await start({ epoch: 9, permitted, onStored: always, missing });
    await expect.poll(() => missing.lost.list(), soon).toMatchObject([{ journalId: GONE.journalId, from: 1, through: 3 }]);
    await receive('four');
    await expect.poll(texts, soon).toEqual(['four', 'three', 'two', 'one']);
    await ingest.stop();
    const again = await start({ epoch: 9, permitted, onStored: always, missing });
    await receive('five');
    await expect.poll(texts, soon).toContain('five');
    await again.stop();
    expect([missing.lost.records, missing.owed]).toEqual([3, 0]);
  });
});
