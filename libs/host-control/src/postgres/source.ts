import type { PostgresPeer } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { type HostContext, peerTarget } from './context.js';
import { historyFile } from './control-data.js';
import { withSession } from './sql.js';

const SOURCE_DEADLINE_MS = 10 * 60_000;

/** What a returning node must know of the server that it comes back to. */
export interface Source {
  readonly systemId: string;
  readonly timeline: number;
  /** Text of the timeline's history file; empty on timeline 1. */
  readonly history: string;
  readonly major: number;
  readonly node: string;
  readonly databaseBytes: number | null;
  /** Every file in its pg_wal, as it is now. */
  readonly wal: readonly { readonly name: string; readonly bytes: number }[];
  readonly tablespaces: readonly { readonly oid: string; readonly name: string; readonly place: string }[];
}

/**
 * Asks the Master itself. Right after a promotion its pg_control shows the old timeline until a checkpoint, and pg_rewind 15 would see
 * nothing to do: only then one is asked for, since on a busy server it may take minutes.
 * @throws PostgresControlError SOURCE_UNREACHABLE — nothing was touched here.
 */
export async function askSource(host: HostContext, source: PostgresPeer): Promise<Source> {
  try {
    return await withSession(peerTarget(host, source), SOURCE_DEADLINE_MS, async (session) => {
      const [row] = await session.rows<{
        systemId: string;
        recovery: boolean;
        file: string | null;
        old: number;
        version: number;
      }>(
        `select (select system_identifier::text from pg_control_system()) as "systemId", pg_is_in_recovery() as recovery,
           case when pg_is_in_recovery() then null else pg_walfile_name(pg_current_wal_insert_lsn()) end as file,
           (select timeline_id from pg_control_checkpoint()) as old, current_setting('server_version_num')::int as version`,
      );
      const { systemId, recovery, file, old, version } = row!;
      if (recovery || file === null) throw new Error('it is in recovery: not the Master');
      const timeline = Number.parseInt(file.slice(0, 8), 16);
      if (old !== timeline) await session.rows('checkpoint');
      const history =
        timeline === 1
          ? ''
          : (
              await session.rows<{ text: Buffer }>('select pg_read_binary_file($1) as text', [`pg_wal/${historyFile(timeline)}`])
            )[0]!.text.toString('utf8');
      const tablespaces = await session.rows<{ oid: string; name: string; place: string }>(
        `select oid::text as oid, spcname as name, pg_tablespace_location(oid) as place from pg_tablespace
         where spcname not in ('pg_default', 'pg_global')`,
      );
      const [size] = await session
        .rows<{ bytes: string }>('select sum(pg_database_size(oid))::text as bytes from pg_database')
        .catch(() => [undefined]);
      const databaseBytes = size === undefined ? null : Number(size.bytes);
      const wal = await session.rows<{ name: string; bytes: string | null }>(
        "select f.name, (pg_stat_file('pg_wal/' || f.name, true)).size::text as bytes from pg_ls_dir('pg_wal', true, false) as f (name)",
      );
      return {
        node: source.node,
        wal: wal.map(({ name, bytes }) => ({ name, bytes: Number(bytes ?? 0) })),
        systemId,
        timeline,
        history,
        major: Math.floor(version / 10_000),
        databaseBytes,
        tablespaces,
      };
    });
  } catch (error) {
    throw new PostgresControlError('SOURCE_UNREACHABLE', `${source.node} did not answer; nothing was changed here`, error);
  }
}
