import { type Lsn, type NodeId, parseLsn } from '@yosugara/kernel';
import { type HostContext, localTarget } from './context.js';
import { slotName } from './settings.js';
import { withSession } from './sql.js';

/* Verbs that are no more than one session on the running server: they wait for no other verb, and none waits for them. */

const SESSION_MS = 5_000;
const CHECKPOINT_MS = 10 * 60_000;

export async function forceWal(host: HostContext): Promise<Lsn> {
  return await withSession(localTarget(host), SESSION_MS, async (session) => {
    // `local`: this record carries no data, and waiting for the peer here is what the caller wants to find out about.
    await session.rows(
      "begin; set local synchronous_commit = local; select pg_logical_emit_message(true, 'yosugara', ''); commit",
    );
    const [row] = await session.rows<{ flush: string }>('select pg_current_wal_flush_lsn()::text as flush');
    return parseLsn(row!.flush);
  });
}

export async function ensureSlot(host: HostContext, peer: NodeId): Promise<void> {
  const name = slotName(peer);
  await withSession(localTarget(host), SESSION_MS, async (session) => {
    const [slot] = await session.rows<{ status: string | null; active: boolean }>(
      'select wal_status as status, active from pg_replication_slots where slot_name = $1',
      [name],
    );
    // Without a status it reserves nothing; a lost one never comes back. Its user, if any, needs a rebuild anyway.
    const useless = slot !== undefined && !slot.active && (slot.status === null || slot.status === 'lost');
    if (useless) await session.rows('select pg_drop_replication_slot($1)', [name]);
    if (useless || slot === undefined) await session.rows('select pg_create_physical_replication_slot($1, true)', [name]);
  });
}

export async function checkpoint(host: HostContext): Promise<void> {
  await withSession(localTarget(host), CHECKPOINT_MS, (session) => session.rows('checkpoint'));
}
