import { dirname } from 'node:path';
import { invariant, YosugaraError } from '@yosugara/kernel';
import { type JournalCorruptError, JournalDiskFullError, JournalFatalError } from './errors.js';
import type { FrameBatch } from './frame.js';
import { errorCode, fileSize, type JournalFile, type JournalFs } from './fs-port.js';
import { GroupWriter, type JournalEncryption } from './group-writer.js';
import { createSegment, listSegments, type SegmentHead, type SegmentRef, scanSegment, segmentPath } from './segment.js';

export interface SegmentLogOptions {
  readonly fs: JournalFs;
  readonly dir: string;
  readonly segmentBytes: number;
  /** Number of the first record when the directory is empty. */
  readonly firstSeq?: number;
  readonly seqOf?: (payload: Buffer) => number;
  /** Of a receiver's journal; missing: in the clear. */
  readonly encryption?: JournalEncryption | undefined;
  /** Called for every record of every segment, in order. Without it only the last segment is read at opening. */
  readonly replay?: (payload: Buffer, seq: number, segment: SegmentRef) => void;
}

interface Segment extends SegmentRef {
  bytes: number;
}

/**
 * An append-only log in a directory: numbered records, group writes, one fdatasync a group.
 *
 * One commit at a time (the caller's loop sees to that). After a failed write or sync it refuses everything.
 */
export class SegmentLog {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #segmentBytes: number;
  readonly #segments: Segment[] = [];
  readonly #writer: GroupWriter;
  #file: JournalFile | null = null;
  #size = 0;
  #syncedSize = 0;
  #nextSeq: number;
  #damage: JournalCorruptError | null = null;
  #failed: JournalFatalError | null = null;
  #busy = false;
  #closed = false;

  private constructor(options: SegmentLogOptions) {
    this.#fs = options.fs;
    this.#dir = options.dir;
    this.#segmentBytes = options.segmentBytes;
    this.#writer = new GroupWriter(options.encryption);
    this.#nextSeq = options.firstSeq ?? 1;
  }

  /**
   * Reads what is there, cuts a torn tail and makes the rest durable: a process that was killed may have left records in
   * the page cache only. Damage is reported in `damage`, not thrown: a receiver's journal goes on, a consensus log must not.
   */
  static async open(options: SegmentLogOptions): Promise<SegmentLog> {
    const log = new SegmentLog(options);
    try {
      await log.#guard('opening', () => log.#recover(options));
      return log;
    } catch (error) {
      await log.#file?.close().catch(() => undefined);
      throw error;
    }
  }

  get firstSeq(): number {
    return this.#segments[0]?.first ?? this.#nextSeq;
  }
  get nextSeq(): number {
    return this.#nextSeq;
  }
  get segments(): readonly SegmentRef[] {
    return this.#segments;
  }
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  get damage(): JournalCorruptError | null {
    return this.#damage;
  }
  get failed(): JournalFatalError | null {
    return this.#failed;
  }

  /**
   * Appends and syncs a group. `roll` begins a new segment with it whatever the size.
   * @throws JournalDiskFullError — nothing was appended; may be tried again. @throws JournalFatalError — over for good.
   */
  commit(batch: FrameBatch, roll = false): Promise<void> {
    invariant(!this.#closed, 'a closed log is opened again before it is written');
    return this.#guard('writing', async () => {
      const full = this.#size + batch.bytes > this.#segmentBytes && this.#size > this.#writer.headBytes;
      if (this.#file === null || full || roll || this.#writer.isLocked) await this.#roll();
      const file = this.#file;
      invariant(file !== null, 'a segment is open');
      // A mark before it that is not durable yet would be a hole in what is.
      const isSynced = this.#size === this.#syncedSize;
      const bytes = this.#writer.group(batch, this.#nextSeq, this.#syncedSize);
      await this.#write(file, bytes, isSynced);
      if (!isSynced) await file.sync();
      this.#syncedSize = this.#size;
      this.#nextSeq += batch.count;
    });
  }

  /**
   * Notes on disk, without a sync, how far the log is durable. So damage to the very last acknowledged record is told from a
   * torn tail as long as the note itself reached the disk.
   */
  mark(): Promise<void> {
    return this.#guard('writing', async () => {
      if (this.#file === null || this.#size !== this.#syncedSize) return;
      await this.#write(this.#file, this.#writer.mark(this.#syncedSize)).catch((error: unknown) => {
        if (!(error instanceof JournalDiskFullError)) throw error;
      });
    });
  }

  /** Removes whole segments, oldest first, whose records are all ≤ `seq`; never the last one. Returns whether any went. */
  async dropThrough(seq: number): Promise<boolean> {
    let dropped = false;
    while (this.#segments.length > 1 && this.#segments[1]!.first - 1 <= seq) {
      const oldest = this.#segments[0]!;
      await this.#fs.remove(oldest.path);
      // Another drop may have been here meanwhile.
      if (this.#segments[0] === oldest) this.#segments.shift();
      dropped = true;
    }
    if (dropped) await this.#fs.syncDir(this.#dir);
    return dropped;
  }

  async close(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#closed = true;
    if (this.#failed === null) {
      await this.mark().catch(() => undefined);
      // A segment may be followed by another after the next opening, and then counts as synced whole.
      await this.#guard('syncing', () => file.sync()).catch(() => undefined);
    }
    this.#file = null;
    await file.close();
  }

  /** Removes everything, the directory too. For a closed log. */
  async remove(): Promise<void> {
    invariant(this.#file === null, 'a log is closed before it is removed');
    for (let oldest = this.#segments[0]; oldest !== undefined; oldest = this.#segments[0]) {
      await this.#fs.remove(oldest.path);
      this.#segments.shift();
    }
    await this.#fs.removeDir(this.#dir);
    await this.#fs.syncDir(dirname(this.#dir));
  }

  async #recover(options: SegmentLogOptions): Promise<void> {
    await this.#fs.makeDir(this.#dir);
    const found = await listSegments(this.#fs, this.#dir);
    for (const [at, ref] of found.entries()) {
      const last = at === found.length - 1;
      // Older segments are read only when they are replayed: a receiver must not read gigabytes before it listens.
      if (!last && options.replay === undefined) {
        this.#segments.push({ ...ref, bytes: (await fileSize(this.#fs, ref.path)) ?? 0 });
        continue;
      }
      await this.#recoverOne(ref, last, options);
    }
    await this.#fs.syncDir(this.#dir);
    await this.#fs.syncDir(dirname(this.#dir));
  }

  async #recoverOne(ref: SegmentRef, last: boolean, options: SegmentLogOptions): Promise<void> {
    const content = (await this.#fs.readAll(ref.path)) ?? Buffer.alloc(0);
    const { replay, seqOf } = options;
    const scan = scanSegment(ref, content, {
      sealed: !last,
      seqOf: seqOf ?? null,
      keys: this.#writer.keys,
      ...(replay === undefined ? {} : { visit: (payload: Buffer, seq: number) => replay(payload, seq, ref) }),
    });
    if (scan === null) {
      await this.#fs.remove(ref.path);
      // Its head never became durable. The segment before it, which was synced whole, stays as it is; the next commit rolls.
      this.#nextSeq = ref.first;
      return;
    }
    this.#damage ??= scan.damage;
    this.#nextSeq = scan.nextSeq;
    if (last && scan.head === null) {
      await this.#fs.rename(ref.path, `${ref.path}.damaged`);
      return;
    }
    this.#segments.push({ ...ref, bytes: scan.goodBytes });
    if (last && scan.head !== null) await this.#reopen(ref, scan.head, scan.goodBytes, content.length);
  }

  async #reopen(ref: SegmentRef, head: SegmentHead, goodBytes: number, fileBytes: number): Promise<void> {
    const file = await this.#fs.open(ref.path, 'write');
    this.#file = file;
    if (goodBytes < fileBytes) await file.truncate(goodBytes);
    await file.sync();
    this.#writer.use(head);
    this.#size = goodBytes;
    this.#syncedSize = goodBytes;
  }

  async #roll(): Promise<void> {
    const path = segmentPath(this.#dir, this.#nextSeq);
    // A segment without records would have the same name; it can only come from a roll that found the disk full.
    if (this.#segments.at(-1)?.path === path && !(await this.#dropLocked())) return;
    // A segment that others follow is read as synced whole; a mark may still be in the page cache.
    if (this.#size !== this.#syncedSize) await this.#file?.sync();
    this.#syncedSize = this.#size;
    const created = await createSegment(this.#fs, this.#dir, this.#nextSeq, this.#writer.newest).catch(async (error: unknown) => {
      if (!isDiskFull(error)) throw error;
      await this.#fs.remove(path);
      throw new JournalDiskFullError(this.#dir, error);
    });
    await this.#file?.close();
    this.#file = created.file;
    this.#writer.use(created.head);
    this.#size = created.head.bytes;
    this.#syncedSize = this.#size;
    this.#segments.push({ path, first: this.#nextSeq, bytes: this.#size });
  }

  /** A segment without records, of a key that is not here, makes room for another one. */
  async #dropLocked(): Promise<boolean> {
    if (!this.#writer.isLocked) return false;
    const { path } = this.#segments.pop()!;
    await this.#file?.close();
    this.#file = null;
    this.#syncedSize = this.#size;
    await this.#fs.remove(path);
    return true;
  }

  async #write(file: JournalFile, bytes: Uint8Array, durably = false): Promise<void> {
    const before = this.#size;
    try {
      await (durably ? file.writeDurably(bytes, before) : file.write(bytes, before));
    } catch (error) {
      if (!isDiskFull(error)) throw error;
      await file.truncate(before);
      throw new JournalDiskFullError(this.#dir, error);
    }
    this.#size += bytes.length;
    this.#segments.at(-1)!.bytes = this.#size;
  }

  async #guard(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#failed !== null) throw this.#failed;
    invariant(!this.#busy, 'one commit at a time');
    this.#busy = true;
    try {
      await work();
    } catch (error) {
      // Ours pass; what the system said ends the log, but for a full disk before anything was opened.
      if (error instanceof YosugaraError || errorCode(error) === null) throw error;
      if (what === 'opening' && isDiskFull(error)) throw new JournalDiskFullError(this.#dir, error);
      this.#failed = new JournalFatalError(this.#dir, what, error);
      throw this.#failed;
    } finally {
      this.#busy = false;
    }
  }
}

function isDiskFull(error: unknown): boolean {
  return errorCode(error) === 'ENOSPC' || errorCode(error) === 'EDQUOT';
}
