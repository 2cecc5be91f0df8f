import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Lsn } from '@yosugara/kernel';
import { PostgresControlError } from '../errors.js';
import { signal } from '../os/containment.js';
import { leaveEmpty } from '../os/files.js';
import { type HostContext, inPgdata, localTarget } from './context.js';
import { historyFile } from './control-data.js';
import { parseHistory } from './history.js';
import { checkpoint } from './in-session.js';
import { type Session, withSession } from './sql.js';
import { dropTakenTimelines, takeTimelines } from './timelines.js';
import type { Watch } from './watch.js';

const PROMOTE_SECONDS = 60;

export interface Promoted {
  readonly timeline: number;
  readonly forkLsn: Lsn;
}

/** Out of recovery, on a timeline with a number above `above`. A server that is out of it already is left as it is. */
export async function promote(host: HostContext, watch: Watch, above: number): Promise<Promoted> {
  // A new session takes a while where everybody starts at once; it is needed to see the end only.
  const asked = watch.facts().kind === 'standby';
  if (asked) await ask(host, watch, above);
  const timeline = await withSession(localTarget(host), (PROMOTE_SECONDS + 5) * 1_000, async (session) => {
    if (!asked && (await inRecovery(session))) await ask(host, watch, above);
    await awaitPromoted(host, session);
    const [after] = await session.rows<{ file: string }>('select pg_walfile_name(pg_current_wal_insert_lsn()) as file');
    return Number.parseInt(after!.file.slice(0, 8), 16);
  });
  const fork = parseHistory(await readFile(inPgdata(host, `pg_wal/${historyFile(timeline)}`), 'utf8')).at(-1)!.end;
  // pg_control shows the old timeline until the next checkpoint, and a rewind from us needs it; nobody waits for it.
  void checkpoint(host).catch((error: unknown) => host.log.warn('postgres.checkpoint', { error: explain(error) }));
  return { timeline, forkLsn: fork };
}

/**
 * As pg_promote and pg_ctl do it (xlogfuncs.c, pg_ctl.c): a file, and a signal to the postmaster, which does nothing with it unless it is
 * in recovery; a start removes a file that is left.
 */
async function ask(host: HostContext, watch: Watch, above: number): Promise<void> {
  await host.deadMan.mustGuard();
  await takeAllUpTo(host, watch, above);
  const postmaster = host.deadMan.postmasterPid();
  if (postmaster === null) throw new PostgresControlError('NOT_RUNNING', 'PostgreSQL does not run');
  await leaveEmpty(inPgdata(host, 'promote'), host.account);
  signal(postmaster, 'SIGUSR1');
}

async function inRecovery(session: Session): Promise<boolean> {
  const [now] = await session.rows<{ recovery: boolean }>('select pg_is_in_recovery() as recovery');
  return now!.recovery;
}

/** Asked for more often than pg_promote itself would look, every 100 ms (xlogfuncs.c): nobody writes meanwhile. */
async function awaitPromoted(host: HostContext, session: Session): Promise<void> {
  for (const until = performance.now() + PROMOTE_SECONDS * 1_000; performance.now() < until; await sleep(10)) {
    if (!(await inRecovery(session))) return;
  }
  await dropTakenTimelines(host);
  throw new PostgresControlError('PROMOTE_FAILED', `still in recovery after ${PROMOTE_SECONDS} s`);
}

/** A timeline only grows: where the last look shows one high enough already, nobody waits for another look. */
async function takeAllUpTo(host: HostContext, watch: Watch, above: number): Promise<void> {
  const known = watch.facts();
  if (known.kind === 'standby' && known.timeline >= above) return;
  const facts = await watch.look();
  if (facts.kind !== 'standby') throw new PostgresControlError('PROMOTE_FAILED', `PostgreSQL is ${facts.kind}`);
  await takeTimelines(host, facts.timeline, above);
}
