import { lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { type Promotion, statedLoss } from './stated-loss.js';
import type { Acknowledged } from './types.js';

/** Write n of a writer: at n * 100 ms, position n * 0x100. */
const sql = (key: number): Acknowledged => ({
  writer: 'sql',
  key,
  atMs: key * 100 + 50,
  begunMs: key * 100,
  holder: 'a#timeline 00000001',
  attempts: 1,
  lsn: `0/${(key * 0x100).toString(16)}`,
});
const api = (key: number): Acknowledged => ({ writer: 'api', key, atMs: key * 100 + 10, holder: 'a#7', attempts: 1 });
const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const promotion = (change: Partial<Promotion>): Promotion => ({
  received: lsn(0x780),
  lostBytes: 0x280,
  heardMs: 5_000,
  atMs: 9_000,
  held: { sql: [1, 2, 3, 4, 5, 6, 7], api: [] },
  ...change,
});

describe('what a promotion in another site may lose', () => {
  it('is what lies behind the position that it named, whoever wrote it', () => {
    const held = { sql: [1, 2, 3, 4, 5, 6, 7], api: [1, 2, 3, 4, 5, 6] };
    const found = statedLoss([...ten.map(sql), ...ten.map(api)], promotion({ held }));
    expect(found.violations).toEqual([]);
    expect(found.lost.map(({ writer, key }) => `${writer} ${key}`)).toEqual([
      'sql 8',
      'sql 9',
      'sql 10',
      'api 7',
      'api 8',
      'api 9',
      'api 10',
    ]);
    expect(found.bytes).toBe(0x1000 / 4 + 0x280 - 0x400);
  });
  it('is nothing that had arrived', () =>
    expect(statedLoss(ten.map(sql), promotion({ held: { sql: [1, 2, 3, 5, 6, 7], api: [] } })).violations).toEqual([
      '1 acknowledged writes are lost though the WAL up to 0/780, which dr promote named, holds them: 4',
    ]));
  it('is found out for a writer that knows no position, too, by what others wrote later', () =>
    expect(
      statedLoss([...ten.map(sql), api(3)], promotion({ held: { sql: [1, 2, 3, 4, 5, 6, 7], api: [] } })).violations,
    ).toEqual([expect.stringMatching(/^1 acknowledged writes are lost .*: 3$/)]));
  it('is not more than was named: what is there lies before the position', () =>
    expect(statedLoss(ten.map(sql), promotion({ held: { sql: ten, api: [] } })).violations).toEqual([
      '3 writes are there though they lie behind 0/780, which dr promote named: 8-10',
    ]));
  it('is not more than the bytes that were named, of the time in which the old Master was heard', () => {
    expect(statedLoss(ten.map(sql), promotion({ lostBytes: 0x80 })).violations).toEqual([
      '2 writes of the time in which the old Master was heard are lost beyond the 128 bytes that dr promote named: 9-10',
    ]);
    expect(statedLoss(ten.map(sql), promotion({ lostBytes: 0x80, heardMs: 2_900 })).violations).toEqual([]);
  });
  it('is nothing of the time in which the promoted node had to hold it, where no position was named', () => {
    const found = statedLoss(ten.map(sql), promotion({ received: null, lostBytes: null, notBeforeMs: 900 }));
    expect(found.lost.map(({ key }) => key)).toEqual([8, 9, 10]);
    expect(found.violations).toEqual([
      '1 acknowledged writes are lost of the time in which the promoted node had to hold them: 8',
    ]);
  });
  it('never holds writes of the promoted copy against it', () =>
    expect(statedLoss([...ten.map(sql), { ...sql(99), atMs: 9_900 }], promotion({})).lost.map(({ key }) => key)).toEqual([
      8, 9, 10,
    ]));
});
