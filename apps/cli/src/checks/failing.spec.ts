import { execFileSync } from 'node:child_process';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOOKED_AT_ADDRESS, LookedAt } from '../testing/looked-at.js';
import { diskSpace, fsyncCheck } from './disk.js';
import { addresses, openFiles, programs, timeSync } from './host.js';
import { membersReachable } from './network.js';
import { authorityKey, fencing, postgres, watchdog } from './software.js';

/** Each check on a host where that very thing is wrong: what it found, and what it tells to do. */
let host: LookedAt;
const closing: (() => void)[] = [];
beforeEach(() => {
  host = new LookedAt();
});
afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
  host.close();
});
const says = (text: string) => expect.stringContaining(text);

describe('a clock', () => {
  it('that nothing keeps', async () => {
    host.program('chronyc', 'exit 1');
    host.program('timedatectl', 'echo no');
    expect(await timeSync(host.context())).toMatchObject([{ level: 'warn', mend: 'apt-get install -y chrony' }]);
  });
  it('that chrony does not keep yet', async () => {
    host.program('chronyc', "echo 'Leap status     : Not synchronised'");
    expect(await timeSync(host.context())).toMatchObject([{ level: 'warn', mend: says('chronyc waitsync') }]);
  });
  it.each([
    ['chronyc', "echo 'Leap status     : Normal'"],
    ['timedatectl', 'echo yes'],
  ])('that %s says is kept', async (name, script) => {
    host.program('chronyc', 'exit 1');
    host.program(name, script);
    expect(await timeSync(host.context())).toMatchObject([{ level: 'ok' }]);
  });
});

describe('a disk', () => {
  it.runIf(process.getuid?.() === 0)('with too little space, seen where the state will lie', async () => {
    const small = join(host.there('small/.keep', ''), '..');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small]);
    closing.push(() => execFileSync('umount', [small]));
    const found = await diskSpace(host.context({}, { stateDir: join(small, 'state') }));
    expect(found).toMatchObject([{ level: 'fail', found: says('0.0 GB free'), mend: says('--state-dir') }]);
  });
  it.each([
    [20, 20, 'ok'],
    [20, 21, 'warn'],
    [200, 200, 'warn'],
    [201, 201, 'fail'],
  ])('that has a small write after %d ms, and the slowest after %d, is %s', (usual, slowest, level) =>
    expect(fsyncCheck([...new Array<number>(98).fill(usual), slowest, slowest]).level).toBe(level),
  );
});

describe('PostgreSQL', () => {
  it('of an older version is named, with what to install', async () => {
    for (const name of ['initdb', 'pg_controldata', 'pg_basebackup', 'pg_rewind', 'pg_waldump']) host.program(name, 'exit 0');
    const bin = join(host.program('postgres', "echo 'postgres (PostgreSQL) 14.9 (Debian 14.9-1)'"), '..');
    const found = await postgres(host.context({}, { postgres: { bin } }));
    expect(found).toMatchObject([
      { level: 'fail', found: says('found: PostgreSQL 14.9'), mend: says('apt-get install -y postgresql') },
    ]);
  });
});

it('fewer open files than a burst needs', async () => {
  host.there('proc/self/limits', 'Max open files            1024                 4095                 files\n');
  host.there('proc/sys/fs/nr_open', '4095\n');
  expect(await openFiles(host.context())).toMatchObject([{ level: 'fail', found: '4095', mend: says('fs.nr_open') }]);
});

it('a program of the system that is not there, with its package', async () => {
  const vip = { address: '127.9.7.10', driver: 'ip' as const, prefixLength: 24 };
  const bare = await programs(host.context({ vip } as never), [host.root]);
  expect(bare).toMatchObject([{ level: 'fail', mend: 'apt-get install -y iproute2 iputils-arping util-linux' }]);
});

it('a floating address that is a member’s own, and an interface that is not there', async () => {
  const vip = { address: LOOKED_AT_ADDRESS, driver: 'ip' as const, prefixLength: 24, interface: 'eth77' };
  const found = await addresses(host.context({ vip } as never));
  expect(found.filter(({ level }) => level === 'fail').map(({ id }) => id)).toEqual(['vip-interface', 'vip']);
});

it.each(['ocf', 'command'] as const)('a floating address that outlives a host that hangs (%s) is warned of', async (driver) => {
  const vip = { address: '127.9.7.10', driver, agent: '/usr/local/sbin/move' };
  const found = await addresses(host.context({ vip } as never));
  expect(found.filter(({ id }) => id === 'vip-driver')).toMatchObject([{ level: 'warn', found: says(driver), mend: says('ip') }]);
});

describe('a power device', () => {
  const member = (id: string, fence?: object) => ({
    id,
    kind: 'data',
    address: `127.9.7.${id === 'a' ? 1 : 2}`,
    zone: id,
    peerId: id,
    ...fence,
  });
  const fenced = (program: string) => {
    const fence = [[{ name: 'plug', driver: 'command', program, options: {}, secretFiles: {} }]];
    return host.context({ members: [member('a', { fence }), member('b', { fence })] } as never);
  };
  it('that nobody planned', async () =>
    expect(await fencing(host.context())).toMatchObject([
      { level: 'warn', found: 'none for a, b', mend: says('--cluster-file') },
    ]));
  it('that does not let us in', async () => {
    const found = await fencing(fenced(host.program('plug', "echo 'wrong password' >&2; exit 1")));
    expect(found).toMatchObject([{ id: 'fence', level: 'fail', found: says('of b'), mend: says('user and secret') }]);
  });
  it('that answers', async () =>
    expect(await fencing(fenced(host.program('plug', 'cat > /dev/null; echo on')))).toMatchObject([{ level: 'ok' }]));
});

it('a watchdog that another program uses', async () => {
  host.there('dev/watchdog', '');
  host.there('sys/class/watchdog/watchdog0/state', 'active\n');
  expect(await watchdog(host.context())).toMatchObject([{ level: 'warn', found: says('used by another program') }]);
});

describe('once the node runs', () => {
  const listening = async (address: string): Promise<number> => {
    const server: Server = createServer((socket) => socket.destroy());
    await new Promise<void>((done) => server.listen(0, address, done));
    closing.push(() => server.close());
    return (server.address() as { port: number }).port;
  };
  it('says which other member does not answer, and where to look', async () => {
    const port = await listening('127.9.7.3');
    const context = { ...host.context({}, { ports: { cluster: port, status: port } }), running: true };
    expect(await membersReachable(context)).toMatchObject([
      { level: 'warn', found: says('b: port'), mend: says('systemctl status yosugara-controller') },
      { level: 'ok', found: 'w answers' },
    ]);
  });
  it('warns of the authority’s key, and says where it goes', async () => {
    host.there('authority/ca.key', '');
    expect(await authorityKey({ ...host.context(), running: true })).toMatchObject([{ level: 'warn', mend: says('shred -u') }]);
    expect(await authorityKey(host.context())).toEqual([]);
  });
});
