import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { PostgresFacts } from '@yosugara/failover';
import { type Lsn, lsn } from '@yosugara/kernel';
import type { Survey } from '@yosugara/runtime';
import { run } from '../os/run.js';
import { type HostContext, localTarget } from './context.js';
import { NEEDED } from './programs.js';
import { oldOnes } from './set-aside.js';
import { withSession } from './sql.js';

const SQL_MS = 4_000;
const VERIFY_DEADLINE_MS = 3_600_000;
const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Looks that are too dear for every probe. Each part that cannot be told is null: a survey never fails for what it looks at. */
export async function survey(host: HostContext, facts: PostgresFacts, trouble: () => Promise<string | null>): Promise<Survey> {
  const { programs, paths } = host;
  const missing = NEEDED.filter((name) => !existsSync(programs.path(name)));
  const room = await statfs(paths.dataDir).catch(() => null);
  const running = facts.kind === 'primary' || facts.kind === 'standby';
  const said = running ? await ofServer(host, facts.kind === 'primary').catch(() => null) : null;
  return {
    major: missing.length > 0 ? null : programs.major,
    missing,
    // What earlier recovers set aside would make room first: how much, only a copy finds out.
    freeBytes: room === null || (await oldOnes(host)).length > 0 ? null : room.bavail * room.bsize,
    databaseBytes: said?.databaseBytes ?? null,
    oldestWal: said?.oldestWal ?? null,
    tablespaces: said?.tablespaces ?? [],
    damage: said?.damage ?? (await trouble()),
  };
}

interface Said {
  readonly databaseBytes: number;
  readonly oldestWal: Lsn | null;
  readonly tablespaces: readonly string[];
  readonly damage: string | null;
}

async function ofServer(host: HostContext, primary: boolean): Promise<Said> {
  return await withSession(localTarget(host), SQL_MS, async (session) => {
    const [row] = await session.rows<{ bytes: string; wal: string | null; spaces: string[]; bad: string | null }>(
      `select (select sum(pg_database_size(oid)) from pg_database)::text as bytes,
         (select min(substr(name, 9)) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$') as wal,
         (select coalesce(json_agg(pg_tablespace_location(oid)), '[]') from pg_tablespace where spcname not in ('pg_default', 'pg_global')) as spaces,
         (select sum(checksum_failures)::text from pg_stat_database) as bad`,
    );
    const { bytes, wal, spaces, bad } = row!;
    const segment = wal === null ? null : Number.parseInt(wal.slice(0, 8), 16) * 256 + Number.parseInt(wal.slice(8), 16);
    return {
      databaseBytes: Number(bytes),
      oldestWal: segment === null || !primary ? null : lsn(segment * SEGMENT_BYTES),
      tablespaces: spaces,
      damage: Number(bad ?? 0) > 0 ? `${bad} pages here were read with a wrong checksum` : null,
    };
  });
}

/** Reads every page of a cleanly stopped data directory. null: all are right, or it cannot be told. */
export async function verifyPages(host: HostContext, signal: AbortSignal): Promise<string | null> {
  const { programs, paths, account } = host;
  const program = programs.path('postgres').replace(/postgres$/, 'pg_checksums');
  if (!existsSync(program)) return null;
  const { code, stdout, stderr } = await run(program, ['--check', '-D', paths.pgdata], {
    account,
    // Not in the data directory: it is a reader, and a verb may begin beside it.
    cwd: '/',
    deadlineMs: VERIFY_DEADLINE_MS,
    signal,
  });
  const bad = Number(/Bad checksums:\s+(\d+)/.exec(stdout)?.[1] ?? 0);
  if (code === 0 || signal.aborted || bad === 0) return null;
  const first = /checksum verification failed in file "([^"]+)", block (\d+)/.exec(stderr);
  return `${bad} pages here have a wrong checksum${first === null ? '' : `, the first in ${first[1]!.replace(paths.pgdata, 'pgdata')} block ${first[2]}`}`;
}
