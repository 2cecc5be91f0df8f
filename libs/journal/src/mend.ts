import type { JournalCorruptError } from './errors.js';
import { FRAME_HEAD_BYTES, FrameBatch } from './frame.js';
import type { JournalFs } from './fs-port.js';
import { recordSeq } from './record.js';
import { type SegmentRef, scanSegment } from './segment.js';

/**
 * Writes records back into the damaged stretches of a segment that are whole with them. In place: a stretch goes from the first bad
 * byte to the next good frame, and the same records make the same frames; marks that were there are made anew. So no reader's
 * offset moves, and a power cut in between leaves damage, as before.
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
): Promise<number> {
  const content = await fs.readAll(ref.path);
  if (content === null) return 0;
  const damages: JournalCorruptError[] = [];
  const scan = scanSegment(ref, content, { sealed: true, seqOf: recordSeq, onDamage: (damage) => damages.push(damage) });
  if (scan === null || scan.salt === null) return 0;
  let mended = 0;
  const file = await fs.open(ref.path, 'write');
  try {
    for (const { offset, length, lost } of damages) {
      const range = lost ?? (nextFirst === null ? null : { from: scan.nextSeq, through: nextFirst - 1 });
      const batch = range === null ? null : framesFor(range, length ?? content.length - offset, records);
      if (range === null || batch === null) continue;
      await file.write(batch.seal(offset, scan.salt), offset);
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
): FrameBatch | null {
  const batch = new FrameBatch(bytes + FRAME_HEAD_BYTES);
  for (let seq = from; seq <= through; seq++) {
    const record = records.get(seq);
    if (record === undefined) return null;
    batch.addBytes(record);
  }
  const left = bytes - batch.bytes;
  if (left < 0 || left % FRAME_HEAD_BYTES !== 0) return null;
  for (let marks = left / FRAME_HEAD_BYTES; marks > 0; marks--) batch.add(0, () => undefined);
  return batch;
}
