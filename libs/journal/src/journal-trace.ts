import { join } from 'node:path';
import { RecordFormatError } from './errors.js';
import { findFrame, frameAt } from './frame.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { checkJournalId, listJournals } from './journal-shelf.js';
import { decodeRecord, recordSeq } from './record.js';
import { listSegments, readSegmentHead, type SegmentRef } from './segment.js';
import { demandCipher, type JournalKeys } from './segment-cipher.js';
import type { JournalRecord } from './types.js';

/** A record and where its bytes are. */
export interface PlacedRecord {
  readonly journalId: string;
  readonly record: JournalRecord;
  /** Path of the segment's file; offset and length of the record's frame in it, or where it is encrypted of the group's. */
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Enough for the first record of a segment, nearly always. */
const FIRST_LOOK_BYTES = 70_000;

/**
 * Finds one record by its number. Takes no lock and writes nothing, so it may run beside the receiver. What was written a moment ago
 * may not be durable yet.
 * @returns null — not on this disk. @throws InvalidInputError — no journal's id. @throws JournalKeyMissingError.
 */
export async function locateRecord(
  dir: string,
  journalId: string,
  seq: number,
  keys?: JournalKeys,
  fs: JournalFs = NODE_FS,
): Promise<PlacedRecord | null> {
  checkJournalId(journalId);
  const segment = (await listSegments(fs, join(dir, journalId))).findLast(({ first }) => first <= seq);
  if (segment === undefined) return null;
  const isWanted = (payload: Buffer) => recordSeq(payload) === seq;
  for (const placed of walk(await fs.readAll(segment.path), journalId, segment, keys, isWanted)) return placed;
  return null;
}

/** The journals of one node in this directory, newest first, and the number with which each begins here. */
export async function journalsOf(
  dir: string,
  node: string,
  fs: JournalFs = NODE_FS,
): Promise<readonly { readonly journalId: string; readonly firstSeq: number }[]> {
  const found: { journalId: string; firstSeq: number }[] = [];
  for (const journalId of (await listJournals(fs, dir)).toReversed()) {
    if (!journalId.startsWith(`${node}-`)) continue;
    const oldest = (await listSegments(fs, join(dir, journalId)))[0];
    if (oldest !== undefined) found.push({ journalId, firstSeq: oldest.first });
  }
  return found;
}

/**
 * Records of a node's journals that bear a time of that stretch, as its clock told it. A segment is looked into when its first record
 * and that of the next one hold the stretch between them: a clock that was set back hides what it makes look out of order.
 */
export async function* recordsBetween(
  dir: string,
  node: string,
  { fromUs, throughUs }: { readonly fromUs: number; readonly throughUs: number },
  keys?: JournalKeys,
  fs: JournalFs = NODE_FS,
): AsyncGenerator<PlacedRecord> {
  for (const { journalId } of await journalsOf(dir, node, fs)) {
    const segments = await listSegments(fs, join(dir, journalId));
    const begins = await Promise.all(segments.map((segment) => firstTimeOf(fs, segment, keys)));
    for (const [at, segment] of segments.entries()) {
      const ends = begins[at + 1] ?? Number.POSITIVE_INFINITY;
      if ((begins[at] ?? Number.NEGATIVE_INFINITY) > throughUs || ends < fromUs) continue;
      for (const placed of walk(await fs.readAll(segment.path), journalId, segment, keys))
        if (placed.record.receivedAtUs >= fromUs && placed.record.receivedAtUs <= throughUs) yield placed;
    }
  }
}

/** null: it holds none that can be read at once. A group may be larger than that look: then the segment is looked into whole. */
async function firstTimeOf(fs: JournalFs, segment: SegmentRef, keys: JournalKeys | undefined): Promise<number | null> {
  const file = await fs.open(segment.path, 'read').catch(() => null);
  if (file === null) return null;
  try {
    const buffer = Buffer.alloc(FIRST_LOOK_BYTES);
    const head = buffer.subarray(0, await file.read(buffer, 0));
    const [first] = framesOf(head, segment, keys);
    return first === undefined ? null : (decoded(first.payload)?.receivedAtUs ?? null);
  } finally {
    await file.close();
  }
}

/** Every record of a segment that can be read; null: it was let go since it was listed. */
function* walk(
  content: Buffer | null,
  journalId: string,
  segment: SegmentRef,
  keys: JournalKeys | undefined,
  isWanted: (payload: Buffer) => boolean = () => true,
): Generator<PlacedRecord> {
  if (content === null) return;
  for (const { payload, offset, bytes } of framesOf(content, segment, keys)) {
    if (!isWanted(payload)) continue;
    const record = decoded(payload);
    if (record !== null) yield { journalId, record, segment: segment.path, offset, bytes };
  }
}

/** null: written by a newer version. */
function decoded(payload: Buffer): JournalRecord | null {
  try {
    return decodeRecord(payload);
  } catch (error) {
    if (error instanceof RecordFormatError) return null;
    throw error;
  }
}

interface FoundFrame {
  readonly payload: Buffer;
  readonly offset: number;
  readonly bytes: number;
}

/** @throws JournalKeyMissingError */
function* framesOf(content: Buffer, { path, first }: SegmentRef, keys: JournalKeys | undefined): Generator<FoundFrame> {
  const head = readSegmentHead(content, first);
  if (head === null) return;
  const { salt, sealed } = head;
  const cipher = sealed === null ? null : demandCipher(sealed, keys, path);
  for (let at = head.bytes; at !== -1 && at < content.length; ) {
    const frame = frameAt(content, at, salt);
    if (frame === 'bad' || 'more' in frame) at = findFrame(content, at + 1, salt);
    else {
      const place = { offset: at, bytes: frame.end - at };
      const { payload: whole } = frame;
      const payloads = whole.length === 0 ? [] : cipher === null ? [whole] : (cipher.open(whole) ?? []);
      for (const payload of payloads) if (recordSeq(payload) >= first) yield { payload, ...place };
      at = frame.end;
    }
  }
}
