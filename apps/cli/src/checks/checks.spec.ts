import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOOKED_AT_ADDRESS, LookedAt } from '../testing/looked-at.js';
import { diskSpace, fsyncSpeed } from './disk.js';
import { account, addresses, memory, receiveBuffer } from './host.js';
import { clockCheck, refuseFailed, renderChecks } from './index.js';
import { portsFree } from './network.js';
import { postgres, stopProofs, watchdog } from './software.js';
import { fail, ok, warn } from './types.js';

let host: LookedAt;
let root = '';
const there = (path: string, text: string) => host.there(path, text);
const context = (...asked: Parameters<LookedAt['context']>) => host.context(...asked);
beforeEach(() => {
  host = new LookedAt();
  root = host.root;
});
afterEach(() => host.close());

const levels = (checks: readonly { level: string }[]) => checks.map(({ level }) => level);

describe('memory', () => {
  it.each([
    ['a', 900 * 1024 - 1, 'fail'],
    ['a', 900 * 1024, 'warn'],
    ['a', 1_900 * 1024, 'ok'],
    ['w', 400 * 1024, 'ok'],
  ])('of %s with %d kB is %s', async (node, kb, level) => {
    there('proc/meminfo', `MemTotal:       ${kb} kB\n`);
    expect(levels(await memory(context({}, { node })))).toEqual([level]);
  });
});

it('asks for as large a socket buffer as the receiver is told to have, and says the command', async () => {
  there('proc/sys/net/core/rmem_max', '212992\n');
  const [small] = await receiveBuffer(context());
  expect(small).toMatchObject({ level: 'warn', mend: expect.stringContaining('net.core.rmem_max=134217728') });
  expect(levels(await receiveBuffer(context({}, { receiver: { receiveBufferBytes: 212_992 } })))).toEqual(['ok']);
});

it('wants the account that the programs run as', async () => {
  there('etc/passwd', 'root:x:0:0::/root:/bin/sh\n');
  expect(levels(await account({ ...context(), account: 'yosugara' }))).toEqual(['fail']);
  expect(levels(await account({ ...context(), account: 'root' }))).toEqual(['ok']);
});

it('finds an address that is not of this host, and one that two have', async () => {
  const member = (id: string, address: string) => ({ id, kind: 'data' as const, address, zone: id, peerId: id });
  const checks = await addresses(context({ members: [member('a', '192.0.2.77'), member('b', '192.0.2.77')] }));
  expect(checks.filter(({ level }) => level === 'fail').map(({ id }) => id)).toEqual(['address', 'addresses']);
});

it('names the program that has a port', async () => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, LOOKED_AT_ADDRESS, done));
  const { port } = server.address() as { port: number };
  try {
    const [busy] = await portsFree(context({}, { ports: { console: port } }));
    expect(busy).toMatchObject({
      id: 'ports',
      level: 'fail',
      found: expect.stringMatching(new RegExp(`${LOOKED_AT_ADDRESS}:${port} is in use by .*pid ${process.pid}`)),
    });
  } finally {
    server.close();
  }
});

it('measures the disk where the consensus log will lie, before its folder is there', async () => {
  const later = context({}, { stateDir: join(root, 'not', 'yet') });
  expect((await fsyncSpeed(later))[0]?.found).toMatch(/^median \d+\.\d ms/);
  expect((await diskSpace(later))[0]?.found).toMatch(/GB free for/);
});

it('says what to install where there is no PostgreSQL', async () => {
  const [none] = await postgres(context({}, { postgres: { bin: join(root, 'nothing') } }));
  expect(none).toMatchObject({ level: 'fail', mend: expect.stringContaining('apt-get install') });
});

describe('a silent Master', () => {
  it('could not be known to have stopped: refused', async () =>
    expect(levels(await stopProofs(context({ stopProofs: ['P1', 'P2', 'P3'] })))).toEqual(['fail']));
  it('is known by its lease, where that was decided', async () =>
    expect(levels(await stopProofs(context({ stopProofs: ['P1', 'P4'] })))).toEqual(['ok']));
  it('is reset by a watchdog, where there is one', async () => {
    there('dev/watchdog', '');
    expect(levels(await stopProofs(context()))).toEqual(['ok']);
  });
});

it('wants the watchdog that is required, and warns of one that is not there', async () => {
  expect(levels(await watchdog(context({}, { watchdog: { mode: 'required' } })))).toEqual(['fail']);
  expect(levels(await watchdog(context()))).toEqual(['warn']);
  there('dev/watchdog', '');
  there('sys/class/watchdog/watchdog0/nowayout', '1\n');
  expect((await watchdog(context()))[0]).toMatchObject({ level: 'warn', found: expect.stringContaining('nowayout') });
});

it.each([
  [1_000, 'ok'],
  [-1_001, 'warn'],
  [60_001, 'fail'],
])('a clock %d ms ahead is %s', (ms, level) => expect(clockCheck(ms).level).toBe(level));

describe('what was found', () => {
  const checks = [
    ok('memory', '8 GB', '2 GB'),
    warn('time-sync', 'nothing', 'NTP', 'apt-get install -y chrony'),
    fail('ports', 'in use', 'free', 'end it'),
  ];

  it('says below what is not good what is needed and what to do', () =>
    expect(renderChecks(checks, (text) => text).split('\n')).toEqual([
      '      check      found',
      'ok    memory     8 GB',
      'warn  time-sync  nothing',
      '        needed: NTP',
      '        do:     apt-get install -y chrony',
      'fail  ports      in use',
      '        needed: free',
      '        do:     end it',
    ]));

  it('refuses what failed, unless that very check was accepted', () => {
    expect(() => refuseFailed(checks, ['memory'])).toThrow('--accept ports');
    expect(() => refuseFailed(checks, ['ports'])).not.toThrow();
  });
});
