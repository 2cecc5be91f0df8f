import { describe, expect, it } from 'vitest';
import { RaftDiskModel } from './raft-disk.js';

const entry = (index: number) => ({ index, term: 1, payload: { kind: 'noop' as const } });

describe('a consensus disk that is emptied', () => {
  function emptied(): RaftDiskModel {
    const disk = new RaftDiskModel();
    disk.restored();
    disk.write({ kind: 'persist', append: [entry(1), entry(2), entry(3)] }, true);
    disk.acknowledge(2);
    disk.wipe(true);
    disk.restored();
    return disk;
  }

  it('counts for what it had acknowledged before, of that very term', () => {
    const disk = emptied();
    expect(disk.holds(2, 1)).toBe(false);
    expect(disk.hasHeld(2, 1)).toBe(true);
    expect(disk.hasHeld(2, 2)).toBe(false);
  });

  it('counts for nothing that it held and had not acknowledged, nor for what came afterwards', () => {
    const disk = emptied();
    expect(disk.hasHeld(3, 1)).toBe(false);
    expect(disk.hasHeld(4, 1)).toBe(false);
    disk.acknowledge(4);
    expect(disk.hasHeld(4, 1)).toBe(false);
  });
});
