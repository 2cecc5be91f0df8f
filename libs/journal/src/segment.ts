import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { JournalCorruptError, type SeqRange } from './errors.js';
import { FRAME_HEAD_BYTES, FrameBatch, findFrame, frameAt } from './frame.js';
import type { JournalFile, JournalFs } from './fs-port.js';
import { cipherOf, groupFirst, groupOf, type JournalKeys, type SealedBy, type SegmentCipher } from './segment-cipher.js';

/*
 * A segment is a file `<number of its first record, 16 digits>.seg`. Its first frame, with salt 0, holds
 * u32 format, u32 salt, u64 number of the first record; format 1 ends there. Format 2 is encrypted (segment-cipher.ts) and goes on with the id of
 * its key (4 bytes), u32 0, and the salt that its own key is derived with (32 bytes). It is durable before any record is written behind it.
 */
const FORMAT = 1;
const FORMAT_SEALED = 2;
const HEAD_PAYLOAD_BYTES = 16;
const KEY_SALT_BYTES = 32;
const SEALED_PAYLOAD_BYTES = HEAD_PAYLOAD_BYTES + 8 + KEY_SALT_BYTES;
/** Of a segment in the clear, and the least there is. */
export const SEGMENT_HEAD_BYTES = FRAME_HEAD_BYTES + HEAD_PAYLOAD_BYTES;
export const MOST_HEAD_BYTES = FRAME_HEAD_BYTES + SEALED_PAYLOAD_BYTES;
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

export interface SegmentHead {
  readonly salt: number;
  /** Where the first frame begins. */
  readonly bytes: number;
  /** null: in the clear. */
  readonly sealed: SealedBy | null;
}

/** Creates the file with its head; both are durable when this resolves. @param keyId encrypts the segment; null: nothing does. */
export async function createSegment(
  fs: JournalFs,
  dir: string,
  first: number,
  keyId: string | null = null,
): Promise<{ file: JournalFile; head: SegmentHead }> {
  const salt = randomBytes(4).readUInt32LE();
  const payload = Buffer.alloc(keyId === null ? HEAD_PAYLOAD_BYTES : SEALED_PAYLOAD_BYTES);
  payload.writeUInt32LE(keyId === null ? FORMAT : FORMAT_SEALED, 0);
  payload.writeUInt32LE(salt, 4);
  payload.writeBigUInt64LE(BigInt(first), 8);
  if (keyId !== null) {
    payload.write(keyId, 16, 'hex');
    randomBytes(KEY_SALT_BYTES).copy(payload, 24);
  }
  const file = await fs.open(segmentPath(dir, first), 'create');
  try {
    const head = new FrameBatch(MOST_HEAD_BYTES);
    head.addBytes(payload);
    await file.write(head.seal(0, 0), 0);
    await file.sync();
    await fs.syncDir(dir);
    return { file, head: { salt, bytes: head.bytes, sealed: sealedBy(payload) } };
  } catch (error) {
    await file.close().catch(() => undefined);
    throw error;
  }
}

/** `null` when `head` does not begin with the head of the segment that begins at `first`. */
export function readSegmentHead(head: Buffer, first: number): SegmentHead | null {
  const frame = frameAt(head, 0, 0);
  if (frame === 'bad' || 'more' in frame) return null;
  const { payload, end } = frame;
  const isKnown =
    payload.length >= HEAD_PAYLOAD_BYTES &&
    payload.length === { [FORMAT]: HEAD_PAYLOAD_BYTES, [FORMAT_SEALED]: SEALED_PAYLOAD_BYTES }[payload.readUInt32LE(0)];
  if (!isKnown || payload.readBigUInt64LE(8) !== BigInt(first)) return null;
  return { salt: payload.readUInt32LE(4), bytes: end, sealed: sealedBy(payload) };
}

const sealedBy = (payload: Buffer): SealedBy | null =>
  payload.length !== SEALED_PAYLOAD_BYTES
    ? null
    : { keyId: payload.toString('hex', 16, 20), keySalt: Buffer.from(payload.subarray(24)), head: Buffer.from(payload) };

export interface SegmentScan {
  /** `null`: the head cannot be read, so nothing can. */
  readonly head: SegmentHead | null;
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
  /** Without the key of an encrypted segment its records are counted and not visited. */
  readonly keys?: JournalKeys | undefined;
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
  const head = readSegmentHead(content, ref.first);
  if (head === null) {
    // No record of a receiver is as short as the difference of the two heads; entries of a consensus log, which has no keys, may be.
    const headBytes = options.keys === undefined ? SEGMENT_HEAD_BYTES : MOST_HEAD_BYTES;
    if (content.length <= headBytes && !options.sealed) return null;
    const damage = new JournalCorruptError(ref.path, 0, null, null, 'unreadable segment head');
    options.onDamage?.(damage);
    return { head: null, nextSeq: ref.first, goodBytes: content.length, damage };
  }
  const { salt } = head;
  const cipher = head.sealed === null ? null : cipherOf(head.sealed, options.keys);
  const seqOf = head.sealed === null ? options.seqOf : groupFirst;
  let at = head.bytes;
  let seq = ref.first;
  let damage: JournalCorruptError | null = null;
  const say = (found: JournalCorruptError) => {
    damage ??= found;
    options.onDamage?.(found);
  };
  while (at < content.length) {
    const frame = frameAt(content, at, salt);
    if (frame !== 'bad' && !('more' in frame)) {
      const { payload, end } = frame;
      at = end;
      if (payload.length === 0) continue;
      if (head.sealed !== null) seq = visitGroup(ref, { payload, end, seq, cipher }, options, say);
      else {
        options.visit?.(payload, seq);
        seq++;
      }
      continue;
    }
    const next = findFrame(content, at + 1, salt);
    if (!options.sealed && !wasDurable(content, at, next, salt)) break;
    const found = damageAt(ref, content, at, next, seq, salt, seqOf);
    say(found.error);
    if (next === -1 || found.nextSeq === null) return { head, nextSeq: seq, goodBytes: content.length, damage };
    at = next;
    seq = found.nextSeq;
  }
  return { head, nextSeq: seq, goodBytes: at, damage };
}

interface FoundGroup {
  /** Of its frame. */
  readonly end: number;
  readonly payload: Buffer;
  readonly seq: number;
  readonly cipher: SegmentCipher | null;
}

/** A frame with a good CRC. @returns number behind its last record. */
function visitGroup(
  { path }: SegmentRef,
  { end, payload, seq, cipher }: FoundGroup,
  { visit }: ScanOptions,
  say: (damage: JournalCorruptError) => void,
): number {
  const group = groupOf(payload);
  const at = end - payload.length - FRAME_HEAD_BYTES;
  const changed = (lost: SeqRange | null) => say(new JournalCorruptError(path, at, end - at, lost, CHANGED));
  if (group === null || group.first < seq) {
    changed(null);
    return seq;
  }
  const { first, count } = group;
  if (first > seq)
    say(new JournalCorruptError(path, at, 0, { from: seq, through: first - 1 }, 'records taken out of the middle'));
  const records = cipher === null ? [] : cipher.open(payload);
  if (records === null) changed({ from: first, through: first + count - 1 });
  for (const [index, record] of (records ?? []).entries()) visit?.(record, first + index);
  return first + count;
}

/** A frame that is whole, and that nobody with the key has written. */
export const CHANGED = 'records that were changed by somebody without the key (their seal is broken)';

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
  seqOf: ScanOptions['seqOf'],
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
