import type { PostgresFacts } from '@yosugara/failover';
import { type Lsn, lsn, type NodeId, nodeId, parseLsn } from '@yosugara/kernel';
import { forksOf, parseHistory } from './history.js';
import { parseSynchronousNames } from './settings.js';

/**
 * Everything the facts need in one statement, so that one answer is one moment as far as PostgreSQL can give it. Each look is a session of
 * its own (sql.ts), to which every catalog it reads is new: the functions below the statistics' views tell the same without joining names
 * of users and databases, for half of what the views cost.
 */
export const PROBE_SQL = `
select r.recovery as "recovery",
  (select system_identifier::text from pg_control_system()) as "systemId",
  case when r.recovery then null else pg_walfile_name(pg_current_wal_insert_lsn()) end as "walFile",
  case when not r.recovery
    then pg_read_file('pg_wal/' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) || '.history', 0, 1000000, true) end as "history",
  case when r.recovery then null else pg_current_wal_flush_lsn()::text end as "flush",
  case when r.recovery then pg_last_wal_receive_lsn()::text end as "received",
  case when r.recovery then pg_last_wal_replay_lsn()::text end as "replayed",
  current_setting('synchronous_standby_names') as "names",
  current_setting('primary_conninfo') as "conninfo",
  greatest(
    (select timeline_id from pg_control_checkpoint()),
    (select min_recovery_end_timeline from pg_control_recovery()),
    receiver.received_tli) as "timeline",
  case when r.recovery then (select max(name) from pg_ls_waldir() where name ~ '^[0-9A-F]{24}$') end as "newestWal",
  receiver.status as "receiver",
  backends.receivers as "receivers",
  backends.waiters as "syncWaiters",
  (extract(epoch from clock_timestamp() - backends.waits_since) * 1000)::int as "oldestSyncWaitMs",
  current_setting('synchronous_commit') as "commits",
  (select json_agg(json_build_object(
       'role', nullif(setrole, 0)::regrole::text, 'database', (select datname from pg_database where oid = setdatabase),
       'commits', split_part(setting, '=', 2)))
     from pg_db_role_setting, unnest(setconfig) setting where setting ~* '^synchronous_commit=') as "commitsOf",
  (select coalesce(json_agg(json_build_object(
       'name', session.application_name, 'state', sender.state, 'sync', sender.sync_state, 'flush', sender.flush_lsn::text)), '[]')
     from pg_stat_get_wal_senders() sender join pg_stat_get_activity(null) session on session.pid = sender.pid) as "peers"
from (select pg_is_in_recovery() as recovery) r,
  pg_stat_get_wal_receiver() receiver,
  (select count(*) filter (where backend_type = 'walreceiver')::int as receivers,
     count(*) filter (where wait_event = 'SyncRep')::int as waiters,
     min(state_change) filter (where wait_event = 'SyncRep') as waits_since
   from pg_stat_get_activity(null)) backends`;

export interface ProbeRow {
  readonly recovery: boolean;
  readonly systemId: string;
  readonly walFile: string | null;
  readonly history: string | null;
  readonly flush: string | null;
  readonly received: string | null;
  readonly replayed: string | null;
  readonly names: string;
  readonly conninfo: string;
  readonly timeline: number;
  readonly newestWal: string | null;
  readonly receiver: string | null;
  readonly receivers: number;
  readonly syncWaiters: number;
  readonly oldestSyncWaitMs: number | null;
  /** `synchronous_commit` where nothing else is said, and where something is said for a role, a database or one in the other. */
  readonly commits: string;
  readonly commitsOf:
    | readonly { readonly role: string | null; readonly database: string | null; readonly commits: string }[]
    | null;
  readonly peers: readonly { name: string; state: string | null; sync: string | null; flush: string | null }[];
}

const OUR_NAME = /^yosugara_([a-z][a-z0-9_]{0,30})$/;

/** @param followed which member a conninfo’s `host` names. */
export function factsOf(
  row: ProbeRow,
  followed: (host: string) => NodeId | null,
): Extract<PostgresFacts, { kind: 'standby' | 'primary' }> {
  const { systemId } = row;
  if (!row.recovery) {
    const timeline = Number.parseInt(row.walFile!.slice(0, 8), 16);
    return {
      kind: 'primary',
      timeline,
      systemId,
      walEnd: parseLsn(row.flush!),
      names: parseSynchronousNames(row.names),
      peers: row.peers.filter(({ name }) => OUR_NAME.test(name)).map(peerOf),
      forks: forksOf(parseHistory(row.history ?? ''), timeline),
      syncWaiters: row.syncWaiters,
      ...(row.oldestSyncWaitMs === null ? {} : { oldestSyncWaitMs: row.oldestSyncWaitMs }),
      ...ungated(row),
    };
  }
  const replayLsn = orZero(row.replayed);
  return {
    kind: 'standby',
    // A standby's pg_control learns of a new timeline at its next restartpoint; its segments carry it from the first byte on.
    timeline: Math.max(row.timeline, row.newestWal === null ? 0 : Number.parseInt(row.newestWal.slice(0, 8), 16)),
    systemId,
    walEnd: lsn(Math.max(orZero(row.received), replayLsn)),
    replayLsn,
    receiver: row.receiver === 'streaming' ? 'streaming' : row.conninfo === '' && row.receivers === 0 ? 'cut' : 'connecting',
    follows: followed(/\bhost='([^']*)'/.exec(row.conninfo)?.[1] ?? ''),
  };
}

/** Values, and their synonyms, with which a commit does not wait until a Standby has it on its disk (PostgreSQL, `synchronous_commit`). */
const UNGATED = new Set(['off', 'false', 'no', '0', 'local', 'remote_write']);
const MAX_UNGATED = 5;
const MAX_NAME = 63;

function ungated({ commits, commitsOf }: ProbeRow): { readonly ungated?: readonly string[] } {
  const all = UNGATED.has(commits.toLowerCase()) ? [`everybody (${commits})`] : [];
  const some = (commitsOf ?? []).filter((one) => UNGATED.has(one.commits.toLowerCase())).map(whose);
  const found = [...all, ...some];
  if (found.length === 0) return {};
  const more = found.length - MAX_UNGATED;
  return { ungated: more > 0 ? [...found.slice(0, MAX_UNGATED), `${more} more`] : found };
}

function whose({
  role,
  database,
  commits,
}: {
  readonly role: string | null;
  readonly database: string | null;
  readonly commits: string;
}) {
  const short = (name: string): string => name.slice(0, MAX_NAME);
  const who = role === null ? null : `role ${short(role)}`;
  const where = database === null ? null : `database ${short(database)}`;
  return `${[who, where].filter((part) => part !== null).join(' in ')} (${commits})`;
}

function peerOf(peer: ProbeRow['peers'][number]) {
  return {
    node: nodeOf(peer.name)!,
    streaming: peer.state === 'streaming',
    sync: peer.sync === 'sync' || peer.sync === 'quorum',
    flushLsn: orZero(peer.flush),
  };
}

function nodeOf(name: string): NodeId | null {
  const found = OUR_NAME.exec(name)?.[1];
  return found === undefined ? null : nodeId(found);
}

function orZero(text: string | null): Lsn {
  return text === null ? lsn(0) : parseLsn(text);
}
