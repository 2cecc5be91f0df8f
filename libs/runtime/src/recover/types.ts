import type { PostgresFacts } from '@yosugara/failover';
import type { Lsn, NodeId } from '@yosugara/kernel';
import type { JournalLevels, RecoverMethod, RecoverPhase, RecoverReport } from '@yosugara/protocol';

/** `<stateDir>/recover.json`: whole or not at all, and on disk when `save` resolves. */
export interface RecoverStore {
  /** null: there is none, or it cannot be read; it only tells, so that is no reason to stop. */
  load(): Promise<RecoverReport | null>;
  save(report: RecoverReport): Promise<void>;
}

/** What a node knows of its own data directory, disk and programs, beside what probes see; taken now and then while it matters. */
export interface Survey {
  /** Of the programs; null: none were found. */
  readonly major: number | null;
  /** Programs that are not there. */
  readonly missing: readonly string[];
  /** On the volume of the data directory. */
  readonly freeBytes: number | null;
  /** As a running server: what a base backup of it would copy, tablespaces included. */
  readonly databaseBytes: number | null;
  /** As a primary: where its oldest WAL begins; what lies before it can no longer be streamed from here. */
  readonly oldestWal: Lsn | null;
  /** As a running server: where its tablespaces lie. */
  readonly tablespaces: readonly string[];
  /** Why the data directory here cannot be used as it is; a whole sentence. */
  readonly damage: string | null;
}

/** What a rewind or base backup did. */
export interface CopyDone {
  readonly bytes: number;
  readonly discarded: { readonly from: Lsn; readonly to: Lsn; readonly timeline: number } | null;
  readonly keptWal: string | null;
  readonly setAside: string | null;
  readonly archived: number;
  /** Sentences for the operator. */
  readonly look: readonly string[];
}

/** One look of the returning node at itself and at the Master; what the phase is told from. */
export interface RecoverLook {
  readonly node: NodeId;
  readonly nowMs: number;
  readonly wallMs: number;
  /** The committed request for this node, if any. */
  readonly request: { readonly requestId: string; readonly state: 'open' | 'done' } | null;
  /** Another node serves, and is heard. */
  readonly source: NodeId | null;
  readonly informed: boolean;
  readonly member: 'voter' | 'learner' | 'stranger';
  readonly facts: PostgresFacts;
  /** The action in flight. */
  readonly busy: string | null;
  readonly copying: {
    readonly stage: 'prepare' | 'copy';
    readonly detail: string;
    readonly bytes: number;
    readonly totalBytes: number | null;
  } | null;
  readonly role: string;
  readonly why: string;
  readonly inSyncSet: boolean;
  readonly isOwner: boolean;
  readonly lagBytes: number | null;
  readonly damage: string | null;
  readonly levels: JournalLevels | null;
  /** Everything received until the join is on both disks. */
  readonly level: boolean;
  /** Failures in a row of the actions that bring a node back. */
  readonly failing: { readonly action: string; readonly code: string; readonly count: number } | null;
}

export type { RecoverMethod, RecoverPhase, RecoverReport };
