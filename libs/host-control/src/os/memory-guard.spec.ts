import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findCgroupRoot, removeGroups } from './cgroup.js';
import { guardMemory, leaveMemoryGuard } from './memory-guard.js';

/** Plain folders with the kernel's file names: what is written is read back. A real one is below, where the host has one. */
let mount: string;
let root: string;
const read = (path: string) => readFileSync(join(root, path), 'utf8');
beforeEach(() => {
  mount = mkdtempSync(join(tmpdir(), 'yosugara-memory-'));
  root = join(mount, 'unit', 'yosugara-x-a');
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, 'cgroup.controllers'), 'cpu memory pids\n');
  writeFileSync(join(mount, 'unit/memory.min'), '268435456\n');
});
afterEach(() => rmSync(mount, { recursive: true, force: true }));

describe('the memory of the dead man', () => {
  it('is kept by a control group of its own, without swap, where the ancestors allow it', () => {
    expect(guardMemory(root)).toBe('guarded');
    expect([read('cgroup.subtree_control'), read('deadman/memory.swap.max'), read('deadman/cgroup.procs')]).toEqual([
      '+memory',
      '0',
      `${process.pid}`,
    ]);
    expect(Number(read('deadman/memory.min'))).toBeGreaterThan(100_000_000);
    leaveMemoryGuard(root);
    expect(readFileSync(join(dirname(root), 'cgroup.procs'), 'utf8')).toBe(`${process.pid}`);
  });

  it.each<[string, () => void]>([
    ['an ancestor guarantees less', () => writeFileSync(join(mount, 'unit/memory.min'), '0\n')],
    ['the memory controller is not ours', () => writeFileSync(join(root, 'cgroup.controllers'), 'cpu pids\n')],
    ['this is no group of version 2', () => rmSync(join(root, 'cgroup.controllers'))],
  ])('is told to be unguarded when %s', (_, given) => {
    given();
    expect(guardMemory(root)).toBe('unguarded');
  });

  it('leaves on this very host a folder that can be removed afterwards', () => {
    const name = `ysgspec-memory-${process.pid}`;
    const real = findCgroupRoot(name);
    try {
      guardMemory(real);
      leaveMemoryGuard(real);
    } finally {
      if (real !== null) removeGroups(real);
    }
    const again = findCgroupRoot(name);
    expect(again).toBe(real);
    if (again !== null) removeGroups(again);
  });
});
