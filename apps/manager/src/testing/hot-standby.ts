import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chown, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort, type TestPostgres } from '@yosugara/testkit';

const run = promisify(execFile);
const START_DEADLINE_MS = 100_000;

export interface HotStandby {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Ends recovery; resolves when it takes writes. */
  promote(): Promise<void>;
  stop(): Promise<void>;
}

/** A streaming hot standby of `primary`, in a folder of its own. */
export async function startHotStandby(primary: TestPostgres): Promise<HotStandby> {
  const versions = (await readdir('/usr/lib/postgresql').catch(() => [])).map(Number).filter((version) => version >= 15);
  const bin = process.env['YOSUGARA_PG_BIN'] ?? `/usr/lib/postgresql/${Math.max(...versions)}/bin`;
  const id = async (flag: string) => Number((await run('id', [flag, 'postgres'])).stdout.trim());
  const identity = process.getuid?.() === 0 ? { uid: await id('-u'), gid: await id('-g') } : {};
  const dir = await mkdtemp(join(tmpdir(), 'yosugara-standby-'));
  if (identity.uid !== undefined) await chown(dir, identity.uid, identity.gid);
  const dataDir = join(dir, 'data');
  let server: ChildProcess | undefined;
  const killNow = () => server?.kill('SIGQUIT');
  const stop = async () => {
    process.off('exit', killNow);
    if (server !== undefined && server.exitCode === null && server.signalCode === null) {
      const gone = new Promise((resolve) => server?.once('exit', resolve));
      server.kill('SIGQUIT');
      await gone;
    }
    await rm(dir, { recursive: true, force: true });
  };
  try {
    const source = `host=${primary.host} port=${primary.port} user=postgres`;
    await run(
      join(bin, 'pg_basebackup'),
      ['-D', dataDir, '-d', source, '-R', '-X', 'stream', '-c', 'fast', '--no-sync'],
      identity,
    );
    const port = await freePort();
    const settings = { listen_addresses: '127.0.0.1', port, unix_socket_directories: dir, fsync: 'off', shared_buffers: '32MB' };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    server = spawn(join(bin, 'postgres'), ['-D', dataDir, ...args], { ...identity, cwd: dir, stdio: 'ignore' });
    process.once('exit', killNow);
    await until(async () => {
      await run(join(bin, 'pg_isready'), ['-h', '127.0.0.1', '-p', String(port)]);
    });
    const promote = async () => {
      await run(join(bin, 'pg_ctl'), ['promote', '-w', '-D', dataDir], identity);
    };
    return { host: '127.0.0.1', port, promote, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function until(attempt: () => Promise<void>): Promise<void> {
  for (const end = performance.now() + START_DEADLINE_MS; ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
