import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { query } from '../cluster/sql.js';
import { asset } from '../host/assets.js';
import { Disk } from '../host/disk.js';
import { LabToolError, until } from '../host/shell.js';
import { examples } from './checker.js';
import type { Acknowledged } from './types.js';

export interface AuditOptions {
  readonly disk: Disk;
  /** Where PGDATA lies on the disk, from its root. */
  readonly pgdataOnDisk: string;
  readonly postgresBin: string;
  readonly dir: string;
}

/**
 * What a host that lost its power still has on its own disk: a copy of the disk is mounted in a namespace of its own, PostgreSQL
 * recovers from it alone, without network and without peer, and `lab_write` is read.
 *
 * A node of the sync set promised to hold every acknowledged commit *durably*. While its peer lives nobody would notice a
 * broken promise: the peer hands over what is missing. So it is looked for here, where it shows at once.
 *
 * @returns keys on the disk. @throws LabToolError — PostgreSQL does not come up from what the disk holds.
 */
export async function keysOnDisk(options: AuditOptions): Promise<readonly number[]> {
  const place = join(options.dir, 'audit');
  const sockets = join(place, 'run');
  const image = join(place, 'copy.disk');
  await mkdir(join(place, 'mnt'), { recursive: true });
  await mkdir(sockets);
  try {
    await options.disk.copyTo(image);
    const server = startServer(options, image, place, sockets);
    try {
      return await readKeys(sockets, server);
    } finally {
      server.child.kill('SIGKILL');
      await server.ended;
      await new Disk(image).waitUntilReleased();
    }
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

interface Server {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  readonly said: () => string;
}

function startServer(options: AuditOptions, image: string, place: string, sockets: string): Server {
  const namespaces = ['--mount', '--pid', '--net', '--ipc', '--fork', '--kill-child', '--mount-proc', '--propagation', 'private'];
  const script = ['sh', asset('audit.sh'), image, join(place, 'mnt'), options.pgdataOnDisk, options.postgresBin, sockets];
  const child = spawn('unshare', [...namespaces, ...script], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-4000);
  });
  return { child, ended: new Promise((resolve) => child.once('close', () => resolve())), said: () => said };
}

const OPEN_DEADLINE_MS = 30_000;
const REPLAY_MS = 5_000;
/** SQLSTATE undefined_table. */
const UNDEFINED_TABLE = '42P01';

async function readKeys(socketDir: string, server: Server): Promise<readonly number[]> {
  let trouble = '';
  // A hot standby may open before it has replayed the table's creation.
  const settledMs = performance.now() + REPLAY_MS;
  const read = async (): Promise<readonly number[] | undefined> => {
    if (server.child.exitCode !== null)
      throw new LabToolError('PostgreSQL on the disk after the power cut', lastLines(server.said()));
    try {
      const rows = await query<{ key: string }>({ socketDir, port: 5432, password: '' }, 'SELECT key FROM lab_write');
      return rows.map((row) => Number(row.key));
    } catch (error) {
      // The server is open and the table itself was never flushed: this disk holds none of them.
      if ((error as { code?: unknown }).code === UNDEFINED_TABLE && performance.now() > settledMs) return [];
      trouble = error instanceof Error ? error.message : String(error);
      return undefined;
    }
  };
  let keys = await until('PostgreSQL on the disk after the power cut', OPEN_DEADLINE_MS, read, 100).catch((error: unknown) => {
    throw new LabToolError(
      'audit',
      `${error instanceof Error ? error.message : error}; ${trouble}; ${lastLines(server.said())}`,
      error,
    );
  });
  // A hot standby opens as soon as it is consistent and may still have WAL to replay: read again until nothing is added.
  for (;;) {
    await delay(300);
    const again = (await read()) ?? [];
    if (again.length <= keys.length) return keys;
    keys = again;
  }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-4).join(' | ');

/** @returns one sentence for each violation. `beforeMs`: writes acknowledged later were not this node's. */
export function auditViolations(
  node: string,
  onDisk: readonly number[],
  acknowledged: readonly Acknowledged[],
  beforeMs: number,
): readonly string[] {
  const there = new Set(onDisk);
  const missing = acknowledged
    .filter((write) => write.writer === 'sql' && write.atMs < beforeMs && !there.has(write.key))
    .map((write) => write.key);
  if (missing.length === 0) return [];
  return [`${missing.length} writes acknowledged before the power cut are not on the disk of ${node}: ${examples(missing)}`];
}
