import type { JournalCorruptError } from './errors.js';
import { FRAME_HEAD_BYTES, FrameBatch } from './frame.js';
import type { JournalFs } from './fs-port.js';
import { recordSeq } from './record.js';
import { type SegmentRef, scanSegment } from './segment.js';
import { cipherOf, GROUP_HEAD_BYTES, type JournalKeys, type SegmentCipher } from './segment-cipher.js';

/**
 * Writes records back into the damaged stretches of a segment that are whole with them. In place: a stretch goes from the first bad
 * byte to the next good frame, and the same records make the same frames; marks that were there are made anew. So no reader's
 * offset moves, and a power cut in between leaves damage, as before. Of an encrypted segment all records of a stretch become one group, and marks fill
 * what the heads of several had taken.
 *
 * @param nextFirst where the next segment begins; null = there is none yet: then a torn end is not damage.
 * @param records encoded, by number; those that are not damaged are left alone.
 * @returns how many records were written back. @throws what the file system says.
 */
export async function mendSegment(
  fs: JournalFs,
  ref: SegmentRef,
  nextFirst: number | null,
  records: ReadonlyMap<number, Uint8Array>,
  keys?: JournalKeys,
): Promise<number> {
  const content = await fs.readAll(ref.path);
  if (content === null) return 0;
  const damages: JournalCorruptError[] = [];
  const scan = scanSegment(ref, content, { sealed: true, seqOf: recordSeq, keys, onDamage: (damage) => damages.push(damage) });
  if (scan === null || scan.head === null) return 0;
  const { salt, sealed } = scan.head;
  const cipher = sealed === null ? null : cipherOf(sealed, keys);
  // Without its key nothing can be written into it.
  if (sealed !== null && cipher === null) return 0;
  let mended = 0;
  const file = await fs.open(ref.path, 'write');
  try {
    for (const { offset, length, lost } of damages) {
      const range = lost ?? (nextFirst === null ? null : { from: scan.nextSeq, through: nextFirst - 1 });
      const bytes = length ?? content.length - offset;
      const batch = range === null ? null : framesFor(range, bytes, records, cipher, { offset, salt });
      if (range === null || batch === null) continue;
      await file.write(batch.seal(offset, salt), offset);
      mended += range.through - range.from + 1;
    }
    if (damages.length > 0) await file.sync();
  } finally {
    await file.close();
  }
  return mended;
}

/** Exactly `bytes` of frames; null = a record is missing, or these are not the records that were there. */
function framesFor(
  { from, through }: { readonly from: number; readonly through: number },
  bytes: number,
  records: ReadonlyMap<number, Uint8Array>,
  cipher: SegmentCipher | null,
  { offset, salt }: { readonly offset: number; readonly salt: number },
): FrameBatch | null {
  const plain = new FrameBatch(bytes + FRAME_HEAD_BYTES);
  for (let seq = from; seq <= through; seq++) {
    const record = records.get(seq);
    if (record === undefined) return null;
    plain.addBytes(record);
  }
  const batch = cipher === null ? plain : new FrameBatch(bytes + FRAME_HEAD_BYTES);
  if (cipher !== null) {
    const group = { first: from, count: plain.count };
    const frames = plain.seal(offset, salt);
    batch.add(GROUP_HEAD_BYTES + frames.length, (target, at) => cipher.seal(group, frames, target, at));
  }
  const left = bytes - batch.bytes;
  if (left < 0 || left % FRAME_HEAD_BYTES !== 0) return null;
  for (let marks = left / FRAME_HEAD_BYTES; marks > 0; marks--) batch.add(0, () => undefined);
  return batch;
}
