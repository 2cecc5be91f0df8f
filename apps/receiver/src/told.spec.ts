import { SILENT_LOG } from '@yosugara/kernel';
import { expect, it } from 'vitest';
import { sayUnwritten } from './told.js';

it('what was taken and could not be written is said with its sources, those of which most was lost by name', () => {
  const said: unknown[] = [];
  const log = { ...SILENT_LOG, error: (...line: unknown[]) => void said.push(line) };
  const bySource = new Map(Array.from({ length: 25 }, (_, at) => [`10.0.0.${at}`, at + 1]));
  sayUnwritten(log, { records: 325, awaited: 2, bySource, why: new Error('the file system is full') });
  const [[event, fields]] = said as [[string, { counts: Record<string, number> }]];
  expect([event, fields]).toEqual([
    'receiver.unwritten',
    { records: 325, awaited: 2, counts: expect.objectContaining({ 'unwritten 10.0.0.24': 25 }), why: 'the file system is full' },
  ]);
  expect([Object.keys(fields.counts).length, fields.counts['unwritten others']]).toEqual([21, 15]);
});
it('where all of it was written nothing is said', () => {
  const log = { ...SILENT_LOG, error: () => expect.fail('something was said') };
  sayUnwritten(log, { records: 0, awaited: 0, bySource: new Map(), why: new Error('x') });
});
