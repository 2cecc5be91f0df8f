import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CRC_OF_CHECKED, combinedCrc, crcOfFew } from './crc.js';
import { FrameBatch } from './frame.js';

const LENGTHS = [0, 1, 2, 7, 8, 200, 255, 256, 257, 4_095, 4_096, 4_097, 70_000];

describe('the CRC of parts', () => {
  it.each(LENGTHS)('is that of the whole, with a second part of %d bytes and any beginning', (length) => {
    for (const salt of [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, randomBytes(4).readUInt32LE()]) {
      const [head, rest] = [randomBytes(8), randomBytes(length)];
      expect(combinedCrc(crc32(head, salt), crc32(rest), length)).toBe(crc32(Buffer.concat([head, rest]), salt));
      expect(crcOfFew(head, 0, 8, salt)).toBe(crc32(head, salt));
    }
  });
  it('of anything that ends with its own CRC is known', () => {
    for (const length of LENGTHS) {
      const bytes = randomBytes(length + 4);
      bytes.writeUInt32LE(crc32(bytes.subarray(0, length)), length);
      expect(crc32(bytes)).toBe(CRC_OF_CHECKED);
    }
  });
});

it('a frame is the same whether or not the CRC of its payload was known', () => {
  for (const length of LENGTHS) {
    const payload = randomBytes(length);
    const [known, unknown] = [new FrameBatch(), new FrameBatch()];
    known.addBytes(payload, crc32(payload));
    unknown.addBytes(payload);
    expect(known.seal(4_711, 0xdeadbeef)).toEqual(unknown.seal(4_711, 0xdeadbeef));
  }
});
