import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TunnelError } from '@yosugara/connectors/tunnel';
import { compiled, Daemons, findSystemProgram, startTinyproxy, until } from '@yosugara/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../config.js';
import { saveIdentity } from '../identity.js';
import { FakeCluster, FakeDatabase, FakeManager } from '../testing/fake-manager.js';
import { exceptionOf, ProxyWay } from './proxy.js';

const APP = join(import.meta.dirname, '../..');
const PROGRAM = join(APP, 'bin', 'yosugara-agent.mjs');
/** A guard: an agent that starts on a machine that others share takes tens of seconds. */
const PATIENCE_MS = 100_000;

let dir = '';
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-agent-proxy-'));
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  rmSync(dir, { recursive: true, force: true });
});

const file = (name: string, text: string): string => {
  writeFileSync(join(dir, name), text, { mode: 0o600 });
  return join(dir, name);
};

/** A proxy that answers what it is told to. */
async function serve(answer: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).once('data', () => answer(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as { readonly port: number }).port;
}
const proxyAt = (port: number, over: { user?: string; passwordFile?: string; deadlineMs?: number } = {}) =>
  new ProxyWay(
    {
      ...{ host: '127.0.0.1', port, except: [] },
      login: over.user === undefined ? null : { user: over.user, passwordFile: over.passwordFile! },
    },
    over.deadlineMs,
  );
const MANAGER = { host: '192.0.2.1', port: 8084 };
const troubleOf = async (way: ProxyWay): Promise<{ readonly trouble: string; readonly message: string }> => {
  const error = await way.open(MANAGER).then(
    (socket) => void socket.destroy(),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TunnelError);
  const { trouble, message, code } = error as TunnelError;
  expect(code).toBe('PROXY');
  return { trouble, message };
};

describe('a proxy that', () => {
  it.each([
    ['wants another login', 'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n', 'login', 'its login is wrong or missing'],
    ['does not let us there', 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno', 'refused', 'answers 403 to the wish'],
    ['cannot get there', 'HTTP/1.0 502 Bad Gateway\r\n\r\n', 'gone', 'answers 502: it does not get to 192.0.2.1:8084'],
    ['is none', 'SSH-2.0-OpenSSH_9.2\r\n\r\n', 'nonsense', 'what is no answer of a proxy'],
    ['never ends its answer', 'x'.repeat(20_000), 'nonsense', 'what is no answer of a proxy'],
    ['speaks before TLS does', 'HTTP/1.1 200 OK\r\n\r\nhello', 'nonsense', 'where TLS should begin'],
  ])('%s is told of by a sentence', async (_, answer, trouble, says) => {
    const port = await serve((socket) => socket.write(answer));
    const told = await troubleOf(proxyAt(port));
    expect(told).toEqual({ trouble, message: expect.stringContaining(says) });
    expect(told.message).toContain(`127.0.0.1:${port}`);
  });
  it('hangs up is gone', async () => {
    const port = await serve((socket) => socket.destroy());
    expect((await troubleOf(proxyAt(port))).trouble).toBe('gone');
  });
  it('says nothing is not waited for beyond the deadline', async () => {
    const port = await serve(() => undefined);
    expect(await troubleOf(proxyAt(port, { deadlineMs: 100 }))).toMatchObject({
      trouble: 'silent',
      message: expect.stringContaining('within 100 ms'),
    });
  });
  it('is not there is gone, and a password that cannot be read is not guessed', async () => {
    const port = await serve(() => undefined);
    for (const end of ends.splice(0)) await end();
    expect((await troubleOf(proxyAt(port))).trouble).toBe('gone');
    expect((await troubleOf(proxyAt(port, { user: 'u', passwordFile: join(dir, 'none') }))).trouble).toBe('login');
  });
});

it.each([
  ['db.example', ['db.example', 'DB.example'], ['x.db.example', 'example']],
  ['.example', ['db.example', 'a.b.EXAMPLE'], ['example', 'dbexample']],
  ['10.0.0.0/8', ['10.1.2.3'], ['11.1.2.3', 'fd00::1', 'ten.example']],
  ['192.0.2.7', ['192.0.2.7'], ['192.0.2.70']],
  ['fd00::/16', ['fd00::1', 'fd00:1::'], ['fe80::1', '10.0.0.1']],
])('the exception %s is %j, and not %j', (word, hits, misses) => {
  const isExcept = exceptionOf(word)!;
  expect(hits.filter((host) => !isExcept(host))).toEqual([]);
  expect(misses.filter(isExcept)).toEqual([]);
});
it.each(['', '*', '10.0.0.0/33', 'a b', 'http://x', '.'])('%j is no exception', (word) => expect(exceptionOf(word)).toBeNull());

describe('the configuration of a proxy', () => {
  const load = async (proxy: string) => (await loadConfig(file('agent.yaml', `proxy: ${proxy}\n`))).proxy;
  it('is an address, a login from a file, and exceptions', async () => {
    expect(await load('{ url: "http://[fd00::1]:3128", user: u, passwordFile: /p, except: [10.0.0.0/8, .example] }')).toEqual({
      ...{ host: 'fd00::1', port: 3_128, login: { user: 'u', passwordFile: '/p' }, except: ['10.0.0.0/8', '.example'] },
    });
    expect(await load('{ url: http://proxy }')).toEqual({ host: 'proxy', port: 80, login: null, except: [] });
  });
  it.each([
    ['{ url: "https://p:3128" }', 'http://HOST:PORT is wanted'],
    ['{ url: "http://u:secret@p:3128" }', 'not the URL'],
    ['{ url: "http://p/x" }', 'http://HOST:PORT is wanted'],
    ['{ url: "http://p", user: u }', 'both, or neither'],
    ['{ url: "http://p", user: "u:v", passwordFile: /p }', 'without a colon'],
    ['{ url: "http://p", user: u, passwordFile: p }', 'an absolute path'],
    ['{ url: "http://p", except: ["*"] }', 'no network'],
    ['{ url: "http://p", password: secret }', 'there is no key proxy.password'],
  ])('%s is refused, and says no secret', async (text, says) => {
    const error = await load(text).catch((thrown: Error) => thrown);
    expect((error as Error).cause).toMatchObject({ message: expect.stringContaining(says) });
    expect(JSON.stringify([(error as Error).message, ((error as Error).cause as Error).message])).not.toContain('secret');
  });
});

describe.skipIf(findSystemProgram('tinyproxy') === null)('an agent behind tinyproxy', () => {
  let cluster: FakeCluster;
  let daemons: Daemons;
  beforeAll(async () => {
    compiled(APP);
    cluster = await FakeCluster.make();
    daemons = new Daemons('tinyproxy');
  }, 600_000);
  afterAll(async () => await daemons?.stop());

  async function manager(database: FakeDatabase, epoch: number | null): Promise<FakeManager> {
    const made = await FakeManager.start(cluster, database, epoch);
    ends.push(async () => await made.close());
    return made;
  }
  function run(...args: readonly string[]): {
    readonly child: ChildProcess;
    readonly said: () => string;
    readonly over: Promise<number>;
  } {
    const child = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => (said += part.toString()));
    const over = new Promise<number>((resolve) => child.once('close', (status) => resolve(status ?? -1)));
    ends.push(async () => {
      child.kill('SIGKILL');
      await over;
    });
    return { child, said: () => said, over };
  }
  const written = (proxy: number, password: string, managers: readonly number[], more = '') =>
    file(
      'agent.yaml',
      `dataDir: ${dir}/data
managers: [${managers.map((port) => `"127.0.0.1:${port}"`).join(', ')}]
proxy: { url: "http://127.0.0.1:${proxy}", user: agent, passwordFile: ${file('password', `${password}\n`)}${more} }
`,
    );

  it('joins and is served with a login, and finds the next Master by it; the password is in no log', async () => {
    const database = new FakeDatabase();
    const [first, second] = [await manager(database, 5), await manager(database, null)];
    const { port, child } = await startTinyproxy(daemons, [first.port, second.port], 'BasicAuth agent s3cret-word');
    let log = '';
    child.stdout!.on('data', (text: string) => (log += text));
    const wishes = (to: FakeManager) => log.split(`CONNECT 127.0.0.1:${to.port} HTTP`).length - 1;
    const config = written(port, 's3cret-word', [first.port, second.port]);
    first.tokens.add('a-token-of-the-cluster');
    const joining = [
      'join',
      '--manager',
      `127.0.0.1:${first.port}`,
      '--token-file',
      file('token', 'a-token-of-the-cluster'),
      '--agent',
      'n',
    ];
    const join_ = run(...joining, '--ca-fingerprint', cluster.fingerprint, '--config', config);
    expect([await join_.over, join_.said()]).toEqual([0, expect.stringContaining('n joined')]);
    const agent = run('run', '--config', config);
    await until(() => first.isServing, PATIENCE_MS);
    await until(() => second.saidOf('hello').length > 0, PATIENCE_MS);
    // To join, who it is and then the token. Each connection by the proxy, however often it left one of us who stood still.
    const isByProxy = (to: FakeManager, joining: number) => wishes(to) >= joining + to.saidOf('hello').length;
    await until(() => isByProxy(first, 2) && isByProxy(second, 0), PATIENCE_MS);
    second.promote(6);
    await until(() => second.isServing, PATIENCE_MS);
    // Its connections end with the Master, and come again by the same way.
    const before = second.saidOf('hello').length;
    second.cut();
    await until(() => second.saidOf('hello').length > before, PATIENCE_MS);
    await until(() => second.isServing, PATIENCE_MS);
    await until(() => isByProxy(second, 0), PATIENCE_MS);
    expect(agent.said()).not.toContain('s3cret');
    expect(join_.said()).not.toContain('s3cret');
  });

  it('with a wrong password says so, does not hurry, and goes on by the right one without a restart', async () => {
    const master = await manager(new FakeDatabase(), 5);
    const { port } = await startTinyproxy(daemons, [master.port], 'BasicAuth agent s3cret-word');
    const config = written(port, 'wr0ng-word', [master.port]);
    await saveIdentity(join(dir, 'data'), await cluster.identityOf('n'));
    const agent = run('run', '--config', config);
    await until(() => agent.said().includes('its login is wrong or missing'), PATIENCE_MS);
    file('password', 's3cret-word');
    await until(() => master.isServing, PATIENCE_MS);
    expect(agent.said()).not.toMatch(/s3cret|wr0ng/);
  });

  it('is told which port the proxy does not open; an exception goes without it', async () => {
    const master = await manager(new FakeDatabase(), 5);
    const { port } = await startTinyproxy(daemons, [443], 'BasicAuth agent s3cret-word');
    await saveIdentity(join(dir, 'data'), await cluster.identityOf('n'));
    const shut = run('run', '--config', written(port, 's3cret-word', [master.port]));
    await until(() => shut.said().includes(`answers 403 to the wish to reach 127.0.0.1:${master.port}`), PATIENCE_MS);
    shut.child.kill('SIGKILL');
    await shut.over;
    run('run', '--config', written(port, 's3cret-word', [master.port], ', except: [127.0.0.0/8]'));
    await until(() => master.isServing, PATIENCE_MS);
  });
});
