import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import { type Result, SELF_BEGIN, selfStep, WATCHES } from '@yosugara/operations';
import { databaseActivity } from '@yosugara/store';
import { findSystemProgram, freePort, startTestPostgres, TestAuthority, until } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppendQueue } from './append-queue.js';
import { lookAtCertificates } from './certificates.js';
import { clusterFacts, receiverFacts } from './cluster-facts.js';
import { readSigned, signResults } from './deliver.js';
import { Gatherer } from './gatherer.js';
import { InternalWays } from './internal-ways.js';
import { journalSizes } from './journal-sizes.js';
import { PendingResults } from './pending-results.js';
import { SyslogWay } from './syslog-way.js';
import { Volumes } from './volumes.js';

const soon = { timeout: 60_000, interval: 20 };
const root = mkdtempSync(join(tmpdir(), 'yosugara-ways-'));
let dir = '';
let made = 0;
beforeEach(() => {
  dir = join(root, String(++made));
  mkdirSync(dir);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What a look makes of a heap that is so full. */
function aResult(wallMs: number, value = 0.95): Result {
  const rules = { watches: WATCHES, limits: { heap: { warning: 0.8, critical: 0.93, afterMs: 0 } } };
  const seen = new Map([['heap', [{ item: '', value }]]]);
  return selfStep(rules, SELF_BEGIN, { node: 'a', monotonicMs: 0, wallMs, seen }).results[0]!;
}
const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);

describe('the file', () => {
  it('is set aside when it is full, and only so many are kept', async () => {
    const path = join(dir, 'logs', 'internal.jsonl');
    const queue = new AppendQueue({ path, maxBytes: 30, keep: 2 });
    for (let at = 0; at < 9; at++) {
      queue.write(`line ${at} ...`);
      await vi.waitFor(() => expect(queue.stats).toMatchObject({ done: at + 1, waiting: 0 }), soon);
    }
    await queue.close(1_000);
    expect(readdirSync(join(dir, 'logs')).sort()).toEqual(['internal.jsonl', 'internal.jsonl.1', 'internal.jsonl.2']);
    expect([...linesOf(`${path}.2`), ...linesOf(`${path}.1`), ...linesOf(path)]).toEqual(
      [4, 5, 6, 7, 8].map((at) => `line ${at} ...`),
    );
  });
  it('goes on behind half a line that somebody left', async () => {
    const path = join(dir, 'f');
    writeFileSync(path, 'whole\n{"half');
    const queue = new AppendQueue({ path, maxBytes: 1_000, keep: 1 });
    queue.write('new');
    await vi.waitFor(() => expect(queue.stats.done).toBe(1), soon);
    expect(linesOf(path)).toEqual(['whole', '{"half', 'new']);
    await queue.close(1_000);
  });
  it('that cannot be written costs the oldest lines, says why, and is tried again', async () => {
    const path = join(dir, 'here', 'f');
    writeFileSync(join(dir, 'here'), 'no folder');
    const queue = new AppendQueue({ path, maxBytes: 1_000, keep: 1, mostWaiting: 3 });
    for (const line of ['1', '2', '3']) queue.write(line);
    await vi.waitFor(
      () => expect(queue.stats).toMatchObject({ done: 0, waiting: 3, lost: 0, why: expect.stringMatching(/here/) }),
      soon,
    );
    queue.write('4');
    expect(queue.stats).toMatchObject({ lost: 1 });
    rmSync(join(dir, 'here'));
    await vi.waitFor(() => expect(queue.stats).toMatchObject({ done: 3, waiting: 0, why: null }), soon);
    expect(linesOf(path)).toEqual(['2', '3', '4']);
    await queue.close(1_000);
  });
  it('on a disk that is full is told', async () => {
    const queue = new AppendQueue({ path: '/dev/full', maxBytes: 1_000, keep: 1 });
    queue.write('x');
    await vi.waitFor(() => expect(queue.stats.why).toMatch(/ENOSPC/), soon);
    await queue.close(1_000);
  });
});

describe('what is no event yet', () => {
  const open = async () => await PendingResults.open(join(dir, 'pending'), SILENT_LOG);
  it('outlives the process, half a line and all', async () => {
    const first = await open();
    for (const at of [1, 2, 3]) first.add(aResult(at));
    first.done(aResult(2).id);
    await first.close(soon.timeout);
    writeFileSync(join(dir, 'pending'), `${readFileSync(join(dir, 'pending'), 'utf8')}{"add":{"id`);
    const second = await open();
    expect(second.all).toEqual([aResult(1), aResult(3)]);
    second.add(aResult(3));
    expect(second.stats).toMatchObject({ waiting: 2, oldestAtMs: 1 });
    await second.close(soon.timeout);
    expect(linesOf(join(dir, 'pending'))).toHaveLength(2);
  });
  it('is bounded: the mildest of the oldest go first', async () => {
    const pending = await open();
    for (let at = 1; at <= 1_000; at++) pending.add(aResult(at, at === 500 ? 0.85 : 0.95));
    pending.add(aResult(2_000));
    expect(pending.stats).toMatchObject({ waiting: 1_000, lost: 1 });
    expect(pending.all.some(({ priority }) => priority === 'warning')).toBe(false);
    await pending.close(5_000);
  });
});

it('is delivered until somebody takes it, each once, and written and sent once however often it is told', async () => {
  const taken: string[] = [];
  let isThere = false;
  const queue = new AppendQueue({ path: join(dir, 'f'), maxBytes: 100_000, keep: 1 });
  const ways = new InternalWays({
    ...{ node: 'a', file: { queue, from: 'warning' }, syslog: [], log: SILENT_LOG },
    pending: await PendingResults.open(join(dir, 'pending'), SILENT_LOG),
    deliver: async (results) => {
      if (!isThere) throw new Error('the database is away');
      // One at a time: the rest is asked for again.
      taken.push(...results.slice(0, 1).map(({ id }) => id));
      return taken.slice(-1);
    },
  });
  ways.start();
  for (const at of [1, 2, 1]) ways.tell(aResult(at));
  ways.note(aResult(2));
  await vi.waitFor(() => expect(linesOf(join(dir, 'f'))).toHaveLength(2), soon);
  isThere = true;
  await vi.waitFor(() => expect(ways.pending.waiting).toBe(0), soon);
  expect(taken).toEqual([aResult(1).id, aResult(2).id]);
  await ways.close();
});

describe('a line of syslog', () => {
  const target = {
    transport: 'tcp',
    host: '127.0.0.1',
    port: 0,
    facility: 3,
    tls: { ca: null, serverName: null },
    isOurs: () => false,
  } as const;
  it('waits for a server that is away', async () => {
    const port = await freePort();
    const way = new SyslogWay('x', { ...target, port }, 'info');
    way.send(aResult(1));
    await vi.waitFor(
      () => expect(way.stats).toMatchObject({ done: 0, waiting: 1, why: expect.stringContaining('refused') }),
      soon,
    );
    let said = '';
    const server = createServer((socket) => socket.on('data', (data) => void (said += data.toString())));
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    try {
      await vi.waitFor(() => expect(way.stats).toMatchObject({ done: 1, waiting: 0, lost: 0, why: null }), soon);
      // Silence is taken for yes: who stood still reads it only now.
      await vi.waitFor(
        () => expect(said).toMatch(/^\d+ <26>1 1970-01-01T00:00:00.001Z .* a: the manager uses 95 % of the memory that it may$/),
        soon,
      );
    } finally {
      server.close();
      await way.close(1_000);
    }
  });
  it('never goes to a receiver of ours, whatever its name: it would be a message more', async () => {
    const way = new SyslogWay(
      'x',
      {
        ...target,
        transport: 'udp',
        host: 'localhost',
        port: 5_514,
        isOurs: (address, port) => address === '127.0.0.1' && port === 5_514,
      },
      'info',
    );
    way.send(aResult(1));
    await vi.waitFor(
      () =>
        expect(way.stats).toMatchObject({
          done: 0,
          lost: 1,
          waiting: 0,
          why: expect.stringContaining('a receiver of this cluster'),
        }),
      soon,
    );
    await way.close(1_000);
  });
  const [LOGGER, PYTHON] = [findSystemProgram('logger'), findSystemProgram('python3')];
  it.skipIf(LOGGER === null || PYTHON === null)(
    'goes to the syslogd of this host through its socket (Debian: bsdutils; python3 listens)',
    async () => {
      const socket = join(dir, 'log');
      const listener = `import socket,sys\ns=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)\ns.bind(sys.argv[1])\ns.settimeout(60)\nsys.stdout.write(s.recv(9000).decode())`;
      const child = spawn(PYTHON!, ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.on('data', (data) => void (said += String(data)));
      const way = new SyslogWay('x', { ...target, transport: 'local', host: socket }, 'info');
      try {
        await until(() => existsSync(socket));
        chmodSync(socket, 0o666);
        way.send(aResult(1));
        await vi.waitFor(
          () =>
            expect(said).toMatch(/^<26>1 \S+ \S+ yosugara \d+ internal \[yosugara@32473 id="INTERNAL.*a: the manager uses 95 %/),
          soon,
        );
        // What listens has it a moment before `logger` says so by its end.
        await vi.waitFor(() => expect(way.stats).toMatchObject({ done: 1, failed: 0 }), soon);
      } finally {
        child.kill('SIGKILL');
        await way.close(1_000);
      }
    },
  );
});

it('certificates are as good as the one of the file that ends first; what is none is told', async () => {
  const authority = new TestAuthority();
  try {
    const [good, soonOver, over] = [
      authority.issue('good', [], 90),
      authority.issue('soon', [], 20),
      authority.issue('over', [], 2),
    ];
    writeFileSync(join(dir, 'both.pem'), `${good.cert}${soonOver.cert}`);
    writeFileSync(join(dir, 'none.pem'), 'nothing');
    const sources = [
      { name: 'both.pem', file: join(dir, 'both.pem') },
      { name: 'over', pem: over.cert.toString() },
      { name: 'none.pem', file: join(dir, 'none.pem') },
      { name: 'gone', file: join(dir, 'gone') },
      { name: 'need not be', file: join(dir, 'gone'), optional: true },
    ];
    const { ends, unread } = await lookAtCertificates(sources, Date.now() + 5 * 86_400_000);
    expect(ends.map(({ item, value, note }) => [item, Math.round(value / 86_400), note])).toEqual([
      ['both.pem', 15, 'CN=soon'],
      ['over', -3, 'CN=over'],
    ]);
    expect(unread.map(({ item, value }) => [item, value])).toEqual([
      ['both.pem', 0],
      ['over', 0],
      ['none.pem', 1],
      ['gone', 1],
    ]);
  } finally {
    authority.remove();
  }
});

it('volumes are told once each, by all the folders on them; a folder that is not there is none', async () => {
  mkdirSync(join(dir, 'one'));
  const folders = ['one', '.', 'gone'].map((name) => ({ name, path: join(dir, name) }));
  const { used, inodes, silent } = await new Volumes(folders, () => performance.now()).look(10_000);
  expect(used).toMatchObject([{ item: 'one, .', note: expect.stringMatching(/^\d+ MiB are left$/) }]);
  expect(used[0]!.value).toBeGreaterThan(0);
  expect(used[0]!.value).toBeLessThanOrEqual(1);
  expect(inodes.length).toBeLessThanOrEqual(1);
  expect(silent.map(({ value }) => value)).toEqual([0, 0, 0]);
});

it('a journal is as full as its files say, wherever they lie in its folder', async () => {
  mkdirSync(join(dir, 'own', 'x'), { recursive: true });
  writeFileSync(join(dir, 'own', 'x', '1'), Buffer.alloc(600));
  writeFileSync(join(dir, 'own', '2'), Buffer.alloc(150));
  const folders = ['own', 'gone'].map((name) => ({ name, path: join(dir, name) }));
  expect(await journalSizes(folders, 1_000)).toEqual([
    { item: 'own', value: 0.75 },
    { item: 'gone', value: 0 },
  ]);
});

it('a source that hangs or fails says nothing, is not asked again before it has ended, and holds nobody up', async () => {
  let nowMs = 0;
  let asked = 0;
  let end: (() => void) | undefined;
  const hangs = {
    name: 'hangs',
    everyMs: 0,
    deadlineMs: 2_000,
    look: async () => {
      asked++;
      await new Promise<void>((resolve) => (end = resolve));
      return { disk: [{ item: '', value: 1 }] };
    },
  };
  const fails = {
    name: 'fails',
    everyMs: 0,
    deadlineMs: 1_000,
    look: () => {
      throw new Error('no');
    },
  };
  const rare = { name: 'rare', everyMs: 1_000, deadlineMs: 1_000, look: () => ({ rare: [{ item: '', value: nowMs }] }) };
  const gatherer = new Gatherer([hangs, fails, rare], { monotonicMs: () => nowMs }, SILENT_LOG);
  expect([...(await gatherer.look()).keys()]).toEqual(['rare']);
  nowMs = 999;
  expect((await gatherer.look()).get('rare')).toEqual([{ item: '', value: 0 }]);
  expect(asked).toBe(1);
  end?.();
  await new Promise((resolve) => setImmediate(resolve));
  nowMs = 1_000;
  const looking = gatherer.look();
  await vi.waitFor(() => expect(asked).toBe(2), soon);
  end?.();
  expect(await looking).toEqual(
    new Map([
      ['disk', [{ item: '', value: 1 }]],
      ['rare', [{ item: '', value: 1_000 }]],
    ]),
  );
});

it('what a controller says is told by what it is, without what is watched better elsewhere', () => {
  const status = {
    alarms: [
      { level: 'yellow', code: 'DISK_WARN', text: 'the data volume of a has 5 GiB of 9 GiB left' },
      { level: 'yellow', code: 'DISK_WARN', text: 'the data volume of b has 5 GiB of 9 GiB left' },
      { level: 'yellow', code: 'RECEIVER_DOWN', text: 'the receiver of b is not heard' },
      { level: 'red', code: 'NO_FAILOVER', text: 'nobody would take over' },
    ],
    nodes: [
      { name: 'a', lagBytes: 0 },
      { name: 'b', lagBytes: null },
    ],
    fence: [{ target: 'b', by: 'a', healthy: false, offMs: 1, ageMs: 5_000, says: 'no route' }],
  } as unknown as Parameters<typeof clusterFacts>[1];
  const { alarms, lags, fences, fenceAges } = clusterFacts('a', status);
  expect(alarms.map(({ item, value }) => [item.split(' ')[0], value])).toEqual([
    ['DISK_WARN', 1],
    ['NO_FAILOVER', 2],
  ]);
  expect(lags).toEqual([{ item: 'a', value: 0 }]);
  expect(fences).toEqual([{ item: 'b as read by a', value: 1, note: 'no route' }]);
  expect(fenceAges).toEqual([{ item: 'b as read by a', value: 5 }]);
});

it('what a receiver does not listen to is told by its name, for as long as it has been so', () => {
  const at = (port: number, forSeconds: number) => ({
    protocol: 'udp',
    address: '10.0.0.9',
    port,
    listener: 'vip',
    why: 'busy',
    forSeconds,
  });
  const report = { behindPeer: 0, listenersAway: [at(514, 20), at(162, 70)] };
  const receivers = [
    { node: 'a', report },
    { node: 'b', report: { behindPeer: 0 } },
    { node: 'c', report: null },
  ] as unknown as Parameters<typeof receiverFacts>[0];
  expect(receiverFacts(receivers).away).toEqual([
    { item: 'a', value: 70, note: 'udp 10.0.0.9:514: busy; udp 10.0.0.9:162: busy' },
    { item: 'b', value: 0, note: '' },
  ]);
});

it('a result goes to the other node with a signature, and nothing else does', () => {
  const [key, other] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
  const signed = signResults(key, 'b', [aResult(1)]);
  expect(readSigned(key, signed)).toEqual([aResult(1)]);
  expect(readSigned(other, signed)).toBeNull();
  expect(readSigned(key, { ...signed, payload: signed.payload.replace('95', '94') })).toBeNull();
  const foreign = signResults(key, 'b', [{ ...aResult(1), facility: 'web1' }]);
  expect(readSigned(key, foreign)).toBeNull();
});

it('the longest statement and transaction of a database are those of others, with what they wait for and without their text', async () => {
  const server = await startTestPostgres();
  const pool = new pg.Pool({ host: server.host, port: server.port, user: 'postgres', database: 'postgres', max: 2 });
  const [idle, busy] = [0, 1].map(
    (at) => new pg.Client({ connectionString: server.connectionString, application_name: `spec ${at}` }),
  );
  try {
    await Promise.all([idle!.connect(), busy!.connect()]);
    expect(await databaseActivity(pool)).toMatchObject({ connections: 3, maxConnections: 100, longestStatement: null });
    await idle!.query('create table t (n int)');
    await idle!.query('begin; lock t in exclusive mode');
    const waiting = busy!.query('insert into t values (4711)');
    await vi.waitFor(async () => {
      const { longestStatement, longestTransaction } = await databaseActivity(pool);
      expect(longestStatement).toMatchObject({
        role: 'postgres',
        application: 'spec 1',
        state: 'active',
        waits: 'Lock/relation',
      });
      expect(longestTransaction).toMatchObject({ application: 'spec 0', state: 'idle in transaction' });
      expect(longestTransaction!.seconds).toBeGreaterThan(longestStatement!.seconds);
      expect(JSON.stringify(longestStatement)).not.toContain('4711');
    }, soon);
    await idle!.query('commit');
    await waiting;
  } finally {
    await Promise.allSettled([idle!.end(), busy!.end(), pool.end()]);
    await server.stop();
  }
});
