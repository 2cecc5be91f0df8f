import { CRC_OF_CHECKED } from './crc.js';
import { type DirLock, lockDirectory } from './dir-lock.js';
import { JournalConflictError, JournalDiskFullError, JournalFatalError, RecordFormatError } from './errors.js';
import { FRAME_HEAD_BYTES, FrameBatch } from './frame.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { checkJournalId, JournalShelf } from './journal-shelf.js';
import { identify } from './record.js';
import type { SegmentLog } from './segment-log.js';
import type { JournalInfo, PeerAppendOutcome, PeerCopy, PeerCopyOptions, SeqRange } from './types.js';

const SEGMENT_BYTES = 16 * 1024 * 1024;

/** Opens the directory that holds the copy of the peer's journals. @throws JournalLockedError, JournalDiskFullError, JournalFatalError. */
export async function openPeerCopy(options: PeerCopyOptions, fs: JournalFs = NODE_FS): Promise<PeerCopy> {
  const lock = await lockDirectory(options.dir);
  try {
    const shelf = new JournalShelf(fs, options.dir, options.segmentBytes ?? SEGMENT_BYTES, options.encryption);
    await shelf.recover();
    return new FilePeerCopy(options, shelf, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface Offered {
  readonly seq: number;
  readonly crc: number;
  readonly bytes: Uint8Array;
}

class FilePeerCopy implements PeerCopy {
  readonly #options: PeerCopyOptions;
  readonly #shelf: JournalShelf;
  readonly #lock: DirLock;
  readonly #batch = new FrameBatch();
  /** The one journal that is open for writing. */
  #open: { readonly journalId: string; readonly log: SegmentLog } | null = null;
  #fatal: JournalFatalError | null = null;
  #work: Promise<unknown> = Promise.resolve();

  constructor(options: PeerCopyOptions, shelf: JournalShelf, lock: DirLock) {
    this.#options = options;
    this.#shelf = shelf;
    this.#lock = lock;
  }

  get bytes(): number {
    return this.#shelf.bytes;
  }

  append(journalId: string, records: readonly Uint8Array[]): Promise<PeerAppendOutcome> {
    return this.#serial(() => this.#append(journalId, records));
  }

  begin(journalId: string, firstSeq: number): Promise<SeqRange | null> {
    return this.#serial(async () => {
      checkJournalId(journalId);
      if (!Number.isSafeInteger(firstSeq) || firstSeq < 1) throw new RecordFormatError(`a journal that begins at ${firstSeq}`);
      const held = this.#shelf.get(journalId);
      if (held === undefined) await this.#openFor(journalId, firstSeq);
      if (held === undefined || firstSeq <= held.nextSeq) return null;
      await this.#open?.log.close();
      this.#open = null;
      this.#open = { journalId, log: await this.#shelf.restart(journalId, firstSeq) };
      return { from: held.nextSeq, through: firstSeq - 1 };
    });
  }

  held(): readonly { readonly journalId: string; readonly durableSeq: number }[] {
    return this.#shelf.journals().map(({ journalId, lastDurableSeq }) => ({ journalId, durableSeq: lastDurableSeq }));
  }

  journals(): readonly JournalInfo[] {
    return this.#shelf.journals();
  }

  read(journalId: string, fromSeq: number, maxBytes: number) {
    return this.#shelf.read(journalId, fromSeq, maxBytes);
  }

  readEncoded(journalId: string, fromSeq: number, maxBytes: number) {
    return this.#shelf.readEncoded(journalId, fromSeq, maxBytes);
  }

  mend(journalId: string, records: readonly Uint8Array[]): Promise<number> {
    return this.#serial(() => this.#shelf.mend(journalId, records));
  }

  dropThrough(journalId: string, seq: number): Promise<void> {
    return this.#serial(async () => {
      await this.#shelf.dropThrough(journalId, seq, this.#open?.journalId);
      if (this.#open !== null && this.#shelf.get(this.#open.journalId) === undefined) this.#open = null;
    });
  }

  async close(): Promise<void> {
    await this.#work;
    try {
      await this.#shelf.close();
    } finally {
      await this.#lock.release();
    }
  }

  async #append(journalId: string, records: readonly Uint8Array[]): Promise<PeerAppendOutcome> {
    checkJournalId(journalId);
    const offered = inOrder(records);
    const known = this.#shelf.get(journalId);
    const expectedSeq = known?.nextSeq ?? 1;
    const first = offered[0];
    if (first === undefined) return { kind: 'stored', durableSeq: expectedSeq - 1, alreadyHeld: 0 };
    if (first.seq > expectedSeq) return { kind: 'gap', expectedSeq, gotSeq: first.seq };
    const again = offered.filter(({ seq }) => seq < expectedSeq);
    if (known !== undefined) await this.#compare(journalId, again, known.firstSeq);
    return this.#store(journalId, offered.slice(again.length), again.length);
  }

  async #store(journalId: string, fresh: readonly Offered[], alreadyHeld: number): Promise<PeerAppendOutcome> {
    const durableSeq = (this.#shelf.get(journalId)?.nextSeq ?? 1) - 1;
    if (fresh.length === 0) return { kind: 'stored', durableSeq, alreadyHeld };
    const bytes = fresh.reduce((sum, record) => sum + FRAME_HEAD_BYTES + record.bytes.length, 0);
    if (this.#shelf.bytes + bytes > this.#options.maxBytes) return { kind: 'full', durableSeq };
    const log = await this.#openFor(journalId);
    this.#batch.clear();
    for (const record of fresh) this.#batch.addBytes(record.bytes, CRC_OF_CHECKED);
    try {
      await log.commit(this.#batch);
    } catch (error) {
      if (error instanceof JournalDiskFullError) return { kind: 'full', durableSeq };
      throw error;
    }
    return { kind: 'stored', durableSeq: log.nextSeq - 1, alreadyHeld };
  }

  /** Sent again: the same bytes are fine, other bytes mean that two lives of the peer use one journal id. Dropped ones cannot be told. */
  async #compare(journalId: string, again: readonly Offered[], firstHeld: number): Promise<void> {
    const left = again.filter(({ seq }) => seq >= firstHeld);
    for (let at = 0; at < left.length; ) {
      const held = await this.#shelf.readEncoded(
        journalId,
        left[at]!.seq,
        left.slice(at).reduce((sum, { bytes }) => sum + bytes.length, 0),
      );
      for (const bytes of held.slice(0, left.length - at)) {
        const { seq, crc } = left[at++]!;
        const mine = identify(bytes);
        if (mine.crc !== crc) throw new JournalConflictError(journalId, seq, mine.crc, crc);
      }
    }
  }

  async #openFor(journalId: string, firstSeq = 1): Promise<SegmentLog> {
    if (this.#open?.journalId === journalId) return this.#open.log;
    // Begun in the middle and then left empty, it has nothing on disk that would say where it begins.
    const begins = this.#shelf.get(journalId)?.nextSeq ?? firstSeq;
    await this.#open?.log.close();
    this.#open = null;
    const log = await this.#shelf.open(journalId, begins);
    this.#open = { journalId, log };
    return log;
  }

  #serial<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#work.then(async () => {
      if (this.#fatal !== null) throw this.#fatal;
      try {
        return await work();
      } catch (error) {
        if (error instanceof JournalFatalError) {
          this.#fatal = error;
          this.#options.onFatal?.(error);
        }
        throw error;
      }
    });
    this.#work = result.catch(() => undefined);
    return result;
  }
}

/** @throws RecordFormatError — a record with a wrong CRC, or numbers that do not follow each other. */
function inOrder(records: readonly Uint8Array[]): readonly Offered[] {
  const offered = records.map((bytes) => ({ ...identify(bytes), bytes }));
  for (const [at, { seq }] of offered.entries()) {
    const expected = offered[0]!.seq + at;
    if (seq !== expected) throw new RecordFormatError(`record ${seq} where ${expected} follows`);
  }
  return offered;
}
