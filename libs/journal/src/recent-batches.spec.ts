import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FrameBatch } from './frame.js';
import { RecentBatches } from './recent-batches.js';

const MEMORY = 1_000;
const textOf = (seq: number, length: number) => `${seq} `.padEnd(length, 'x');

it('of batches of any length the newest are in memory, as they were written: all or nothing of what is asked for, never other bytes', () => {
  const lengths = fc.array(fc.integer({ min: 8, max: 120 }), { minLength: 1, maxLength: 14 });
  fc.assert(
    fc.property(fc.array(lengths, { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 2_000 }), (batches, maxBytes) => {
      const recent = new RecentBatches(MEMORY);
      const said = [''];
      for (const batch of batches) {
        const first = said.length;
        const frames = new FrameBatch();
        for (const length of batch) {
          said.push(textOf(said.length, length));
          frames.addBytes(Buffer.from(said.at(-1)!));
        }
        const sealed = Buffer.from(frames.seal(0, 7));
        recent.add(first, sealed);
        // The memory of the group is used again at once.
        sealed.fill(0);
        for (let from = 1; from < said.length; from++) {
          const found = recent.from(from, maxBytes)?.map((each) => Buffer.from(each).toString());
          if (found === undefined) expect(from >= first && frames.bytes <= MEMORY).toBe(false);
          else expect(found).toEqual(said.slice(from, from + found.length));
          const bytes = found?.reduce((sum, { length }) => sum + length, 0) ?? maxBytes;
          if (found !== undefined && from + found.length < said.length) expect(bytes).toBeGreaterThanOrEqual(maxBytes);
        }
        expect(recent.from(said.length, maxBytes)).toBe(null);
      }
    }),
    { numRuns: 100 },
  );
});
