import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, RecordFormatError } from './index.js';

describe('a record', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(''));
  const record = fc.record({
    seq: fc.maxSafeNat(),
    receivedAtUs: fc.maxSafeNat(),
    monotonicMs: fc.double({ noNaN: true }),
    kind: fc.constantFrom('syslog' as const, 'trap' as const),
    transport: fc.constantFrom('udp' as const, 'tcp' as const),
    source: fc.record({ address, port: fc.integer({ min: 0, max: 65535 }) }),
    listener: fc.record({ kind: fc.constantFrom('own' as const, 'vip' as const), address }),
    flags: fc.nat(0xffffffff),
    raw: fc.uint8Array({ maxLength: 500 }),
  });

  it('reads back as it was written', () =>
    fc.assert(
      fc.property(record, (written) => {
        const read = decodeRecord(encodeRecord(written));
        expect({ ...read, raw: Buffer.from(read.raw) }).toEqual({ ...written, raw: Buffer.from(written.raw) });
      }),
    ));

  it('is refused with any bit flipped, and cut at any length', () =>
    fc.assert(
      fc.property(record, fc.nat(), fc.nat(7), (written, at, bit) => {
        const bytes = encodeRecord(written);
        expect(() => decodeRecord(bytes.subarray(0, at % bytes.length))).toThrow(RecordFormatError);
        bytes[at % bytes.length]! ^= 1 << bit;
        expect(() => decodeRecord(bytes)).toThrow(RecordFormatError);
      }),
    ));
});
