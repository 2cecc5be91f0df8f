import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { JournalCorruptError, type SeqRange } from './errors.js';
import { FRAME_HEAD_BYTES, FrameBatch, findFrame, frameAt } from './frame.js';
import type { JournalFile, JournalFs } from './fs-port.js';

/*
 * A segment is a file `<number of its first record, 16 digits>.seg`. Its first frame, with salt 0, holds
 * u32 format (1), u32 salt, u64 number of the first record. It is durable before any record is written behind it.
 */
const FORMAT = 1;
const HEAD_PAYLOAD_BYTES = 16;
export const SEGMENT_HEAD_BYTES = FRAME_HEAD_BYTES + HEAD_PAYLOAD_BYTES;
const NAME = /^(\d{16})\.seg$/;

export interface SegmentRef {
  readonly path: string;
  readonly first: number;
}

/** Ascending by first record. */
export async function listSegments(fs: JournalFs, dir: string): Promise<readonly SegmentRef[]> {
  const found = (await fs.list(dir)).flatMap((name) => {
    const digits = NAME.exec(name)?.[1];
    return digits === undefined ? [] : [{ path: join(dir, name), first: Number(digits) }];
  });
  return found.sort((a, b) => a.first - b.first);
}

export function segmentPath(dir: string, first: number): string {
  return join(dir, `${String(first).padStart(16, '0')}.seg`);
}

/** Creates the file with its head; both are durable when this resolves. */
export async function createSegment(fs: JournalFs, dir: string, first: number): Promise<{ file: JournalFile; salt: number }> {
  const salt = randomBytes(4).readUInt32LE();
  const file = await fs.open(segmentPath(dir, first), 'create');
  try {
    const head = new FrameBatch(SEGMENT_HEAD_BYTES);
    head.add(HEAD_PAYLOAD_BYTES, (target, at) => {
      target.writeUInt32LE(FORMAT, at);
      target.writeUInt32LE(salt, at + 4);
      target.writeBigUInt64LE(BigInt(first), at + 8);
    });
    await file.write(head.seal(0, 0), 0);
    await file.sync();
    await fs.syncDir(dir);
    return { file, salt };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** The salt, or `null` when `head` does not begin with the head of the segment that begins at `first`. */
export function readSegmentHead(head: Buffer, first: number): number | null {
  const frame = frameAt(head, 0, 0);
  if (frame === 'bad' || 'more' in frame || frame.payload.length !== HEAD_PAYLOAD_BYTES) return null;
  const { payload } = frame;
  if (payload.readUInt32LE(0) !== FORMAT || payload.readBigUInt64LE(8) !== BigInt(first)) return null;
  return payload.readUInt32LE(4);
}

export interface SegmentScan {
  /** `null`: the head cannot be read, so nothing can. */
  readonly salt: number | null;
  /** Number behind the last record. */
  readonly nextSeq: number;
  /** Where the good bytes end; what lies behind is a torn tail. */
  readonly goodBytes: number;
  readonly damage: JournalCorruptError | null;
}

export interface ScanOptions {
  /** A segment that others follow was synced whole: nothing in it can be a torn tail. */
  readonly sealed: boolean;
  /** The number inside a payload, if it holds one: lets the scan go on behind damage. */
  readonly seqOf: ((payload: Buffer) => number) | null;
  readonly visit?: (payload: Buffer, seq: number) => void;
  /** Each damaged stretch; `damage` of the scan is the first. */
  readonly onDamage?: (damage: JournalCorruptError) => void;
}

/**
 * Walks through a whole segment.
 *
 * @returns `null`: the head is incomplete and nothing follows it, so the file was being created when the power went.
 * Bad bytes are a torn tail, to be cut, unless the segment is sealed or a good frame behind them says that they were durable.
 */
export function scanSegment(ref: SegmentRef, content: Buffer, options: ScanOptions): SegmentScan | null {
  const salt = readSegmentHead(content, ref.first);
  if (salt === null) {
    if (content.length <= SEGMENT_HEAD_BYTES && !options.sealed) return null;
    const damage = new JournalCorruptError(ref.path, 0, null, null, 'unreadable segment head');
    options.onDamage?.(damage);
    return { salt: null, nextSeq: ref.first, goodBytes: content.length, damage };
  }
  let at = SEGMENT_HEAD_BYTES;
  let seq = ref.first;
  let damage: JournalCorruptError | null = null;
  while (at < content.length) {
    const frame = frameAt(content, at, salt);
    if (frame !== 'bad' && !('more' in frame)) {
      at = frame.end;
      if (frame.payload.length === 0) continue;
      options.visit?.(frame.payload, seq);
      seq++;
      continue;
    }
    const next = findFrame(content, at + 1, salt);
    if (!options.sealed && !wasDurable(content, at, next, salt)) break;
    const found = damageAt(ref, content, at, next, seq, salt, options);
    damage ??= found.error;
    options.onDamage?.(found.error);
    if (next === -1 || found.nextSeq === null) return { salt, nextSeq: seq, goodBytes: content.length, damage };
    at = next;
    seq = found.nextSeq;
  }
  return { salt, nextSeq: seq, goodBytes: at, damage };
}

/** Whether a good frame at or behind `next` says that the byte at `bad` was synced. */
function wasDurable(content: Buffer, bad: number, next: number, salt: number): boolean {
  for (let at = next; at !== -1; ) {
    const frame = frameAt(content, at, salt);
    if (frame === 'bad' || 'more' in frame) {
      at = findFrame(content, at + 1, salt);
      continue;
    }
    if (frame.synced > bad) return true;
    at = frame.end;
  }
  return false;
}

function damageAt(
  ref: SegmentRef,
  content: Buffer,
  bad: number,
  next: number,
  seq: number,
  salt: number,
  { seqOf }: ScanOptions,
) {
  const nextSeq = next === -1 || seqOf === null ? null : firstNumberFrom(content, next, salt, seqOf);
  const lost: SeqRange | null = nextSeq === null ? null : { from: seq, through: nextSeq - 1 };
  const length = next === -1 ? null : next - bad;
  return { error: new JournalCorruptError(ref.path, bad, length, lost, 'bad record in the middle of the log'), nextSeq };
}

/** Number of the first record at or behind `at`, skipping marks; `null` when only marks follow. */
export function firstNumberFrom(content: Buffer, at: number, salt: number, seqOf: (payload: Buffer) => number): number | null {
  for (let place = at; ; ) {
    const frame = frameAt(content, place, salt);
    if (frame === 'bad' || 'more' in frame) return null;
    if (frame.payload.length > 0) return seqOf(frame.payload);
    place = frame.end;
  }
}
