import { randomBytes } from 'node:crypto';
import { nodeId } from '@yosugara/kernel';
import { Backlog } from './backlog.js';
import { CRC_OF_CHECKED } from './crc.js';
import { type DirLock, lockDirectory } from './dir-lock.js';
import { DurableWatch } from './durable-watch.js';
import { JournalDiskFullError, JournalFatalError } from './errors.js';
import { FRAME_HEAD_BYTES, type FrameBatch } from './frame.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { JournalShelf } from './journal-shelf.js';
import { RecentBatches } from './recent-batches.js';
import { encodedLength, encodeRecordInto, isAwaited } from './record.js';
import { MOST_HEAD_BYTES } from './segment.js';
import { GROUP_HEAD_BYTES } from './segment-cipher.js';
import type { SegmentLog } from './segment-log.js';
import type { JournalInfo, NewRecord, ReceiverJournal, ReceiverJournalOptions, ReceiverJournalStats } from './types.js';
import { unwrittenOf } from './unwritten.js';
import { WaitingGroups } from './waiting-groups.js';

const DEFAULTS = {
  segmentBytes: 16 * 1024 * 1024,
  syncBytes: 256 * 1024,
  groupBytes: 1024 * 1024,
  syncMs: 5,
  floorMs: 1,
  maxPendingBytes: 32 * 1024 * 1024,
  onUnwritten: () => undefined,
} as const;
const DISK_FULL_RETRY_MS = 500;

/**
 * Opens a receiver's directory and begins a new journal in it.
 * @throws JournalLockedError — another receiver runs on it. @throws JournalDiskFullError. @throws JournalFatalError.
 */
export async function openReceiverJournal(options: ReceiverJournalOptions, fs: JournalFs = NODE_FS): Promise<ReceiverJournal> {
  const journalId = `${nodeId(options.node)}-${Date.now().toString(36)}-${randomBytes(6).toString('hex')}`;
  const lock = await lockDirectory(options.dir);
  try {
    const shelf = new JournalShelf(fs, options.dir, options.segmentBytes ?? DEFAULTS.segmentBytes, options.encryption);
    await shelf.recover();
    return new FileReceiverJournal(options, journalId, shelf, await shelf.open(journalId), lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

class FileReceiverJournal implements ReceiverJournal {
  readonly journalId: string;
  readonly #options: Required<Omit<ReceiverJournalOptions, 'encryption'>>;
  readonly #shelf: JournalShelf;
  readonly #log: SegmentLog;
  readonly #lock: DirLock;
  readonly #durable = new DurableWatch();
  readonly #waiting: WaitingGroups;
  readonly #recent: RecentBatches;
  readonly #backlog: Backlog;
  #nextSeq = 1;
  #diskBytes: number;
  #flushing: Promise<void> | null = null;
  #timer: NodeJS.Timeout | null = null;
  #immediate: NodeJS.Immediate | null = null;
  /** The sender of a record that waits for the disk waits for its answer. */
  #isAwaited = false;
  #lastStartMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  /** Nothing more is written: the disk failed, or it was closed and there was no space. */
  #isOver = false;
  /** What encryption adds to a group, and to the segment that may begin with it. */
  readonly #sealBytes: number;
  #counts = { appended: 0, refusedFull: 0, refusedBacklog: 0, heldBackFull: 0, flushes: 0, unwritten: 0 };

  constructor(options: ReceiverJournalOptions, journalId: string, shelf: JournalShelf, log: SegmentLog, lock: DirLock) {
    this.#options = { ...DEFAULTS, ...options };
    this.#waiting = new WaitingGroups(this.#options.groupBytes);
    this.#recent = new RecentBatches(2 * this.#options.groupBytes);
    this.#backlog = new Backlog(this.#options.maxPendingBytes, () => this.#waiting.bytes);
    this.journalId = journalId;
    this.#shelf = shelf;
    this.#log = log;
    this.#lock = lock;
    this.#diskBytes = shelf.bytes;
    this.#sealBytes = options.encryption === undefined ? 0 : FRAME_HEAD_BYTES + GROUP_HEAD_BYTES + MOST_HEAD_BYTES;
  }

  get durableSeq(): number {
    return this.#log.nextSeq - 1;
  }

  get nextSeq(): number {
    return this.#nextSeq;
  }

  append(record: NewRecord, waits = false): boolean {
    if (this.#closed || this.#log.failed !== null) return false;
    const length = encodedLength(record);
    const more = FRAME_HEAD_BYTES + length + this.#sealBytes;
    if (this.#diskBytes + this.#pendingBytes + more > this.#options.maxBytes) {
      this.#counts[waits ? 'heldBackFull' : 'refusedFull']++;
      return false;
    }
    if (!this.#backlog.takes(more, waits)) {
      if (!waits) this.#counts.refusedBacklog++;
      return false;
    }
    this.#waiting.add(length, (target, at) => encodeRecordInto(target, at, this.#nextSeq, record), CRC_OF_CHECKED);
    this.#nextSeq++;
    this.#counts.appended++;
    this.#schedule(isAwaited(record));
    return true;
  }

  get roomBytes(): number {
    return this.#backlog.roomBytes;
  }
  readonly whenRoom = (then: () => void) => this.#backlog.whenRoom(then);
  readonly whenTaking = (then: () => void) => this.#backlog.whenTaking(then);

  onDurable(listener: (durableSeq: number) => void): () => void {
    return this.#durable.listen(listener);
  }

  flush(): Promise<void> {
    if (this.durableSeq >= this.#nextSeq - 1) return Promise.resolve();
    if (this.#log.failed !== null) return Promise.reject(this.#log.failed);
    const flushed = this.#durable.reaches(this.#nextSeq - 1);
    this.#startFlush();
    return flushed;
  }

  stats(): ReceiverJournalStats {
    return { ...this.#counts, synced: this.durableSeq, bytes: this.#diskBytes, pendingBytes: this.#waiting.bytes };
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

  recent(journalId: string, fromSeq: number, maxBytes: number): readonly Uint8Array[] | null {
    return journalId === this.journalId ? this.#recent.from(fromSeq, maxBytes) : null;
  }

  mend(journalId: string, records: readonly Uint8Array[]): Promise<number> {
    return this.#shelf.mend(journalId, records);
  }

  async dropThrough(journalId: string, seq: number): Promise<void> {
    await this.#shelf.dropThrough(journalId, seq, this.journalId);
    this.#diskBytes = this.#shelf.bytes;
    this.#backlog.offerAgain();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (this.#log.failed === null) await this.flush().catch(() => undefined);
      this.#unschedule();
      await this.#flushing;
      await this.#shelf.close();
    } finally {
      await this.#lock.release();
    }
  }

  get #pendingBytes(): number {
    return this.#waiting.bytes + this.#sealBytes * this.#waiting.count;
  }

  /**
   * The next flush begins as soon as the last one has returned: under load the batches grow by themselves. While records trickle, a
   * floor keeps a slow disk from doing one sync a record: a short one where a sender waits for its answer, else all of `syncMs`.
   */
  #schedule(isAwaited = false): void {
    const isSooner = isAwaited && !this.#isAwaited;
    this.#isAwaited ||= isAwaited;
    if (this.#flushing !== null || this.#immediate !== null) return;
    const { floorMs, syncMs, syncBytes } = this.#options;
    const isLarge = this.#waiting.waitingBytes >= syncBytes;
    if (this.#timer !== null && !isSooner && !isLarge) return;
    const waitMs = Math.min(this.#isAwaited ? floorMs : syncMs, syncMs) - (performance.now() - this.#lastStartMs);
    // Not at once: what else this turn of the event loop brings goes into the same batch.
    if (waitMs <= 0 || isLarge) this.#immediate = setImmediate(() => this.#startFlush());
    else {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#startFlush(), waitMs);
    }
  }

  #unschedule(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    if (this.#immediate !== null) clearImmediate(this.#immediate);
    this.#timer = null;
    this.#immediate = null;
  }

  #startFlush(): void {
    this.#unschedule();
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = null;
      if (this.#waiting.count === 0 || this.#isOver) return;
      if (this.#closed || this.#durable.isAwaited) this.#startFlush();
      else this.#schedule();
    });
  }

  async #flush(): Promise<void> {
    const group = this.#waiting.next();
    if (group === null) return;
    if (this.#waiting.waitingBytes === 0) this.#isAwaited = false;
    this.#lastStartMs = performance.now();
    try {
      while (!(await this.#commit(group))) await new Promise((resolve) => setTimeout(resolve, DISK_FULL_RETRY_MS));
    } catch (error) {
      return this.#fail(error);
    }
    this.#recent.add(this.#log.nextSeq - group.count, group.sealed);
    this.#waiting.written();
    this.#diskBytes = this.#shelf.bytes;
    this.#counts.flushes++;
    this.#backlog.outOfSpace(false);
    this.#durable.tell(this.durableSeq);
  }

  /** False: no room. The group is kept and tried again; meanwhile `maxPendingBytes` bounds what comes in. */
  async #commit(group: FrameBatch): Promise<boolean> {
    try {
      await this.#log.commit(group);
      return true;
    } catch (error) {
      if (!(error instanceof JournalDiskFullError) || this.#closed) throw error;
      this.#backlog.outOfSpace(true);
      return false;
    }
  }

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#durable.fail(error);
    if (error instanceof Error) this.#tellUnwritten(error);
    if (error instanceof JournalFatalError) this.#options.onFatal(error);
    else if (!(error instanceof JournalDiskFullError)) throw error;
  }

  /** What waits now goes with this process. */
  #tellUnwritten(why: Error): void {
    const lost = unwrittenOf(this.#waiting.payloads(), why);
    this.#counts.unwritten += lost.records;
    this.#options.onUnwritten(lost);
  }
}
