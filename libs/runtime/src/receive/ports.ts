import type { RawRecord } from '@yosugara/operations';

/** What a listener took in, before the journal gave it a number. */
export interface ReceivedRecord extends Omit<RawRecord, 'seq'> {
  /** CLOCK_MONOTONIC, ms. */
  readonly monotonicMs: number;
}

/** @returns false when the journal refuses: a TCP listener stops reading, a UDP listener counts it as dropped. */
export type Intake = (record: ReceivedRecord) => boolean;

/** How far ahead datagrams may be read. What is not read the kernel keeps, while its buffer has room, and counts when it drops it. */
export interface ReadAhead {
  /** Bytes of records, with what the journal writes around them, that are taken now for certain. */
  readonly roomBytes: number;
  /** Calls once, when there is much room again; never from within. @returns takes it back. */
  whenRoom(then: () => void): () => void;
}

/** Of who holds its sender back while the journal refuses. */
export interface TakesAgain {
  /** Calls once, when it is worth to offer again what was refused; never from within. @returns takes it back. */
  whenTaking(then: () => void): () => void;
}

export interface JournalRange {
  readonly journalId: string;
  readonly firstSeq: number;
  readonly lastDurableSeq: number;
}

/** This node's own journal, as far as copying it to the peer needs it; older journals of earlier starts included, oldest first. */
export interface OwnJournal {
  readonly journalId: string;
  readonly durableSeq: number;
  journals(): readonly JournalRange[];
  /** @throws with code JOURNAL_GAP — not held any more; JOURNAL_CORRUPT — `lost`: not readable. */
  readEncoded(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly Uint8Array[]>;
  /** As `readEncoded`, of what is durable and still in memory, until the next turn of the event loop; null = it must be read. Missing: everything must be. */
  recent?(journalId: string, fromSeq: number, maxBytes: number): readonly Uint8Array[] | null;
  onDurable(listener: (durableSeq: number) => void): () => void;
  /** Writes records back where they are damaged. @returns how many. */
  mend(journalId: string, records: readonly Uint8Array[]): Promise<number>;
  dropThrough(journalId: string, seq: number): Promise<void>;
}

/** A journal of which a disk had everything through here. */
export interface HeldJournal {
  readonly journalId: string;
  readonly durableSeq: number;
}

export type CopyOutcome =
  | { readonly kind: 'stored'; readonly durableSeq: number }
  | { readonly kind: 'gap'; readonly expectedSeq: number }
  | { readonly kind: 'full'; readonly durableSeq: number };

/** Our copy of the peer's journals. */
export interface PeerJournalCopy {
  journals(): readonly JournalRange[];
  held(): readonly HeldJournal[];
  /** Resolves when fsynced. @throws with code JOURNAL_CONFLICT — held with other bytes. */
  append(journalId: string, records: readonly Uint8Array[]): Promise<CopyOutcome>;
  /** Begins in the middle. @returns what is missing between what was held and `firstSeq`; what was held goes. null = nothing. */
  begin(journalId: string, firstSeq: number): Promise<{ readonly from: number; readonly through: number } | null>;
  /** @throws with code JOURNAL_GAP — not held; JOURNAL_CORRUPT — `lost`: not readable. */
  readEncoded(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly Uint8Array[]>;
  mend(journalId: string, records: readonly Uint8Array[]): Promise<number>;
  dropThrough(journalId: string, seq: number): Promise<void>;
}

/** One authenticated connection between the two receivers. Frames arrive whole and in order. */
export interface PeerChannel {
  /** Node id from the peer's certificate. */
  readonly peer: string;
  send(frame: Uint8Array): void;
  /** Sent and not yet taken by the system. */
  readonly bufferedBytes: number;
  onFrame(handler: (frame: Uint8Array) => void): void;
  /** Once, whatever the cause. */
  onClose(handler: (why: string) => void): void;
  pause(): void;
  resume(): void;
  close(why: string): void;
}

export interface PeerDialer {
  /** @throws YosugaraError — refused, not the peer, or no answer within the deadline. */
  dial(deadlineMs: number): Promise<PeerChannel>;
}
