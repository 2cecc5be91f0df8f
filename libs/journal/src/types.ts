import type { ListenerKind, MessageKind, MessageTransport } from '@yosugara/protocol';
import type { JournalCorruptError, JournalFatalError, SeqRange } from './errors.js';
import type { JournalEncryption } from './group-writer.js';

/** What a receiver took in. `raw` is the message without its transport framing, untouched. */
export interface NewRecord {
  /** Wall clock, microseconds since 1970 UTC; a safe integer. For people and for pairing, never for order. */
  readonly receivedAtUs: number;
  /** CLOCK_MONOTONIC, milliseconds. */
  readonly monotonicMs: number;
  readonly kind: MessageKind;
  readonly transport: MessageTransport;
  readonly source: { readonly address: string; readonly port: number };
  readonly listener: { readonly kind: ListenerKind; readonly address: string };
  /** `MessageFlag` bits, 32 bit. */
  readonly flags: number;
  /** It may have come up to so much earlier than `receivedAtUs`, since the receiver stood still. Missing = 0. */
  readonly lateByUs?: number;
  readonly raw: Uint8Array;
}

export interface JournalRecord extends NewRecord {
  /** Dense from 1 in each journal; never reused for other bytes. */
  readonly seq: number;
}

export interface JournalInfo {
  readonly journalId: string;
  /** Oldest record still on disk. `lastDurableSeq + 1` when it holds none. */
  readonly firstSeq: number;
  /** 0 = nothing yet. */
  readonly lastDurableSeq: number;
  /** Damage found when the journal was opened; the records around it are still readable. */
  readonly corrupt: JournalCorruptError | null;
}

/** Reading works the same on an own journal and on the copy of the peer's; both return only what is fsynced. */
export interface JournalSource {
  /** Oldest first (ids sort by the time they were opened). */
  journals(): readonly JournalInfo[];
  /**
   * Records from `fromSeq` on, at least one when one is durable, until `maxBytes` of encoded bytes are reached.
   * @throws JournalGapError — `fromSeq` was dropped or the journal is unknown. @throws JournalCorruptError — unreadable; `lost` names the range.
   * @throws JournalKeyMissingError — encrypted by a key that is not here.
   */
  read(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly JournalRecord[]>;
  /** The same as bytes for the wire, see record.ts. */
  readEncoded(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly Uint8Array[]>;
  /**
   * Writes records of the other node's copy back where this one's are damaged (mend.ts). Nothing else changes.
   * @param records encoded, with the numbers and bytes that they had. @returns how many were written back. @throws RecordFormatError.
   */
  mend(journalId: string, records: readonly Uint8Array[]): Promise<number>;
  /** Retention: removes whole segments whose records are all ≤ `seq`. */
  dropThrough(journalId: string, seq: number): Promise<void>;
}

export interface ReceiverJournalOptions {
  readonly dir: string;
  readonly node: string;
  /** Of the directory, older journals included. Reached: new records are refused and counted, the oldest are kept. */
  readonly maxBytes: number;
  readonly segmentBytes?: number;
  /** A batch this large does not wait. Default 256 KiB. */
  readonly syncBytes?: number;
  /** The most that is written at once, unless one record is longer. Default 1 MiB. */
  readonly groupBytes?: number;
  /** A record waits at most this long before its batch is handed to the disk. Default 5 ms. */
  readonly syncMs?: number;
  /** Least distance between the starts of two flushes while records trickle whose senders wait for an answer (else `syncMs`). Default 1 ms. */
  readonly floorMs?: number;
  /** Records taken in but not yet on disk. Reached (the disk is slow or full): refused and counted. Default 32 MiB. */
  readonly maxPendingBytes?: number;
  /** Missing: what is written is in the clear, and what is encrypted cannot be read. */
  readonly encryption?: JournalEncryption | undefined;
  /** Once, before `onFatal`, or while it is closed: what was taken and will not be written. Must not throw. */
  readonly onUnwritten?: (lost: UnwrittenRecords) => void;
  /** Once. The process should say it and end. */
  readonly onFatal: (error: JournalFatalError) => void;
}

/** Taken in and on no disk when the file system was full at closing, or failed (then the group that was under way may be there). */
export interface UnwrittenRecords {
  /** Their senders believe them taken, or never asked. */
  readonly records: number;
  /** Besides: their senders have no answer, and say them again. */
  readonly awaited: number;
  /** Of `records`. */
  readonly bySource: ReadonlyMap<string, number>;
  readonly why: Error;
}

export interface ReceiverJournalStats {
  readonly appended: number;
  readonly synced: number;
  /** Refused because `maxBytes` is reached. */
  readonly refusedFull: number;
  /** Refused because the disk does not keep up (`maxPendingBytes`), or is out of space. */
  readonly refusedBacklog: number;
  /** Refused because `maxBytes` is reached, to a sender that waits: no loss, and counted each time that it is offered. */
  readonly heldBackFull: number;
  /** On disk, older journals included. */
  readonly bytes: number;
  readonly pendingBytes: number;
  readonly flushes: number;
  /** Taken in, and lost with the disk: see `UnwrittenRecords.records`. */
  readonly unwritten: number;
}

export interface ReceiverJournal extends JournalSource {
  /** New at every open: `${node}-${wall ms, base 36}-${random hex}`. */
  readonly journalId: string;
  /**
   * Takes a copy of the bytes. `false` = refused (full, or fatal): stop reading TCP, count UDP.
   * @param waits it will be offered again until it is taken, so a refusal loses nothing.
   */
  append(record: NewRecord, waits?: boolean): boolean;
  /** Bytes that would be taken now before `maxPendingBytes` refuses. Infinite while the disk has no space: nobody waits for that. */
  readonly roomBytes: number;
  /** Calls once, when half of `maxPendingBytes` is free. @returns takes it back. */
  whenRoom(then: () => void): () => void;
  /** Calls once, when what was refused to who waits is worth to be offered again; never from within. @returns takes it back. */
  whenTaking(then: () => void): () => void;
  /** Highest number that survives a power cut now. */
  readonly durableSeq: number;
  /** Number the next record gets. */
  readonly nextSeq: number;
  /** Called after each fdatasync with the new `durableSeq`. Returns the unsubscribe. */
  onDurable(listener: (durableSeq: number) => void): () => void;
  /**
   * As `readEncoded`, of what became durable just now and is still in memory; null = it must be read. Views, which hold
   * until the next turn of the event loop. Says nothing about what the disk gives back: whoever looks for damage reads.
   */
  recent(journalId: string, fromSeq: number, maxBytes: number): readonly Uint8Array[] | null;
  /** Resolves when everything appended before the call is durable. */
  flush(): Promise<void>;
  stats(): ReceiverJournalStats;
  close(): Promise<void>;
}

export type PeerAppendOutcome =
  /** Everything offered is fsynced here (or was before). */
  | { readonly kind: 'stored'; readonly durableSeq: number; readonly alreadyHeld: number }
  /** The first offered number is above the next expected: send from `expectedSeq`. Nothing was stored. */
  | { readonly kind: 'gap'; readonly expectedSeq: number; readonly gotSeq: number }
  /** `maxBytes` reached: nothing was stored; the oldest are kept. */
  | { readonly kind: 'full'; readonly durableSeq: number };

export interface PeerCopyOptions {
  readonly dir: string;
  readonly maxBytes: number;
  readonly segmentBytes?: number;
  /** Of this node's disk: what the peer sends comes in the clear, within its TLS. */
  readonly encryption?: JournalEncryption | undefined;
  readonly onFatal?: (error: JournalFatalError) => void;
}

export interface PeerCopy extends JournalSource {
  /**
   * `records`: encoded as by `encodeRecord`, dense and ascending. Resolves when fsynced.
   * @throws JournalConflictError — a number already held with other bytes. @throws RecordFormatError. @throws JournalFatalError.
   */
  append(journalId: string, records: readonly Uint8Array[]): Promise<PeerAppendOutcome>;
  /**
   * Begin a journal in the middle because the peer no longer holds what lies before. No effect when it is held that far already.
   * Held less far (this disk was set back): what is held goes, since a journal has no holes. @returns the missing range; null = none.
   */
  begin(journalId: string, firstSeq: number): Promise<SeqRange | null>;
  held(): readonly { readonly journalId: string; readonly durableSeq: number }[];
  readonly bytes: number;
  close(): Promise<void>;
}

/** Reads a receiver's directory from another process while it is being written. */
export interface JournalReader {
  /** Oldest first. What is durable is published by the writing process, not readable from the files. */
  journals(): Promise<readonly { readonly journalId: string; readonly firstSeq: number }[]>;
  /**
   * Records `fromSeq`..`throughSeq` until `maxBytes` of encoded bytes, at least one unless `fromSeq` > `throughSeq`.
   * @param throughSeq the durable watermark; never anything beyond it.
   * @throws JournalGapError — dropped, or not there although said to be durable. @throws JournalCorruptError.
   */
  read(journalId: string, fromSeq: number, throughSeq: number, maxBytes: number): Promise<readonly JournalRecord[]>;
  close(): Promise<void>;
}

export type { SeqRange };
