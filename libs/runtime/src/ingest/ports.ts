import type { Epoch } from '@yosugara/kernel';
import { YosugaraError } from '@yosugara/kernel';
import type { LoneRows, MergeRecord, MergeWindow, ParsedMessage, RawRecord, RecordRef, Tally } from '@yosugara/operations';
import type { OperationsBatch } from '../operations/ports.js';
import type { AwayAnswer, AwayRange } from '../receive/away.js';

/** One row to be. Its identity is (receivedAtUs, journalId, seq): of the copy that is stored. */
export interface MessageToStore extends ParsedMessage, RecordRef {
  readonly node: string;
  /** As journaled by `node`, never corrected. */
  readonly receivedAtUs: number;
  /** It may have come up to so much earlier. Missing = 0. */
  readonly lateByUs?: number;
  readonly kind: RawRecord['kind'];
  /** The way it came in. Missing = not known. */
  readonly transport?: RawRecord['transport'];
  readonly source: string;
  /** `MessageFlag` bits and `VIA_VIP`. */
  readonly flags: number;
  readonly raw: Uint8Array;
  /** Digest that copies share, base64; null = never pairs. */
  readonly content: string | null;
  readonly seenBy: readonly string[];
}

/** Bit of `MessageToStore.flags`: came by the floating address. */
export const VIA_VIP = 256;

/** A copy that came after its row was written. */
export interface SeenAlso {
  readonly of: RecordRef & { readonly atUs: number };
  readonly node: string;
  readonly copy: RecordRef;
}

/** What one transaction stores: all of it or nothing. */
export interface IngestBatch {
  readonly epoch: Epoch;
  /** Of the progress that this batch builds on; another one in the database refuses the batch. */
  readonly version: number;
  readonly rows: readonly MessageToStore[];
  readonly seenAlso: readonly SeenAlso[];
  readonly positions: readonly RecordRef[];
  readonly window: MergeWindow;
  /** What it consumed by source, to be added to the counts. */
  readonly tallies?: readonly Tally[];
  /** Now and then, so that it can be told later when a record was consumed. */
  readonly mark?: IngestMark;
  /** What follows from the rows: events, statuses, what leaves the cluster, and the memories that go with them. */
  readonly operations?: OperationsBatch;
}

/** Through which numbers journals are consumed with this batch; of an owner's first one (`begins`): were, before it. */
export interface IngestMark {
  readonly begins: boolean;
  readonly positions: readonly RecordRef[];
}

export interface IngestProgress {
  /** Grows by one with every batch. */
  readonly version: number;
  /** Through which number each journal is consumed. */
  readonly positions: ReadonlyMap<string, number>;
  readonly window: MergeWindow;
}

export type LoneQuestion = LoneRows;

/** The database of the serving Master. Every method has a deadline of its own. */
export interface IngestStore {
  loadProgress(): Promise<IngestProgress>;
  /**
   * Rows of a node that no other node saw, oldest first. @returns at most `limit`: as many means there may be more.
   * @throws DeadlineError — ask for less.
   */
  findLone(question: LoneQuestion, limit: number): Promise<readonly MergeRecord[]>;
  /**
   * A row that the database refuses by its data, for which there is no other remedy, is stored without what was read from its bytes.
   * @throws StaleEpochError, StaleProgressError — nothing was stored. CommitUnknownError — perhaps it was: read the progress again.
   */
  storeBatch(batch: IngestBatch): Promise<StoredBatch>;
}

export interface StoredBatch {
  /** Rows that were there already: 0, or we have a bug (the batch is stored all the same). */
  readonly keyHits: number;
  /** Rows that the database refused as they were; missing: none. */
  readonly refused?: readonly RefusedRow[];
}

export interface RefusedRow extends RecordRef {
  readonly source: string;
  /** As the database says it, bounded. */
  readonly why: string;
}

/** The database knows a younger owner: this process must stop having effects. */
export class StaleEpochError extends YosugaraError {
  override readonly name = 'StaleEpochError';
  readonly ours: number;
  readonly stored: number;
  constructor(ours: number, stored: number) {
    super('STALE_EPOCH', `epoch ${ours} is over: the database belongs to epoch ${stored}`);
    this.ours = ours;
    this.stored = stored;
  }
}

/** Another batch came between: of a transaction thought lost, or of a second ingest. */
export class StaleProgressError extends YosugaraError {
  override readonly name = 'StaleProgressError';
  constructor(ours: number) {
    super('STALE_PROGRESS', `ingest progress is no longer at version ${ours}`);
  }
}

/** COMMIT was sent and what became of it is not known, or it is in one database only (SQLSTATE 01000: the wait for the standby was cancelled). */
export class CommitUnknownError extends YosugaraError {
  override readonly name = 'CommitUnknownError';
  constructor(why: string, cause?: unknown) {
    super('COMMIT_UNKNOWN', `outcome of the commit is unknown: ${why}`, { cause });
  }
}

/** Segment files of one directory, read beside the receiver that writes them. */
export interface JournalFiles {
  /** @throws with code JOURNAL_GAP (`missing`) or JOURNAL_CORRUPT (`lost`): ranges `{ from, through }`. */
  read(journalId: string, fromSeq: number, throughSeq: number, maxBytes: number): Promise<readonly RawRecord[]>;
}

/** What the other node holds, in its own journals and in its copy of ours; asked by this node's receiver. */
export interface AwayJournals {
  /** Within seconds. The bytes are checked as those of a local read. Never rejects. */
  read(range: AwayRange): Promise<AwayAnswer<RawRecord>>;
}

/** What the ingest loop may do now. Asked before every transaction. */
export interface IngestPermit {
  readonly epoch: Epoch;
  /** CLOCK_MONOTONIC, ms. */
  readonly leaseUntilMs: number;
  /** Records that only this node holds may be consumed. */
  readonly ingestAlone: boolean;
  /** A commit is in both databases when it is acknowledged. */
  readonly bothDatabases: boolean;
}
