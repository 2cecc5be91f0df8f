import { epoch, lsn } from '@yosugara/kernel';
import { describe, expect, it } from 'vitest';
import { applyCommand } from './commands.js';
import { decide } from './decide.js';
import { hasDiverged } from './record.js';
import { a, b, primary, record, seenByA } from './testing.js';

const fork = (timeline: number, at: number) => ({ timeline, forkLsn: lsn(at) });
const entry = (timeline: number, at: number) => ({ ...fork(timeline, at), owner: a, epoch: epoch(5) });

describe('a forced promotion of a server that had gone past a fork', () => {
  const before = record({ lineage: [entry(2, 400), entry(3, 440)], phase: 'promoting', epoch: epoch(6), owner: a });
  const { record: after } = applyCommand(before, {
    ...{ id: 'x', kind: 'opened', epoch: epoch(6), timeline: 4, systemId: '7', atWallMs: 1 },
    forks: [fork(2, 400), fork(4, 470)],
  });

  it('leaves timelines out of the lineage that do not lead to the new one', () =>
    expect(after.lineage.map(({ timeline }) => timeline)).toEqual([2, 4]));
  it('so a copy on such a timeline has diverged, though its WAL ends before the new fork', () => {
    expect(hasDiverged(after, 3, lsn(450))).toBe(true);
    expect(hasDiverged(after, 2, lsn(450))).toBe(false);
  });
});

describe('a second promotion in one epoch', () => {
  const forks = [fork(2, 400), fork(3, 440)];
  const known = record({ lineage: [entry(2, 400)] });

  it('is told to the record as soon as the first one’s word turns out to have been slow', () =>
    expect(decide(seenByA({ record: known, postgres: primary({ timeline: 3, forks }) })).actions).toContainEqual({
      kind: 'record.propose',
      command: expect.objectContaining({ kind: 'opened', timeline: 3, forks }),
    }));

  it('adds its timeline to the lineage and changes nothing else', () => {
    const command = { id: 'x', kind: 'opened' as const, epoch: epoch(5), timeline: 3, forks, systemId: '7', atWallMs: 1 };
    const { record: told, refused } = applyCommand(known, command);
    expect(refused).toBeNull();
    expect(told).toEqual({ ...known, version: known.version + 1, lineage: [entry(2, 400), entry(3, 440)] });
    expect(applyCommand(told, command).refused).toBe('phase is serving');
  });

  it('is not told by a Master whose timelines are all known', () =>
    expect(
      decide(
        seenByA({
          record: record({ lineage: [entry(2, 400), entry(3, 440)], syncSet: [a, b] }),
          postgres: primary({ timeline: 3, forks }),
        }),
      ).actions,
    ).not.toContainEqual(expect.objectContaining({ kind: 'record.propose' })));
});
