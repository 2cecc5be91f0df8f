import { JournalCorruptError, JournalGapError, type SeqRange } from './errors.js';
import { findFrame, frameAt } from './frame.js';
import { errorCode, type JournalFile, type JournalFs } from './fs-port.js';
import { recordSeq } from './record.js';
import { CHANGED, firstNumberFrom, MOST_HEAD_BYTES, readSegmentHead, SEGMENT_HEAD_BYTES, type SegmentRef } from './segment.js';
import { demandCipher, groupFirst, groupOf, type JournalKeys, type SegmentCipher } from './segment-cipher.js';

const WINDOW_BYTES = 256 * 1024;
/** Whoever follows a journal asks for a few records many times a second; most are shorter than this. */
const GUESSED_BYTES = 512;
const LEAST_WINDOW_BYTES = 4 * 1024;
/** Segments whose places are remembered. */
const MAX_REMEMBERED = 1_000;

export interface ReadRange {
  readonly journalId: string;
  readonly from: number;
  /** Nothing beyond it is looked at: what is being written there may be incomplete. */
  readonly through: number;
  readonly maxBytes: number;
}

/** Where in a file which record begins, ascending; at most one for each window. */
interface Places {
  readonly salt: number;
  /** null: in the clear. */
  readonly cipher: SegmentCipher | null;
  readonly known: { seq: number; offset: number }[];
}

interface Progress {
  readonly range: ReadRange;
  readonly found: Buffer[];
  seq: number;
  left: number;
}

/** Finds records by number in segments that may be growing. A reader that goes forward never reads a byte twice. */
export class SegmentReader {
  readonly #fs: JournalFs;
  readonly #keys: JournalKeys | undefined;
  readonly #places = new Map<string, Places>();

  constructor(fs: JournalFs, keys?: JournalKeys) {
    this.#fs = fs;
    this.#keys = keys;
  }

  /**
   * Encoded records from `from` on; empty when the files end before it.
   * @throws JournalGapError — `from` lies before the oldest segment. @throws JournalCorruptError — `from` lies in a damaged stretch.
   * @throws JournalKeyMissingError — it is encrypted, and its key is not here.
   */
  async read(segments: readonly SegmentRef[], range: ReadRange): Promise<readonly Buffer[]> {
    const progress: Progress = { range, found: [], seq: range.from, left: range.maxBytes };
    const begin = segments.findLastIndex(({ first }) => first <= range.from);
    if (begin === -1) throw gap(range, (segments[0]?.first ?? range.through + 1) - 1);
    for (let at = begin; at < segments.length && progress.left > 0 && progress.seq <= range.through; at++) {
      const next = segments[at + 1]?.first ?? null;
      const through = next === null ? range.through : Math.min(range.through, next - 1);
      try {
        await this.#readSegment(segments[at]!, through, progress);
      } catch (error) {
        // Whoever asks again comes to it.
        if (!(error instanceof JournalCorruptError) || progress.found.length === 0) throw error;
        break;
      }
      if (progress.left <= 0 || next === null || progress.seq >= next || progress.seq > range.through) continue;
      if (progress.found.length > 0) break;
      throw new JournalCorruptError(
        segments[at]!.path,
        0,
        null,
        { from: progress.seq, through: next - 1 },
        'segment that ends too early',
      );
    }
    return progress.found;
  }

  async #readSegment(ref: SegmentRef, through: number, progress: Progress): Promise<void> {
    let file: JournalFile;
    try {
      file = await this.#fs.open(ref.path, 'read');
    } catch (error) {
      // Dropped since it was listed.
      if (errorCode(error) === 'ENOENT' && progress.found.length > 0) return;
      if (errorCode(error) === 'ENOENT') throw gap(progress.range, through);
      throw error;
    }
    try {
      const places = this.#places.get(ref.path) ?? (await this.#begin(file, ref, { from: progress.seq, through }));
      if (places !== null) await this.#walk(file, ref, places, through, progress);
    } finally {
      await file.close();
    }
  }

  /** `null`: the head is not written yet. */
  async #begin(file: JournalFile, ref: SegmentRef, wanted: SeqRange): Promise<Places | null> {
    const buffer = Buffer.alloc(MOST_HEAD_BYTES);
    const got = await file.read(buffer, 0);
    if (got < SEGMENT_HEAD_BYTES) return null;
    const head = readSegmentHead(buffer.subarray(0, got), ref.first);
    // Without its salt nothing in it can be told from what somebody sent.
    if (head === null) throw new JournalCorruptError(ref.path, 0, null, wanted, 'unreadable segment head');
    const cipher = head.sealed === null ? null : demandCipher(head.sealed, this.#keys, ref.path);
    const places: Places = { salt: head.salt, cipher, known: [{ seq: ref.first, offset: head.bytes }] };
    const oldest = this.#places.keys().next();
    if (this.#places.size >= MAX_REMEMBERED && !oldest.done) this.#places.delete(oldest.value);
    this.#places.set(ref.path, places);
    return places;
  }

  async #walk(file: JournalFile, ref: SegmentRef, places: Places, through: number, progress: Progress): Promise<void> {
    const place = places.known.findLast(({ seq }) => seq <= progress.seq) ?? places.known[0]!;
    let { seq, offset } = place;
    // A first window of the size that will do: one that reaches beyond the end costs another read to find that out, and much garbage.
    let size = Math.min(WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, (through - seq + 1) * GUESSED_BYTES));
    while (seq <= through && progress.left > 0) {
      const window = Buffer.allocUnsafe(size);
      const bytes = window.subarray(0, await file.read(window, offset));
      const walked = (places.cipher === null ? take : takeGroups)(bytes, places, seq, through, progress);
      seq = walked.seq;
      offset += walked.at;
      remember(places, seq, offset);
      if (walked.end === 'done') return;
      const isEnd = bytes.length < size;
      // Half a frame where a durable one must be: its length is damaged, and says that more follows than there is.
      if (walked.end === 'bad' || walked.end === 'changed' || (isEnd && walked.at < bytes.length)) {
        const next = await this.#behindDamage(file, ref, places, walked.end, seq, offset, through, progress);
        if (next === null) return;
        ({ seq, offset } = next);
      } else if (isEnd) return;
      size = Math.max(WINDOW_BYTES, walked.needed);
    }
  }

  /** Where to go on behind bad bytes, `null` to stop here. @throws JournalCorruptError — the record asked for is among the lost. */
  async #behindDamage(
    file: JournalFile,
    ref: SegmentRef,
    { salt, cipher }: Places,
    end: Walked['end'],
    seq: number,
    offset: number,
    through: number,
    progress: Progress,
  ) {
    const rest = Buffer.alloc(Math.max(0, (await file.size()) - offset));
    await file.read(rest, offset);
    const at = findFrame(rest, 1, salt);
    const nextSeq = at === -1 ? null : firstNumberFrom(rest, at, salt, cipher === null ? recordSeq : groupFirst);
    if (at !== -1 && nextSeq !== null && nextSeq <= progress.seq) return { seq: nextSeq, offset: offset + at };
    if (progress.found.length > 0) return null;
    const lost = { from: seq, through: nextSeq === null ? through : nextSeq - 1 };
    throw new JournalCorruptError(ref.path, offset, at === -1 ? null : at, lost, end === 'changed' ? CHANGED : BAD);
  }
}

const BAD = 'bad record in the middle of the journal';

interface Walked {
  readonly seq: number;
  /** Offset in the window of the first byte not used. */
  readonly at: number;
  readonly end: 'done' | 'more' | 'bad' | 'changed';
  readonly needed: number;
}

/** Takes what is wanted out of a window. */
function take(window: Buffer, { salt }: Places, firstSeq: number, through: number, progress: Progress): Walked {
  let at = 0;
  let seq = firstSeq;
  while (seq <= through && progress.left > 0) {
    const frame = frameAt(window, at, salt);
    if (frame === 'bad') return { seq, at, end: 'bad', needed: 0 };
    if ('more' in frame) return { seq, at, end: 'more', needed: frame.more };
    const { payload } = frame;
    if (payload.length > 0) {
      if (recordSeq(payload) !== seq) return { seq, at, end: 'bad', needed: 0 };
      if (seq >= progress.seq) {
        progress.found.push(payload);
        progress.left -= payload.length;
        progress.seq = seq + 1;
      }
      seq++;
    }
    at = frame.end;
  }
  return { seq, at, end: 'done', needed: 0 };
}

/** The same of an encrypted segment. A group of which a part is wanted is where the next read begins. */
function takeGroups(window: Buffer, { salt, cipher }: Places, firstSeq: number, through: number, progress: Progress): Walked {
  let at = 0;
  let seq = firstSeq;
  while (seq <= through && progress.left > 0) {
    const frame = frameAt(window, at, salt);
    if (frame === 'bad') return { seq, at, end: 'bad', needed: 0 };
    if ('more' in frame) return { seq, at, end: 'more', needed: frame.more };
    if (frame.payload.length > 0) {
      const group = groupOf(frame.payload);
      if (group?.first !== seq) return { seq, at, end: group === null ? 'changed' : 'bad', needed: 0 };
      const behind = seq + group.count;
      if (behind > progress.seq) {
        const records = cipher?.open(frame.payload) ?? null;
        if (records === null) return { seq, at, end: 'changed', needed: 0 };
        takeSome(records, seq, through, progress);
        if (progress.seq < behind) return { seq, at, end: 'done', needed: 0 };
      }
      seq = behind;
    }
    at = frame.end;
  }
  return { seq, at, end: 'done', needed: 0 };
}

function takeSome(records: readonly Buffer[], first: number, through: number, progress: Progress): void {
  for (const [index, record] of records.entries()) {
    const seq = first + index;
    if (seq < progress.seq) continue;
    if (seq > through || progress.left <= 0) return;
    progress.found.push(record);
    progress.left -= record.length;
    progress.seq = seq + 1;
  }
}

function remember({ known }: Places, seq: number, offset: number): void {
  const last = known.at(-1)!;
  if (seq > last.seq && offset - last.offset >= WINDOW_BYTES / 2) known.push({ seq, offset });
  // The place where a reader stopped is worth keeping even when it is near: the next read begins there.
  else if (seq > last.seq && known.length > 1) known[known.length - 1] = { seq, offset };
  else if (seq > last.seq) known.push({ seq, offset });
}

function gap({ journalId, from }: ReadRange, through: number): JournalGapError {
  return new JournalGapError(journalId, { from, through: Math.max(from, through) });
}
