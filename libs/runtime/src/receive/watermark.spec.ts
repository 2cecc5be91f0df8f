import { expect, it } from 'vitest';
import type { OwnJournal, PeerJournalCopy } from './ports.js';
import { behindPeer, letGo, nodeOfJournal, watermarkOf } from './watermark.js';

const dropped: string[] = [];
const journals = (side: string, lastDurableSeq: number) => ({
  journals: () => [{ journalId: `${side}-1-x`, firstSeq: 1, lastDurableSeq }],
  dropThrough: async (journalId: string, seq: number) => void dropped.push(`${journalId} ${seq}`),
});
const own = journals('a', 10) as unknown as OwnJournal;
const copy = journals('b', 7) as unknown as PeerJournalCopy;
const mark = watermarkOf('a', own, copy, { link: 'up', clockOffsetUs: 3, peerHas: () => 6 });

it('a record is on both nodes when the peer says so, and whatever came from the peer is', () => {
  expect(mark.journals.map(({ node, side, durableSeq, bothSeq }) => [node, side, durableSeq, bothSeq])).toEqual([
    ['a', 'own', 10, 6],
    ['b', 'peer', 7, 7],
  ]);
  expect(behindPeer(mark)).toBe(4);
  expect(nodeOfJournal('node_1-abc-def')).toBe('node_1');
});

it('a journal lets go what both databases and both disks hold, never more', async () => {
  await letGo(
    mark,
    [
      { journalId: 'a-1-x', seq: 9 },
      { journalId: 'b-1-x', seq: 5 },
      { journalId: 'unknown', seq: 5 },
      { journalId: 'a-1-x', seq: 0 },
    ],
    own,
    copy,
  );
  expect(dropped).toEqual(['a-1-x 6', 'b-1-x 5']);
});

it("a journal of the peer's that this node has let go wholly is one that the peer can be asked for, as long as it keeps it", () => {
  const peerKeeps = [
    { journalId: 'b-0-x', durableSeq: 30 },
    { journalId: 'b-1-x', durableSeq: 5 },
  ];
  const { journals } = watermarkOf('a', own, copy, { link: 'up', clockOffsetUs: 3, peerHas: () => 6, peerKeeps });
  expect(journals.filter(({ side }) => side === 'peer')).toEqual([
    { journalId: 'b-0-x', side: 'peer', node: 'b', firstSeq: 31, durableSeq: 30, bothSeq: 30 },
    { journalId: 'b-1-x', side: 'peer', node: 'b', firstSeq: 1, durableSeq: 7, bothSeq: 7 },
  ]);
});

it('a journal that this node has lost, or the end of one, is one that the peer can be asked for; the one being written is not', () => {
  const peerHolds = [
    { journalId: 'a-0-x', durableSeq: 30 },
    { journalId: 'a-1-x', durableSeq: 14 },
  ];
  const peerHas = (id: string) => peerHolds.find(({ journalId }) => journalId === id)?.durableSeq ?? 0;
  const state = { link: 'up' as const, clockOffsetUs: 3, peerHas, peerHolds, canRead: true };
  const lines = (live: string) =>
    watermarkOf('a', { ...own, journalId: live } as OwnJournal, copy, state).journals.map(
      ({ journalId, firstSeq, durableSeq, bothSeq }) => [journalId, firstSeq, durableSeq, bothSeq],
    );
  expect(lines('a-2-x')).toEqual([
    ['a-0-x', 31, 30, 30],
    ['a-1-x', 1, 14, 14],
    ['b-1-x', 1, 7, 7],
  ]);
  expect(lines('a-1-x')).toEqual([
    ['a-0-x', 31, 30, 30],
    ['a-1-x', 1, 10, 10],
    ['b-1-x', 1, 7, 7],
  ]);
});
