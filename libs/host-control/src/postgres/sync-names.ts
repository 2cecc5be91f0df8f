import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeId } from '@yosugara/kernel';
import { PostgresControlError } from '../errors.js';
import { processFact } from '../os/processes.js';
import { type HostContext, localTarget } from './context.js';
import { synchronousNames } from './settings.js';
import { type Session, withSession } from './sql.js';

const EFFECTIVE_DEADLINE_MS = 60_000;
const CLEARED_DEADLINE_MS = 5_000;
const SESSION_MS = 2_000;

/**
 * Resolves when commits really wait for `names`.
 *
 * A new session's value proves that the postmaster has reloaded and signalled its children, no more: a commit waits only once the
 * *checkpointer* has set `sync_standbys_defined` in shared memory, and during an immediate checkpoint (each CHECKPOINT command) it
 * looks at its signals only at the end. Evidence, seen after the new session: the checkpointer sleeps in its main loop, or between
 * two writes of a spread checkpoint, which may last for most of `checkpoint_timeout`. The signal had woken it before, and in both
 * places it looks for a reload before it sleeps again. Source: CheckpointerMain and CheckpointWriteDelay in checkpointer.c, syncrep.c
 * of PostgreSQL 15.
 * @throws PostgresControlError NAMES_NOT_EFFECTIVE.
 */
export async function awaitNames(host: HostContext, names: readonly NodeId[]): Promise<void> {
  const wanted = synchronousNames(names);
  const until = performance.now() + (names.length === 0 ? CLEARED_DEADLINE_MS : EFFECTIVE_DEADLINE_MS);
  let last = 'no answer';
  for (let sightings = 0; performance.now() < until; await sleep(10)) {
    last = await withSession(localTarget(host), SESSION_MS, (session) => see(session, wanted, names.length > 0));
    sightings = last === 'effective' ? sightings + 1 : 0;
    if (sightings === (names.length === 0 ? 1 : 2)) return;
  }
  throw new PostgresControlError(
    'NAMES_NOT_EFFECTIVE',
    `synchronous_standby_names ${JSON.stringify(wanted)} is not in effect: ${last}`,
  );
}

/** `pg_stat_activity.wait_event` of a checkpointer that has looked for a reload. */
const HAS_LOOKED: readonly (string | null)[] = ['CheckpointerMain', 'CheckpointWriteDelay'];

async function see(session: Session, wanted: string, checkpointerToo: boolean): Promise<string> {
  const [setting] = await session.rows<{ now: string }>("select current_setting('synchronous_standby_names') as now");
  if (setting!.now !== wanted) return `a new session sees ${JSON.stringify(setting!.now)}`;
  if (!checkpointerToo) return 'effective';
  const [checkpointer] = await session.rows<{ pid: number; event: string | null }>(
    "select pid, wait_event as event from pg_stat_activity where backend_type = 'checkpointer'",
  );
  if (checkpointer === undefined) return 'there is no checkpointer';
  const asleep = processFact(checkpointer.pid)?.state === 'S' && HAS_LOOKED.includes(checkpointer.event);
  return asleep ? 'effective' : `the checkpointer is busy (${checkpointer.event ?? 'running'})`;
}
