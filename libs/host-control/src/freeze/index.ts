import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { NodeConfig } from '@yosugara/protocol';
import { childProgram } from '../os/child-program.js';
import { postgresPaths } from '../postgres/paths.js';
import { DATABASE, MANAGER_ROLE, SUPERUSER, secretPath, tlsFiles } from '../postgres/secrets.js';
import { type SqlTarget, withSession } from '../postgres/sql.js';
import { FreezeError } from './errors.js';
import { FREEZE_SESSION, type Held } from './hold.js';
import type { HolderSays, HoldOrder } from './protocol.js';

export * from './errors.js';
export type { Held } from './hold.js';

export interface Frozen extends Held {
  /** Of the process that holds it. */
  readonly pid: number;
}

const THAW_MS = 10_000;
/** The holder's start, besides its deadline. */
const START_MS = 20_000;

/**
 * Writes of the Master are held from now on, for so long at most, wherever this process is then. @param master whose PostgreSQL it is: on its host all
 * tables are held, from the other data node's those of the product.
 * @throws FreezeError
 */
export async function freeze(config: NodeConfig, master: string, forMs: number): Promise<Frozen> {
  const child = spawn(process.execPath, [childProgram('freeze/holder-main.js')], {
    cwd: '/',
    env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' },
    stdio: ['pipe', 'pipe', 'ignore'],
    detached: true,
  });
  const order: HoldOrder = { target: targetOf(config, master), forMs, checkpoint: config.node === master };
  const said = await firstWord(child, order, forMs + START_MS);
  if (said.kind === 'failed') throw new FreezeError(said.code, said.says);
  child.stdout?.destroy();
  child.unref();
  return { ...said.held, pid: child.pid! };
}

/** By the lock that it holds: the name of a session is hidden from whoever is less than its role. `ms` null: so is since when. */
const THAW_SQL = `select pg_terminate_backend(l.pid) as ended, (extract(epoch from clock_timestamp() - a.xact_start) * 1000)::bigint as ms
  from pg_locks l left join pg_stat_activity a on a.pid = l.pid
  where l.locktype = 'advisory' and l.database = (select oid from pg_database where datname = current_database())
    and l.objid = (hashtext($1)::bigint & 4294967295)::oid and l.objsubid = 1 and l.granted`;
/** SQLSTATE insufficient_privilege. */
const DENIED = '42501';

/** @returns how long writes were held. @throws FreezeError NOT_FROZEN, FROZEN_ELSEWHERE */
export async function thaw(config: NodeConfig, master: string): Promise<{ readonly heldMs: number | null }> {
  const [found] = await withSession(targetOf(config, master), THAW_MS, (session) =>
    session.rows<{ ms: string | null; ended: boolean }>(THAW_SQL, [FREEZE_SESSION]),
  ).catch((cause: unknown) => {
    if ((cause as { code?: unknown }).code !== DENIED) throw cause;
    throw new FreezeError('FROZEN_ELSEWHERE', `writes are held from the host of ${master}: thaw them there`, cause);
  });
  if (found?.ended === true) return { heldMs: found.ms === null ? null : Number(found.ms) };
  throw new FreezeError(
    'NOT_FROZEN',
    'no writes are held: the deadline was reached, or who held them has ended. Do not take a snapshot of several volumes for one of one moment',
  );
}

function targetOf(config: NodeConfig, master: string): SqlTarget {
  const [port, database] = [config.ports.postgres, DATABASE];
  if (config.node === master) {
    const host = postgresPaths(config).sockets;
    return { host, port, database, user: SUPERUSER, passwordFile: secretPath(config, 'postgresSuperuser'), caFile: null };
  }
  const { address: host } = config.cluster.members.find(({ id }) => id === master)!;
  const caFile = tlsFiles(config)?.ca ?? null;
  return { host, port, database, user: MANAGER_ROLE, passwordFile: secretPath(config, 'postgresManager'), caFile };
}

async function firstWord(child: ChildProcess, order: HoldOrder, deadlineMs: number): Promise<HolderSays> {
  const lines = createInterface({ input: child.stdout! });
  child.stdin!.on('error', () => {});
  // Open until it ends: standard input at its end would be the end of it.
  child.stdin!.write(`${JSON.stringify(order)}\n`);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise<HolderSays>((resolve, reject) => {
      const failed = (why: string) => reject(new FreezeError('FREEZE_FAILED', why));
      timer = setTimeout(() => failed('who holds writes did not say so in time'), deadlineMs);
      lines.once('line', (line) => resolve(JSON.parse(line) as HolderSays));
      child.once('error', (error) => failed(String(error)));
      child.once('exit', (code) => failed(`who holds writes ended with ${code} and without a word`));
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  } finally {
    clearTimeout(timer);
    lines.close();
    (child.stdin as unknown as { unref?(): void }).unref?.();
  }
}
