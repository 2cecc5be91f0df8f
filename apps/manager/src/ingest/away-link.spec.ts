import { encodeRecord, type JournalRecord } from '@yosugara/journal';
import type { AwayRead } from '@yosugara/protocol';
import { encodeRecords } from '@yosugara/runtime';
import { expect, it } from 'vitest';
import { AwayLink } from './away-link.js';

const record = (seq: number, length = 20): JournalRecord => ({
  ...{ seq, receivedAtUs: 1, monotonicMs: 1, kind: 'syslog', transport: 'udp', flags: 0, raw: Buffer.alloc(length, 0x61) },
  ...{ source: { address: '10.0.0.1', port: 1 }, listener: { kind: 'own', address: '10.0.0.9' } },
});
const range = { journalId: 'a-1-f', fromSeq: 1, throughSeq: 9 };
const linked = () => {
  const sent: AwayRead[] = [];
  const link = new AwayLink((document) => sent.push(document) > 0);
  return { link, sent };
};

it('an answer is put together of its parts', async () => {
  const { link, sent } = linked();
  const asked = link.read(range);
  expect(sent).toEqual([{ read: { id: 1, ...range } }]);
  const records = [record(1), record(2, 2_000_000)];
  const text = Buffer.from(encodeRecords(records.map(encodeRecord))).toString('base64');
  for (let at = 0; at < text.length; at += 524_288) link.take({ away: { id: 1, part: text.slice(at, at + 524_288) } });
  link.take({ away: { id: 7, kind: 'missing', throughSeq: 9 } });
  link.take({ away: { id: 1, kind: 'found' } });
  expect(await asked).toMatchObject({ kind: 'found', records: [{ seq: 1 }, { seq: 2, raw: { length: 2_000_000 } }] });
});
it('bytes that are not what was journaled are no answer', async () => {
  const { link } = linked();
  const asked = link.read(range);
  const bytes = encodeRecords([encodeRecord(record(1))]);
  bytes[30]! ^= 1;
  link.take({ away: { id: 1, part: Buffer.from(bytes).toString('base64'), kind: 'found' } });
  expect(await asked).toMatchObject({ kind: 'unasked', why: expect.stringContaining('wrong CRC') });
});
it('nobody waits for a receiver that is gone or does not know the question', async () => {
  const { link } = linked();
  const asked = link.read(range);
  link.lost();
  expect(await asked).toMatchObject({ kind: 'unasked' });
  expect(await new AwayLink(() => false).read(range)).toMatchObject({ kind: 'unasked' });
  expect(link.take({ journals: [], peerLink: 'up', clockOffsetUs: null })).toBe(false);
});
