import 'reflect-metadata';
import { createServer, type Server } from 'node:net';
import { SILENT_LOG } from '@yosugara/kernel';
import { AccessSchema } from '@yosugara/protocol';
import { openStore, type Store } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hostClock } from '../clock.js';
import { openStorage } from '../wiring.js';
import { AuditKeeper } from './audit-keeper.js';
import { auditLine } from './audit-line.js';

const soon = { timeout: 60_000, interval: 50 };
let server: TestPostgres;
let store: Store;
let manager: ReturnType<typeof openStorage>['store'];
let listener: Server | null = null;
let port: number;
let lines: string[] = [];

beforeAll(async () => {
  server = await startTestPostgres();
  const where = { host: server.host, port: server.port, user: 'postgres', database: 'postgres' };
  store = openStore(where);
  await store.migrate();
  manager = openStorage({ ...where, password: 'x', clusterCa: null }, 'a', SILENT_LOG).store;
  port = await freePort();
});
afterEach(async () => await hangUp());
afterAll(async () => {
  await manager?.close();
  await store?.close();
  await server?.stop();
});

async function listen(): Promise<void> {
  lines = [];
  listener = createServer((socket) => {
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('utf8')));
    socket.on('end', () => {
      lines.push(text.replace(/^\d+ /, ''));
      socket.end();
    });
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => listener?.listen(port, '127.0.0.1', resolve));
}
async function hangUp(): Promise<void> {
  await new Promise<void>((resolve) => (listener === null ? resolve() : listener.close(() => resolve())));
  listener = null;
}
const keeperOf = (change: object = {}) => {
  const auditSyslog = [{ name: 'siem', transport: 'tcp', host: '127.0.0.1', port }];
  const keeper = new AuditKeeper({
    ...{ store: manager, access: AccessSchema.parse({ auditSyslog, ...change }), cluster: 'spec', isReady: () => true },
    authority: { now: () => ({ mode: 'active', epoch: 1, vip: false }) as never, demand: () => ({}) as never },
    ...{ clock: hostClock, log: SILENT_LOG },
  });
  keeper.start();
  return keeper;
};
const note = async (actor: string) => await store.audit.note({ actor, action: 'login', epoch: 1, node: 'a', detail: { x: 1 } });
const isAtEnd = async () => (await store.audit.position('siem'))?.id === String((await store.audit.latest(1))[0]?.id);
const whoCame = () => lines.map((line) => /who="([^"]*)"/.exec(line)?.[1]);

describe('the audit log is sent by syslog', () => {
  it('from when it is asked for, line after line, and goes on where it was, also after it was away', async () => {
    await note('before');
    await listen();
    const first = keeperOf();
    await expect.poll(async () => await store.audit.position('siem'), soon).not.toBeNull();
    for (const who of ['one', 'two']) await note(who);
    await expect.poll(whoCame, soon).toEqual(['one', 'two']);
    // It is written down a moment later; what came before that would come again.
    await expect.poll(isAtEnd, soon).toBe(true);
    await first.stop();
    await hangUp();
    await note('three');
    const second = keeperOf();
    await note('four');
    await listen();
    await expect.poll(whoCame, soon).toEqual(['three', 'four']);
    await second.stop();
  });
});

it('a line is one line, whatever is in it', () => {
  const text = auditLine(
    {
      ...{
        id: '7',
        at: new Date(0),
        actor: 'e"v]a\n<34>1',
        action: 'setting.put',
        target: 'monitor/p',
        detail: { a: 'b\nc' },
        epoch: 1,
      },
      ...{ came: 'session', address: '10.0.0.1', node: 'a', done: false },
    },
    13,
    'tokyo',
  );
  expect(text).toBe(
    '<108>1 1970-01-01T00:00:00.000Z a yosugara-audit - setting.put [audit@32473 id="7" cluster="tokyo" who="e\\"v\\]a <34>1" by="session" from="10.0.0.1" action="setting.put" object="monitor/p" done="false"] e"v]a <34>1 setting.put monitor/p {"a":"b\\nc"}',
  );
});
