import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { THREAD_POOL } from '@yosugara/kernel';
import { NodeConfigSchema } from '@yosugara/protocol';
import { freePort } from '@yosugara/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { wholeCluster } from '../testing/statuses.js';
import { type Layout, layoutOf } from './layout.js';
import { busyPort, listensOf } from './ports.js';
import { configOf, prepareState, requireSpace, wipe } from './prepare.js';
import { MARK, processesOf, readPidFile, sweep, waitUntilGone, writePidFile } from './processes.js';
import { lastError, missingFrom, waitUntilReady } from './ready.js';
import { Supervisor } from './supervisor.js';

/** Answers `status` like a controller, and starts a grandchild that ignores SIGTERM, as a stuck database would. */
const FAKE_CONTROLLER = `
const { createServer } = require('node:net');
const { spawn } = require('node:child_process');
const { dirname, join } = require('node:path');
const dir = dirname(process.argv[process.argv.indexOf('--config') + 1]);
spawn(process.execPath, ['-e', "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000)"], { stdio: 'ignore', detached: true });
require('node:fs').rmSync(join(dir, 'control.sock'), { force: true });
createServer((socket) => socket.on('data', () => socket.write(JSON.stringify({ id: 1, result: STATUS }) + '\\n'))).listen(join(dir, 'control.sock'));
process.on('SIGTERM', () => process.exit(0));
`;

describe('the local cluster', () => {
  let root = '';
  let layout: Layout;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'yosu-'));
    layout = { ...layoutOf(root), data: join(realpathSync(root), 'data') };
    mkdirSync(join(root, 'apps', 'controller', 'dist'), { recursive: true });
    writeFileSync(join(root, 'package.json'), '{}');
  });
  afterEach(async () => {
    await sweep(layout.state, layout.data, 100);
    rmSync(root, { recursive: true, force: true });
  });
  const install = (program: string) => writeFileSync(layout.program('controller'), program);
  const never = new AbortController().signal;

  it('starts, becomes ready, and leaves no process behind when it stops', async () => {
    install(FAKE_CONTROLLER.replace('STATUS', JSON.stringify(wholeCluster())));
    expect(await prepareState(layout)).toMatchObject({ firstLogin: { user: 'admin' }, setAside: null });
    const supervisor = new Supervisor(layout);
    supervisor.start();
    expect(await waitUntilReady(layout, 60_000, () => undefined, never)).toMatchObject({ kind: 'ready' });
    expect(readPidFile(layout.supervisorPid)).toBe(process.pid);
    const controller = readPidFile(join(layout.state, 'a', 'pids', 'controller.pid'));
    // In its environment before it starts: a program reads it once.
    for (const [name, value] of Object.entries(THREAD_POOL))
      expect(readFileSync(`/proc/${controller}/environ`, 'utf8').split('\0')).toContain(`${name}=${value}`);
    // Ready is who hears one controller; the others and what they start come when they come.
    await expect.poll(() => processesOf(layout.state, layout.data).length).toBeGreaterThanOrEqual(6);
    await supervisor.stop(100);
    expect(processesOf(layout.state, layout.data)).toEqual([]);
    expect(existsSync(layout.supervisorPid)).toBe(false);
  });

  it('starts a process again when it dies', async () => {
    install(`${FAKE_CONTROLLER.replace('STATUS', JSON.stringify(wholeCluster()))} setTimeout(() => process.exit(3), 100);`);
    await prepareState(layout);
    const pidFile = join(layout.state, 'a', 'pids', 'controller.pid');
    const supervisor = new Supervisor(layout);
    supervisor.start();
    const first = readPidFile(pidFile);
    await expect.poll(() => readPidFile(pidFile), { timeout: 60_000 }).not.toBe(first);
    await expect.poll(() => readPidFile(pidFile), { timeout: 60_000 }).toEqual(expect.any(Number));
    await supervisor.stop(100);
  });

  it('says in one line why it does not become ready', async () => {
    install(`process.stderr.write('cannot open the journal: EACCES\\n'); process.exit(1);`);
    await prepareState(layout);
    const supervisor = new Supervisor(layout);
    supervisor.start();
    await expect.poll(() => lastError(layout), { timeout: 60_000 }).toBe('controller of a: cannot open the journal: EACCES');
    expect(await waitUntilReady(layout, 300, () => undefined, never)).toEqual({
      kind: 'late',
      reason: 'controller of a: cannot open the journal: EACCES',
    });
    await supervisor.stop(100);
  });

  it('makes identities once, and follows the clone and PostgreSQL where they move', async () => {
    await prepareState(layout);
    const before = configOf(layout, 'a');
    const elsewhere = join(layout.root, 'elsewhere');
    expect(await prepareState({ ...layout, data: elsewhere })).toEqual({ firstLogin: null, setAside: null });
    const after = configOf(layout, 'a');
    expect(after.cluster).toEqual(before.cluster);
    expect(after.dataDir).toBe(join(elsewhere, 'a'));
    wipe(layout);
    expect(existsSync(layout.state)).toBe(false);
  });

  it('a new clone in the folder of a deleted one starts empty, and sets the old databases aside', async () => {
    await prepareState(layout);
    for (const n of [1, 2]) {
      writeFileSync(join(layout.data, 'a', 'PG_VERSION'), `${n}`);
      rmSync(layout.state, { recursive: true });
      const aside = `${layout.data}.old${n}`;
      expect(await prepareState(layout)).toMatchObject({ setAside: aside });
      expect(readFileSync(join(aside, 'a', 'PG_VERSION'), 'utf8')).toBe(`${n}`);
      expect(existsSync(join(layout.data, 'a', 'PG_VERSION'))).toBe(false);
    }
  });

  it('refuses a configuration with an unknown key, naming file and key', async () => {
    await prepareState(layout);
    const file = join(layout.state, 'b', 'yosugara.yaml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\nnodee: b\n`);
    expect(() => configOf(layout, 'b')).toThrow(/b\/yosugara\.yaml: top level: .*nodee/);
  });

  it('finds processes that an earlier start left behind, whatever their name', async () => {
    const child = spawn('sleep', ['60'], { env: { ...process.env, [MARK]: layout.state }, stdio: 'ignore' });
    await expect.poll(() => processesOf(layout.state, layout.data)).toEqual([{ pid: child.pid, name: 'sleep' }]);
    expect(await sweep(layout.state, layout.data, 1_000)).toBe(1);
    expect(await waitUntilGone(layout.state, layout.data, 0)).toEqual([]);
  });
});

describe('preflight', () => {
  it('names address, port and holder of a busy TCP port', async () => {
    const server: Server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.77.1', done));
    const { port } = server.address() as { port: number };
    try {
      const line = await busyPort([{ protocol: 'tcp', address: '127.0.77.1', port }]);
      expect(line).toMatch(new RegExp(`^tcp 127\\.0\\.77\\.1:${port} is in use by .+ \\(pid ${process.pid}\\)`));
    } finally {
      server.close();
    }
  });

  it('names the holder of a busy UDP port that listens on every address', async () => {
    const socket = createSocket('udp4');
    // Given to nobody else, also when it is free again.
    const port = await freePort();
    await new Promise<void>((done) => socket.bind(port, '0.0.0.0', done));
    try {
      expect(await busyPort([{ protocol: 'udp', address: '127.0.77.1', port }])).toContain(`(pid ${process.pid})`);
    } finally {
      socket.close();
    }
    expect(await busyPort([{ protocol: 'udp', address: '127.0.77.1', port }])).toBeNull();
  });

  it('says in one line that the disk is full', () =>
    expect(() => requireSpace('/tmp', Number.MAX_SAFE_INTEGER)).toThrow(
      /^the disk is full: \d+ MB free at \/tmp, at least \d+ MB are needed$/,
    ));

  it('probes a witness’ two ports only', () => {
    const config = NodeConfigSchema.parse({
      cluster: {
        id: 'local',
        members: [
          { id: 'a', kind: 'data', address: '127.0.1.1', peerId: 'x' },
          { id: 'w', kind: 'witness', address: '127.0.1.3', peerId: 'y' },
        ],
      },
      node: 'w',
      stateDir: '/x',
    });
    expect(listensOf(config).map(({ port }) => port)).toEqual([8081, 7946]);
  });
});

describe('a pid file', () => {
  it('does not name a process that has got the pid of another', () => {
    const dir = mkdtempSync(join(tmpdir(), 'yosu-pid-'));
    try {
      const file = join(dir, 'x.pid');
      writePidFile(file, process.pid);
      expect(readPidFile(file)).toBe(process.pid);
      writeFileSync(file, `${process.pid} 1\n`);
      expect(readPidFile(file)).toBeNull();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});

describe('a cluster is not whole', () => {
  it.each([
    ['without a Master', wholeCluster({ master: null }), /^no Master yet/],
    [
      'while the Standby is outside the sync set',
      wholeCluster({}, { syncSet: false, why: 'copying' }),
      /no Standby in the sync set yet: b is .*copying/,
    ],
    [
      'while the arbiter does not vote',
      wholeCluster({ arbiter: { name: 'w', address: '', zone: '', voting: false, processes: [] } }),
      /arbiter w does not vote/,
    ],
  ])('%s', (_, status, says) => expect(missingFrom(status)).toMatch(says));
  it('and whole otherwise', () => expect(missingFrom(wholeCluster())).toBeNull());
});
