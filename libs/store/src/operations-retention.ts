import type { Pool } from 'pg';
import { DELETE_ROWS, type Fence, inParts, type Pace } from './delete-in-parts.js';
import { letGoOfSeries } from './series-retention.js';

/**
 * Revisions of settings that are other ones by now, or gone. Reads the whole history: for once a day.
 *
 * The newest revision of each stays, also where it says that it was removed: an id that comes again goes on from its revision, and whoever
 * follows the settings from an old version hears of what was removed since. So do revisions that sessions of jobs run on.
 */
export async function letGoOfRevisions(pool: Pool, beforeMs: number, how: Fence | Pace): Promise<number> {
  return await inParts(pool, 'letting go of old revisions of settings', how, OLD_REVISIONS, [beforeMs / 1_000]);
}

/** What is remembered of what was deleted before, and series without values. For once a day, likewise. */
export async function letGoOfMemories(pool: Pool, beforeMs: number, how: Fence | Pace): Promise<number> {
  let deleted = 0;
  for (const [table, key, gone] of REMNANTS)
    deleted += await inParts(pool, `letting go of what is left in ${table}`, how, remnantsOf(table, key, gone), [
      beforeMs / 1_000,
    ]);
  return deleted + (await letGoOfSeries(pool, how));
}

const OLD_REVISIONS = `delete from setting_history where (kind, id, revision) in (
  select kind, id, revision from setting_history h where at < to_timestamp($1)
    and exists (select from setting_history n where n.kind = h.kind and n.id = h.id and n.revision > h.revision)
    and not exists (select from job_session s where s.kind = h.kind and s.unit = h.id and s.revision = h.revision)
  limit ${DELETE_ROWS})`;

/** Removed before that time, and not there again. */
const GONE = `select h.kind, h.id from setting_history h where h.body is null and h.at < to_timestamp($1)
  and not exists (select from setting_history n where n.kind = h.kind and n.id = h.id and n.revision > h.revision)`;

const goneAre = (column: string, kind: string): string => `${column} in (select gone.id from gone where gone.kind = '${kind}')`;
const MONITOR = goneAre('monitor', 'monitor');
/** What was counted of lines is remembered at `NODE/lines`. */
const NODE = goneAre("split_part(facility, '/', 1)", 'node');
const NOTIFICATION = goneAre('notification', 'notification');
const REMNANTS = [
  ['monitor_memory', 'key', [MONITOR, NODE]],
  ['notify_memory', 'key', [MONITOR, NODE, NOTIFICATION]],
  ['tick', 'monitor, facility', [MONITOR, NODE]],
  ['status', 'key', [MONITOR, NODE, NOTIFICATION]],
  ['inventory_item', 'node, kind, key, from_at', [goneAre('node', 'node')]],
  ['inventory_node', 'node', [goneAre('node', 'node')]],
] as const;

const remnantsOf = (table: string, key: string, isGone: readonly string[]): string =>
  `with gone as materialized (${GONE}) delete from ${table} where (${key}) in (
     select ${key} from ${table} where ${isGone.join(' or ')} limit ${DELETE_ROWS})`;
