import { type Log, SILENT_LOG } from '@yosugara/kernel';
import type { RawRecord } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { JournalFeed } from './feed.js';

const ID = 'a-1-1';
const record = (seq: number): RawRecord => ({
  ...{ seq, receivedAtUs: seq, kind: 'syslog', transport: 'tcp', flags: 0, raw: Buffer.from(`<13>m${seq}`) },
  ...{ source: { address: '10.0.0.1', port: 1 }, listener: { kind: 'own', address: 'x' } },
});
const mark = {
  ...{ node: 'a', peerLink: 'up', clockOffsetUs: 0 },
  journals: [{ journalId: ID, node: 'a', side: 'own', firstSeq: 1, durableSeq: 9, bothSeq: 9 }],
} as unknown as Watermark;
const corrupt = (from: number, through: number) =>
  Object.assign(new Error('bad record'), { code: 'JOURNAL_CORRUPT', lost: { from, through } });

/** A journal of nine records of which 4 to 6 are damaged until they are mended. */
function damaged(options: { readonly canBeMended: boolean }) {
  const state = { nowMs: 0, isMended: false, asked: [] as unknown[], said: [] as string[] };
  const files = {
    read: async (_: string, from: number, through: number) => {
      const isBad = (seq: number) => !state.isMended && seq >= 4 && seq <= 6;
      if (isBad(from)) throw corrupt(4, 6);
      const found = [];
      for (let seq = from; seq <= through && !isBad(seq); seq++) found.push(record(seq));
      return found;
    },
  };
  const log: Log = { ...SILENT_LOG, error: (event) => void state.said.push(event) };
  const onDamage = options.canBeMended ? (range: unknown) => void state.asked.push(range) : undefined;
  const feed = new JournalFeed({ self: 'a', own: files, peer: files, log, nowMs: () => state.nowMs, onDamage }, new Map());
  const read = async () => (await feed.read(mark, 'own', false)).map(({ seq }) => seq);
  return { state, read };
}

describe('records that cannot be read', () => {
  it('are asked for every second, and read when they are mended', async () => {
    const { state, read } = damaged({ canBeMended: true });
    expect(await read()).toEqual([1, 2, 3]);
    for (state.nowMs = 0; state.nowMs <= 2_000; state.nowMs += 500) expect(await read()).toEqual([]);
    expect(state.asked).toEqual(Array.from({ length: 3 }, () => ({ journalId: ID, from: 4, through: 6 })));
    state.isMended = true;
    state.nowMs = 4_000;
    expect(await read()).toEqual([4, 5, 6, 7, 8, 9]);
    expect(state.said).toEqual(['ingest.unreadable']);
  });

  it('are stepped over, loudly, when nobody has lent them for 30 s', async () => {
    const { state, read } = damaged({ canBeMended: true });
    await read();
    for (state.nowMs = 0; state.nowMs < 30_000; state.nowMs += 1_000) expect(await read()).toEqual([]);
    expect(await read()).toEqual([]);
    expect(await read()).toEqual([7, 8, 9]);
    expect(state.said).toEqual(['ingest.unreadable', 'ingest.lost']);
  });

  it('are stepped over at once where nobody could mend them', async () => {
    const { state, read } = damaged({ canBeMended: false });
    expect([await read(), await read(), await read()]).toEqual([[1, 2, 3], [], [7, 8, 9]]);
    expect(state.said).toEqual(['ingest.unreadable', 'ingest.lost']);
  });
});
