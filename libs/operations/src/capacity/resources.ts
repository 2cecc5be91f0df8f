import type { Unit } from '../self/sentences.js';

/** Something that can fill up. A row of the table in docs/capacity.md. */
export interface Resource {
  /** For ever: it is in series, in the API and in the address of its line in the manual. */
  readonly id: string;
  readonly what: string;
  readonly unit: Exclude<Unit, 'ratio' | 'level'>;
  /** `node`: each node has its own. `cluster`: the Master measures it for all. */
  readonly of: 'node' | 'cluster';
  /** `newest`: it is what it was measured to be last. `most`: the most that was ever seen of it. `none`: it takes from something else. */
  readonly limit: 'newest' | 'most' | 'none';
  /** What to change. */
  readonly advice: string;
  /** Where the manual says how. */
  readonly manual: string;
}

const resource = (given: Pick<Resource, 'id' | 'what' | 'unit' | 'advice' | 'manual'> & Partial<Resource>): Resource => ({
  ...{ of: 'node', limit: 'newest' },
  ...given,
});

/** Everything of which it is told when it is full. */
export const RESOURCES: readonly Resource[] = [
  resource({
    ...{ id: 'disk', what: 'a volume', unit: 'bytes', manual: 'docs/capacity.md#disk' },
    advice:
      'make the volume larger, or keep less: `yosugara retention show` says what takes the room, and the setting `retention` how long it is kept',
  }),
  resource({
    ...{ id: 'files', what: 'files of a volume', unit: 'count', manual: 'docs/capacity.md#files' },
    advice: 'look for a folder with very many small files (`du --inodes -x`), or make the file system anew with more inodes',
  }),
  resource({
    ...{ id: 'journal', what: "a receiver's journal", unit: 'bytes', manual: 'docs/capacity.md#journal' },
    advice:
      'it is drained by ingest and by the other node: look why they are behind (`yosugara ingest status`). For a longer break raise `receiver.maxJournalMb`, with as much room on the volume',
  }),
  resource({
    ...{ id: 'waiting-messages', what: 'messages received and not stored', unit: 'count', of: 'cluster', limit: 'none' },
    ...{ manual: 'docs/capacity.md#waiting-messages' },
    advice:
      'ingest does not keep up: a quicker disk for PostgreSQL, or fewer messages (which senders: `yosugara ingest sources`)',
  }),
  resource({
    ...{ id: 'ingest-rate', what: 'messages stored in a second', unit: 'count', of: 'cluster', limit: 'most' },
    ...{ manual: 'docs/capacity.md#ingest-rate' },
    advice:
      'the limit is the most that was stored while messages waited. A quicker disk for PostgreSQL, `messages.textIndex: none`, or fewer messages at their senders',
  }),
  resource({
    ...{ id: 'wal', what: 'WAL on the disk', unit: 'bytes', limit: 'none', manual: 'docs/capacity.md#wal' },
    advice:
      'a node that is away, an archive that does not answer, or a slot of a stranger holds it: `select * from pg_replication_slots`',
  }),
  resource({
    ...{ id: 'wal-slot', what: 'WAL that a node still needs', unit: 'bytes', of: 'cluster', manual: 'docs/capacity.md#wal-slot' },
    advice:
      'bring that node back before its WAL is given up (`max_slot_wal_keep_size`): afterwards it is copied anew as a whole. Or widen the line to it',
  }),
  resource({
    ...{ id: 'wal-archive', what: 'WAL that waits for the backup repository', unit: 'bytes', of: 'cluster' },
    ...{ manual: 'docs/capacity.md#wal-archive' },
    advice:
      'look why the repository does not answer (`yosugara backup check`), or raise `backup.maxWaitingWalMb`, with as much room on the volume',
  }),
  resource({
    ...{
      id: 'database',
      what: 'tables and indexes',
      unit: 'bytes',
      of: 'cluster',
      limit: 'none',
      manual: 'docs/capacity.md#database',
    },
    advice: 'keep less of it: the setting `retention` has a number of days for each kind',
  }),
  resource({
    ...{ id: 'connections', what: 'connections to PostgreSQL', unit: 'count', manual: 'docs/capacity.md#connections' },
    advice:
      'who holds them: `select usename, application_name, count(*) from pg_stat_activity group by 1, 2`. For programs of your own use a pooler, or raise `max_connections` in `postgresql.conf`, on the Standby first, and restart one after the other',
  }),
  resource({
    ...{ id: 'job-queue', what: 'jobs with or waiting for a place in a queue', unit: 'count', of: 'cluster' },
    ...{ manual: 'docs/capacity.md#job-queue' },
    advice:
      'raise `concurrency` of the queue where its nodes bear it, raise `capacity` to let more wait, or spread the starts of its triggers',
  }),
  resource({
    ...{ id: 'job-wait', what: 'how long the job that waits longest for a place has waited', unit: 'seconds', of: 'cluster' },
    ...{ limit: 'none', manual: 'docs/capacity.md#job-wait' },
    advice: 'as `job-queue`',
  }),
  resource({
    ...{ id: 'agents', what: 'agents that are connected', unit: 'count', of: 'cluster', manual: 'docs/capacity.md#agents' },
    advice: 'one Master takes no more: a second cluster for part of the hosts, or monitors without agents (SNMP, ping)',
  }),
  resource({
    ...{ id: 'outbox', what: 'notifications that wait to leave the cluster', unit: 'count', of: 'cluster' },
    ...{ manual: 'docs/capacity.md#outbox' },
    advice: 'look whether who takes them answers; when monitors tell too much, raise `initialCount` of the notification',
  }),
];

export const resourceOf = (id: string): Resource | undefined => RESOURCES.find((each) => each.id === id);

/** What is measured of one of them now. */
export interface Measure {
  readonly resource: string;
  /** '' = of the cluster. */
  readonly node: string;
  /** Of several, which; '' = there is one only. */
  readonly item: string;
  readonly used: number;
  /** null = there is none, or it is not known. */
  readonly limit: number | null;
}
