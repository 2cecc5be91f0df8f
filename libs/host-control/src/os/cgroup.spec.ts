import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../testing/testbed.js';
import { findCgroupRoot, findFreezerRoot, groupMembers, joinGroup, openGroup, removeGroups } from './cgroup.js';
import { killAll } from './containment.js';

const NAME = `ysgspec-cgroup-${process.pid}`;
let child: ChildProcess | null = null;
let base: string | null = null;
afterEach(async () => {
  child?.kill('SIGKILL');
  if (base !== null) {
    await killAll({ group: openGroup(base, 'held'), scan: null, marker: null }, 30_000);
    removeGroups(base);
  }
});

describe.each([
  ['cgroup.kill of version 2', findCgroupRoot, 'cgroup.kill'],
  ['the freezer of version 1', findFreezerRoot, 'freezer.state'],
])('a control group, by %s', (_name, find, handle) => {
  const there = find(NAME);
  if (there !== null) removeGroups(there);

  it.runIf(there !== null)('kills whatever forks without end, and leaves nobody frozen', async () => {
    base = find(NAME)!;
    const group = openGroup(base, 'held');
    // On a host without version 2 the first way is the second one, too.
    expect(existsSync(join(group, 'cgroup.kill')) || existsSync(join(group, handle))).toBe(true);
    // Sessions of their own that fork all the time: a scan and a kill are always one behind.
    child = spawn(
      'sh',
      ['-c', 'read x; for n in 1 2 3 4 5 6; do setsid sh -c "while :; do sleep 0.01 & wait; done" & done; wait'],
      {
        stdio: ['pipe', 'ignore', 'ignore'],
      },
    );
    expect(joinGroup(group, child.pid!)).toBe(true);
    child.stdin!.end('go\n');
    await eventually('they fork', () => groupMembers(group).length >= 7);
    // How many is not told: the kernel may have killed them before anybody could count.
    expect(await killAll({ group, scan: null, marker: null }, 30_000)).not.toBeNull();
    expect(groupMembers(group)).toEqual([]);
    if (existsSync(join(group, 'freezer.state')))
      expect(readFileSync(join(group, 'freezer.state'), 'utf8').trim()).toBe('THAWED');
  });
});
