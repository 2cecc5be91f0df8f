import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SILENT_LOG } from '@yosugara/kernel';
import { freePort } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StatusServer, type StatusSource } from './status-server.js';

/** A controller whose role the test says. */
class Scripted {
  role: 'master' | 'standby' | 'out' = 'out';
  asked = 0;
  readonly source = {
    serves: () => {
      this.asked += 1;
      return this.role === 'master';
    },
    standsBy: () => this.role === 'standby',
  } as unknown as StatusSource;
}

const closers: (() => Promise<unknown> | unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function serve(script: Scripted): Promise<number> {
  const server = new StatusServer(script.source, async () => false, SILENT_LOG);
  const port = await freePort();
  await server.listen('127.0.0.1', port);
  closers.push(() => server.close());
  return port;
}

async function eventually(what: string, look: () => Promise<boolean> | boolean): Promise<void> {
  for (const until = performance.now() + 60_000; !(await look()); await sleep(20))
    if (performance.now() > until) throw new Error(`${what}: not within a minute`);
}

describe('the status endpoint, to the byte', () => {
  let script: Scripted;
  let port: number;
  beforeEach(async () => {
    script = new Scripted();
    port = await serve(script);
  });

  /** Everything that comes until the other side closes. */
  async function raw(request: string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
    });
    socket.write(request);
    await new Promise((resolve, reject) => socket.once('close', resolve).once('error', reject));
    return got;
  }
  const YES = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 7\r\nConnection: close\r\n\r\n';
  const NO = 'HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain\r\nContent-Length: 6\r\nConnection: close\r\n\r\n';
  const ask = (path: string, method = 'GET') => raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);

  it.each([
    ['master', { '/status/master': true, '/status/standby': false, '/standby': false, '/status/ready': true, '/ready': true }],
    ['standby', { '/status/master': false, '/status/standby': true, '/standby': true, '/status/ready': true, '/ready': true }],
    ['out', { '/status/master': false, '/status/standby': false, '/standby': false, '/status/ready': false, '/ready': false }],
  ] as const)('%s', async (role, answers) => {
    script.role = role;
    for (const [path, yes] of Object.entries({ ...answers, '/status/live': true, '/health': true })) {
      expect(await ask(path), path).toBe(yes ? `${YES}SUCCESS` : `${NO}FAILED`);
      expect(await ask(path, 'OPTIONS'), `OPTIONS ${path}`).toBe(yes ? `${YES}SUCCESS` : `${NO}FAILED`);
      expect(await ask(path, 'HEAD'), `HEAD ${path}`).toBe(yes ? YES : NO);
    }
  });

  it('answers HTTP/1.0 checks and ignores what follows a question mark', async () => {
    script.role = 'master';
    expect(await raw('OPTIONS /status/master HTTP/1.0\r\n\r\n')).toBe(`${YES}SUCCESS`);
    expect(await ask('/status/master?from=balancer')).toBe(`${YES}SUCCESS`);
  });

  it('asks the controller anew at each request', async () => {
    script.role = 'master';
    expect(await ask('/status/master')).toBe(`${YES}SUCCESS`);
    script.role = 'out';
    expect(await ask('/status/master')).toBe(`${NO}FAILED`);
    expect(script.asked).toBe(2);
  });

  it('answers one question a connection: what else was sent on it is dropped', async () => {
    script.role = 'master';
    const one = 'GET /status/master HTTP/1.1\r\nHost: x\r\n\r\n';
    expect(await raw(one + one)).toBe(`${YES}SUCCESS`);
  });

  it('does not take an order for a question, and knows no other path', async () => {
    expect(await ask('/status/master', 'DELETE')).toMatch(/^HTTP\/1\.1 405 /);
    expect(await ask('/status/masters')).toMatch(/^HTTP\/1\.1 404 /);
  });

  it('is refused after the controller has ended, so a balancer sees it down', async () => {
    for (const close of closers.splice(0)) await close();
    await expect(ask('/status/master')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

const haproxy = ['/usr/sbin/haproxy', '/usr/local/sbin/haproxy'].find((path) => existsSync(path));

describe.runIf(haproxy !== undefined)('behind HAProxy', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'yosugara-haproxy-'));
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
  });

  /** Something in the service's place: says whose it is, then echoes. */
  async function service(name: string): Promise<number> {
    const open = new Set<Socket>();
    const server: Server = createServer((socket) => {
      open.add(socket);
      socket.on('error', () => {});
      socket.write(name);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closers.push(async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    return (server.address() as { port: number }).port;
  }

  async function balancer(nodes: readonly { name: string; service: number; status: number }[], check: string): Promise<number> {
    const port = await freePort();
    const servers = nodes.map((node) => `  server ${node.name} 127.0.0.1:${node.service} check port ${node.status}`);
    const lines = [
      'global',
      '  maxconn 100',
      'defaults',
      '  mode tcp',
      '  timeout connect 1s',
      '  timeout client 60s',
      '  timeout server 60s',
      '  timeout check 1s',
      'listen yosugara',
      `  bind 127.0.0.1:${port}`,
      ...check.split('\n').map((line) => `  ${line}`),
      '  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions',
      ...servers,
      '',
    ];
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, lines.join('\n'));
    execFileSync(haproxy!, ['-c', '-f', file], { stdio: 'pipe' });
    const child: ChildProcess = spawn(haproxy!, ['-db', '-f', file], { stdio: 'ignore' });
    closers.push(async () => {
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null && child.kill('SIGKILL')) await gone;
    });
    return port;
  }

  /** Who answers there; null: nobody. The session stays open. */
  async function session(port: number): Promise<{ socket: Socket; who: string } | null> {
    const socket = connect(port, '127.0.0.1');
    closers.push(() => socket.destroy());
    const who = await new Promise<string | null>((resolve) => {
      socket.once('data', (chunk) => resolve(chunk.toString()));
      socket.once('error', () => resolve(null));
      socket.once('close', () => resolve(null));
    });
    socket.on('error', () => {});
    return who === null ? null : { socket, who };
  }

  it.each([
    ['asked by OPTIONS, its default', 'option httpchk OPTIONS /status/master'],
    ['asked by GET, the body compared', 'option httpchk GET /status/master\nhttp-check expect string SUCCESS'],
  ])('sessions are cut when their node stops being Master, and new ones reach the new one: %s', async (_, check) => {
    const [a, b] = [new Scripted(), new Scripted()];
    a.role = 'master';
    b.role = 'standby';
    const nodes = [
      { name: 'a', service: await service('a'), status: await serve(a) },
      { name: 'b', service: await service('b'), status: await serve(b) },
    ];
    const port = await balancer(nodes, check);
    await eventually('both were asked', () => a.asked > 0 && b.asked > 0);
    let held = null as Awaited<ReturnType<typeof session>>;
    // Until its first checks HAProxy believes in both.
    await eventually('a session with a, and none with b', async () => {
      held?.socket.destroy();
      held = await session(port);
      const next = await session(port);
      next?.socket.destroy();
      // Who stood still for two checks has lost it again by now.
      return held?.who === 'a' && next?.who === 'a' && !held.socket.closed;
    });
    const { socket } = held!;
    const cut = new Promise<number>((resolve) => socket.once('close', () => resolve(performance.now())));
    const begun = performance.now();
    a.role = 'out';
    b.role = 'master';
    const cutAfterMs = (await cut) - begun;
    // fall 2 × inter 1 s, and what was left of the running interval; uncut, a silent session lasts 60 s.
    expect(cutAfterMs).toBeLessThan(20_000);
    await eventually('new sessions reach b', async () => {
      const found = await session(port);
      found?.socket.destroy();
      return found?.who === 'b';
    });
  });
});
