import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chown, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from './ports.js';

const run = promisify(execFile);
const START_DEADLINE_MS = 60_000;
/** Environment variable: the folder of those who run together. */
const TEMPLATE_FOLDER = 'YOSUGARA_TEST_PG_TEMPLATE';
const READY = /ready to accept (read-only )?connections/;

export interface TestPostgres {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly user: 'postgres';
  readonly database: 'postgres';
  /** postgres://postgres@127.0.0.1:<port>/postgres; trust authentication. */
  readonly connectionString: string;
  readonly dataDir: string;
  /** Process id of the postmaster that was started first. */
  readonly pid: number;
  /** As if it had crashed: an immediate shutdown that leaves the data where they are. */
  down(): Promise<void>;
  /** At the same port again. */
  up(): Promise<void>;
  /** Immediate shutdown and removal of the data folder. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * A private PostgreSQL on a free loopback port, in a folder of its own, for one spec file.
 *
 * @param settings more `name: value` lines of postgresql.conf. fsync is off unless given: these tests don't cut power.
 * @throws Error — no server programs, or not ready within 60 s.
 */
export async function startTestPostgres(settings: Settings = {}): Promise<TestPostgres> {
  return await serve(settings, fillNew);
}

/**
 * A Standby of `primary`, which must have `wal_level: replica`: a copy of its data, taken now, that follows it. Whether commits wait for
 * it is the primary's setting.
 *
 * @throws Error — as above, or the copy failed.
 */
export async function startTestStandby(primary: TestPostgres, settings: Settings = {}): Promise<TestPostgres> {
  return await serve(settings, async (bin, dataDir, identity) => {
    const from = primary.connectionString;
    await run(join(bin, 'pg_basebackup'), ['-D', dataDir, '-d', from, '-X', 'stream', '-R', '-c', 'fast', '--no-sync'], identity);
  });
}

type Settings = Readonly<Record<string, string>>;
type Identity = { readonly uid?: number; readonly gid?: number; readonly cwd: string };

/**
 * A new data directory. Specs that run together have a folder in common (tools/lib/shared-template.mjs): whoever finds nothing there
 * leaves a copy of what `initdb` made for it, and whoever comes later copies that, for a third of the work.
 */
async function fillNew(bin: string, dataDir: string, identity: Identity): Promise<void> {
  const shared = process.env[TEMPLATE_FOLDER];
  const template = join(shared ?? '', 'data');
  if (shared !== undefined && existsSync(template)) {
    await run('cp', [...COPY, template, dataDir]);
    return;
  }
  const args = ['-D', dataDir, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'];
  await run(join(bin, 'initdb'), args, identity);
  if (shared !== undefined) await leaveCopy(dataDir, shared, template);
}

/** Whole or not at all, also beside others who do the same. */
async function leaveCopy(dataDir: string, shared: string, template: string): Promise<void> {
  const making = await mkdtemp(join(shared, 'making-'));
  await run('cp', [...COPY, dataDir, join(making, 'data')]);
  // Somebody was quicker: what is there is as good.
  await rename(join(making, 'data'), template).catch(() => undefined);
  await rm(making, { recursive: true, force: true });
}

const COPY = ['-a', '--reflink=auto'];

async function serve(
  settings: Settings,
  fill: (bin: string, dataDir: string, identity: Identity) => Promise<void>,
): Promise<TestPostgres> {
  const bin = await findPrograms();
  const account = await serverAccount();
  const dir = await mkdtemp(join(tmpdir(), 'yosugara-pg-'));
  if (account !== null) await chown(dir, account.uid, account.gid);
  const dataDir = join(dir, 'data');
  let server: ChildProcess | undefined;
  const down = async () => {
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const gone = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGQUIT');
      await gone;
    }
  };
  const cleanUp = async () => {
    process.off('exit', killNow);
    await down();
    await rm(dir, { recursive: true, force: true });
  };
  const killNow = () => server?.kill('SIGQUIT');
  try {
    const identity = { ...account, cwd: dir };
    await fill(bin, dataDir, identity);
    const port = await freePort();
    const all = {
      listen_addresses: '127.0.0.1',
      port: String(port),
      unix_socket_directories: dir,
      fsync: 'off',
      shared_buffers: '32MB',
      ...settings,
    };
    const args = ['-D', dataDir, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])];
    const up = async () => {
      server = spawn(join(bin, 'postgres'), args, { ...identity, stdio: ['ignore', 'ignore', 'pipe'] });
      await ready(server, port);
    };
    process.once('exit', killNow);
    await up();
    return {
      host: '127.0.0.1',
      port,
      user: 'postgres',
      database: 'postgres',
      connectionString: `postgres://postgres@127.0.0.1:${port}/postgres`,
      dataDir,
      pid: server?.pid ?? 0,
      ...{ down, up },
      stop: cleanUp,
    };
  } catch (error) {
    await cleanUp();
    throw error;
  }
}

/** The server says that it is, a Standby for reading only; then its port answers too. */
async function ready(server: ChildProcess, port: number): Promise<void> {
  let said = '';
  const until = Date.now() + START_DEADLINE_MS;
  server.stderr?.on('data', (chunk: Buffer) => {
    if (said.length < 65_536) said += chunk.toString('utf8');
  });
  while (Date.now() < until) {
    if (server.exitCode !== null || server.signalCode !== null) throw new Error(`the test PostgreSQL ended at start: ${said}`);
    if (READY.test(said) && (await answers(port))) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`the test PostgreSQL is not ready after ${START_DEADLINE_MS} ms: ${said}`);
}

async function answers(port: number): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.setTimeout(1_000, () => socket.destroy());
    socket.once('connect', () => socket.destroy());
    socket.once('connect', () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

async function findPrograms(): Promise<string> {
  const fromEnvironment = process.env['YOSUGARA_PG_BIN'];
  if (fromEnvironment !== undefined) return fromEnvironment;
  const versions = await readdir('/usr/lib/postgresql').catch(() => []);
  const newest = versions
    .map(Number)
    .filter((version) => version >= 15)
    .sort((a, b) => b - a)[0];
  if (newest === undefined)
    throw new Error('no PostgreSQL 15 or newer below /usr/lib/postgresql; YOSUGARA_PG_BIN may name its folder');
  return `/usr/lib/postgresql/${newest}/bin`;
}

/** PostgreSQL refuses to run as root: then it gets the account `postgres`. */
async function serverAccount(): Promise<{ readonly uid: number; readonly gid: number } | null> {
  if (process.getuid?.() !== 0) return null;
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout.trim());
  return { uid: await id('-u'), gid: await id('-g') };
}
