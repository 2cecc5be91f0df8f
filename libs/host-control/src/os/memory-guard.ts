import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { joinGroup, openGroup } from './cgroup.js';

/** A Node process of this size: well above what the dead man has resident. */
const KEPT_BYTES = 128 * 1024 * 1024;
const GROUP = 'deadman';

/**
 * Keeps our memory from being reclaimed and swapped out: whoever has to kill in time must not wait for a disk to give it its own code.
 * Plain Node has no mlockall, so the control group does it (version 2 only). Written, read back, and worth what the ancestors allow: the
 * kernel limits memory.min by theirs (cgroup-v2.rst, "Memory Interface Files").
 * @param root our folder of control groups; null: there is none.
 */
export function guardMemory(root: string | null): 'guarded' | 'unguarded' {
  if (root === null) return 'unguarded';
  try {
    if (!words(join(root, 'cgroup.controllers')).includes('memory')) return 'unguarded';
    writeFileSync(join(root, 'cgroup.subtree_control'), '+memory');
    const own = openGroup(root, GROUP);
    writeFileSync(join(root, 'memory.min'), `${KEPT_BYTES}`);
    writeFileSync(join(own, 'memory.min'), `${KEPT_BYTES}`);
    writeFileSync(join(own, 'memory.swap.max'), '0');
    // What is resident already stays charged to the group where it was allocated: as early as can be.
    if (!joinGroup(own, process.pid)) return 'unguarded';
    return isKept(own) && words(join(own, 'memory.swap.max'))[0] === '0' ? 'guarded' : 'unguarded';
  } catch {
    // Read-only, not delegated, or a kernel without the file: told as it is.
    return 'unguarded';
  }
}

/** Out of our group, so that the folder can be removed. */
export function leaveMemoryGuard(root: string | null): void {
  if (root !== null && groupOf(root)) joinGroup(dirname(root), process.pid);
}

const words = (file: string): string[] => readFileSync(file, 'utf8').trim().split(/\s+/);

function groupOf(root: string): boolean {
  try {
    return words(join(root, GROUP, 'cgroup.procs')).includes(`${process.pid}`);
  } catch {
    return false;
  }
}

/** From the group up to the root of the hierarchy, which alone has no memory.min. */
function isKept(group: string): boolean {
  for (let folder = group; ; folder = dirname(folder)) {
    let said: string;
    try {
      said = words(join(folder, 'memory.min'))[0]!;
    } catch {
      return folder !== group;
    }
    if (said !== 'max' && Number(said) < KEPT_BYTES) return false;
  }
}
