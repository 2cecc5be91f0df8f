import { expect, it } from 'vitest';
import { LostRecords } from './lost-records.js';

const stretch = (from: number, through: number, journalId = 'a-1') => ({ journalId, from, through, why: 'neither has them' });

it('records that were lost are counted once, also when ingest begins again and comes upon them in other pieces', () => {
  const lost = new LostRecords();
  lost.add(stretch(1, 10), 100);
  lost.add(stretch(30, 30), 200);
  lost.add(stretch(5, 12, 'b-1'), 300);
  expect([lost.records, lost.list().map(({ from }) => from)]).toEqual([19, [5, 30, 1]]);
  lost.add(stretch(1, 4), 400);
  lost.add(stretch(5, 12), 400);
  expect(lost.records).toBe(21);
  lost.add(stretch(13, 29), 500);
  expect(lost.list()).toEqual([
    { ...stretch(1, 30), atMs: 100 },
    { ...stretch(5, 12, 'b-1'), atMs: 300 },
  ]);
});

it('stretches beyond a thousand are only counted', () => {
  const lost = new LostRecords();
  for (let at = 0; at < 1_200; at++) lost.add(stretch(at * 10, at * 10 + 2), at);
  expect([lost.records, lost.list().length, lost.list()[0]?.from]).toEqual([3_600, 1_000, 11_990]);
});
