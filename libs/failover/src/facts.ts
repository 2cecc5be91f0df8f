import type { Lsn, NodeId } from '@yosugara/kernel';

/** pg_control's "Database cluster state", shortened to what decisions need. */
export type StoppedState =
  /** `shut down`: a primary that stopped cleanly; `walEnd` is the end of its shutdown checkpoint. */
  | 'clean-primary'
  /** `shut down in recovery` or `in archive recovery`: a standby; whether clean does not matter, it replays. */
  | 'standby'
  /** `in production`, `in crash recovery`, `shutting down`: a primary that crashed: its WAL may go past what anyone else has. */
  | 'crashed-primary'
  /** A rewind or base backup was interrupted: only a rebuild helps. */
  | 'incomplete';

/** One row of pg_stat_replication, by application_name. */
export interface StreamingPeer {
  readonly node: NodeId;
  readonly streaming: boolean;
  /** PostgreSQL's sync_state is `sync` or `quorum`. */
  readonly sync: boolean;
  readonly flushLsn: Lsn;
}

/** What this host's PostgreSQL is, as the newest probe saw it. Never what somebody meant it to be. */
export type PostgresFacts =
  | { readonly kind: 'unknown' }
  /** No data directory. */
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'stopped';
      readonly state: StoppedState;
      readonly timeline: number;
      readonly walEnd: Lsn;
      readonly systemId: string;
      /** `incomplete`: why, in a few words. */
      readonly damage?: string;
    }
  /** No process of it is left, and looking at the data directory does not come back: a volume that hangs. */
  | { readonly kind: 'unreadable' }
  /** Processes are there, no connection is accepted yet; `progress` changes while recovery moves. */
  | { readonly kind: 'starting'; readonly progress: string }
  | {
      readonly kind: 'standby';
      readonly timeline: number;
      readonly systemId: string;
      /** max(received and flushed, replayed). */
      readonly walEnd: Lsn;
      readonly replayLsn: Lsn;
      /** `cut`: no primary_conninfo and no walreceiver process: nothing can be acknowledged from here. */
      readonly receiver: 'streaming' | 'connecting' | 'cut';
      readonly follows: NodeId | null;
    }
  | {
      readonly kind: 'primary';
      readonly timeline: number;
      readonly systemId: string;
      readonly walEnd: Lsn;
      /** synchronous_standby_names as in effect, re-read after the reload; null: something that we did not write. */
      readonly names: readonly NodeId[] | null;
      readonly peers: readonly StreamingPeer[];
      /**
       * From this timeline's history file (pg_wal/<timeline>.history, superuser's pg_read_file): each later timeline and where it
       * forked off its parent, this one included, oldest first; [] on timeline 1. A history file's line `1 0/3000000` means that timeline 2 forked there.
       */
      readonly forks: readonly { readonly timeline: number; readonly forkLsn: Lsn }[];
      /** Sessions waiting for a synchronous standby. */
      readonly syncWaiters: number;
      /** How long the oldest of them has waited at most: since its statement began. Absent: nobody waits, or not asked. */
      readonly oldestSyncWaitMs?: number;
      /** Whose commits are acknowledged before a Standby has them, by an operator's setting: `role app (off)`. Absent: nobody's. */
      readonly ungated?: readonly string[];
    }
  /** `failures` probes in a row without an answer, though processes are there. */
  | {
      readonly kind: 'hung';
      readonly failures: number;
      readonly wasPrimary: boolean;
      /** It may answer, and is of no use all the same: a sentence's beginning. Absent: it does not answer. */
      readonly because?: string;
    };

export type FactsOf<K extends PostgresFacts['kind']> = Extract<PostgresFacts, { readonly kind: K }>;
