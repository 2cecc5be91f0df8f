import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeRecord, encodeRecord, RecordFormatError } from './index.js';
import { message } from './testing/records.js';

describe('a record', () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.constant(''));
  const all = {
    seq: fc.maxSafeNat(),
    receivedAtUs: fc.maxSafeNat(),
    monotonicMs: fc.double({ noNaN: true }),
    kind: fc.constantFrom('syslog' as const, 'trap' as const),
    transport: fc.constantFrom('udp' as const, 'tcp' as const),
    source: fc.record({ address, port: fc.integer({ min: 0, max: 65535 }) }),
    listener: fc.record({ kind: fc.constantFrom('own' as const, 'vip' as const), address }),
    flags: fc.nat(0xffffffff),
    raw: fc.uint8Array({ maxLength: 500 }),
  };
  const record = fc.oneof(fc.record(all), fc.record({ ...all, lateByUs: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }) }));

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

  it('that was read in time is written as it was before there were late ones, so that journals from then are read', () => {
    const before =
      '0100000000000000070000000000000000e025dafe5b06000000000000002940429e09093139322e302e322e373132372e302e312e313c31333e78df446b0b';
    const [written, late] = [0, 5].map((lateByUs) => Buffer.from(encodeRecord({ ...message('<13>x'), seq: 7, lateByUs })));
    expect(written?.toString('hex')).toBe(before);
    expect(late?.length).toBe(before.length / 2 + 8);
    expect(decodeRecord(written!)).not.toHaveProperty('lateByUs');
  });
});
