import { join } from 'node:path';
import { RecordFormatError } from './errors.js';
import { FRAME_HEAD_BYTES, findFrame, frameAt } from './frame.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { checkJournalId, listJournals } from './journal-shelf.js';
import { decodeRecord, recordSeq } from './record.js';
import { listSegments, readSegmentHead, SEGMENT_HEAD_BYTES, type SegmentRef } from './segment.js';
import type { JournalRecord } from './types.js';

/** A record and where its bytes are. */
export interface PlacedRecord {
  readonly journalId: string;
  readonly record: JournalRecord;
  /** Path of the segment's file; offset and length of the record's frame in it. */
  readonly segment: string;
  readonly offset: number;
  readonly bytes: number;
}

/** Enough for the first record of a segment, nearly always. */
const FIRST_LOOK_BYTES = 70_000;

/**
 * Finds one record by its number. Takes no lock and writes nothing, so it may run beside the receiver. What was written a moment ago
 * may not be durable yet.
 * @returns null — not on this disk. @throws InvalidInputError — no journal's id.
 */
export async function locateRecord(
  dir: string,
  journalId: string,
  seq: number,
  fs: JournalFs = NODE_FS,
): Promise<PlacedRecord | null> {
  checkJournalId(journalId);
  const segment = (await listSegments(fs, join(dir, journalId))).findLast(({ first }) => first <= seq);
  if (segment === undefined) return null;
  for (const placed of walk(await fs.readAll(segment.path), journalId, segment, (payload) => recordSeq(payload) === seq))
    return placed;
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
  fs: JournalFs = NODE_FS,
): AsyncGenerator<PlacedRecord> {
  for (const { journalId } of await journalsOf(dir, node, fs)) {
    const segments = await listSegments(fs, join(dir, journalId));
    const begins = await Promise.all(segments.map((segment) => firstTimeOf(fs, segment)));
    for (const [at, segment] of segments.entries()) {
      const ends = begins[at + 1] ?? Number.POSITIVE_INFINITY;
      if ((begins[at] ?? Number.NEGATIVE_INFINITY) > throughUs || ends < fromUs) continue;
      for (const placed of walk(await fs.readAll(segment.path), journalId, segment))
        if (placed.record.receivedAtUs >= fromUs && placed.record.receivedAtUs <= throughUs) yield placed;
    }
  }
}

/** null: it holds none that can be read at once. */
async function firstTimeOf(fs: JournalFs, segment: SegmentRef): Promise<number | null> {
  const file = await fs.open(segment.path, 'read').catch(() => null);
  if (file === null) return null;
  try {
    const buffer = Buffer.alloc(FIRST_LOOK_BYTES);
    const head = buffer.subarray(0, await file.read(buffer, 0));
    const [first] = framesOf(head, segment);
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
  isWanted: (payload: Buffer) => boolean = () => true,
): Generator<PlacedRecord> {
  if (content === null) return;
  for (const { payload, offset } of framesOf(content, segment)) {
    if (!isWanted(payload)) continue;
    const record = decoded(payload);
    if (record !== null) yield { journalId, record, segment: segment.path, offset, bytes: FRAME_HEAD_BYTES + payload.length };
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

function* framesOf(content: Buffer, { first }: SegmentRef): Generator<{ readonly payload: Buffer; readonly offset: number }> {
  const salt = readSegmentHead(content, first);
  if (salt === null) return;
  for (let at = SEGMENT_HEAD_BYTES; at !== -1 && at < content.length; ) {
    const frame = frameAt(content, at, salt);
    if (frame === 'bad' || 'more' in frame) at = findFrame(content, at + 1, salt);
    else {
      if (frame.payload.length > 0 && recordSeq(frame.payload) >= first) yield { payload: frame.payload, offset: at };
      at = frame.end;
    }
  }
}
