import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folder below which this process may make control groups, or null: of version 2, else the freezer of version 1.
 * Own group first: a service manager that stops our unit then takes PostgreSQL with it. Source: cgroups(7), kernel cgroup-v2.rst.
 */
export function findCgroupRoot(name: string): string | null {
  // cgroup.kill came with Linux 5.14; without it a kill is a race against fork.
  return usable(cgroup2Mount(), ownPath(/^0::(.*)$/m), name, 'cgroup.kill') ?? findFreezerRoot(name);
}

/** The freezer of version 1: kernel, cgroup-v1/freezer-subsystem.rst. */
export function findFreezerRoot(name: string): string | null {
  return usable(freezerMount(), ownPath(/^\d+:(?:[^:]*,)?freezer(?:,[^:]*)?:(.*)$/m), name, 'freezer.state');
}

function usable(mount: string | null, own: string, name: string, handle: string): string | null {
  if (mount === null) return null;
  for (const root of new Set([join(mount, own), mount])) {
    const base = join(root, name);
    try {
      mkdirSync(base, { recursive: true });
      accessSync(join(base, 'cgroup.procs'), constants.W_OK);
      accessSync(join(base, handle), constants.W_OK);
      return base;
    } catch {
      // Read-only mount, no delegation, or an older kernel: the next root, then the /proc scan.
      removeQuietly(base);
    }
  }
  return null;
}

function removeQuietly(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It was never made, or somebody else lives there.
  }
}

const cgroup2Mount = (): string | null => mountWhere((type) => type === 'cgroup2');
const freezerMount = (): string | null => mountWhere((type, flags) => type === 'cgroup' && flags.split(',').includes('freezer'));

function mountWhere(fits: (type: string, flags: string) => boolean): string | null {
  try {
    const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
    const found = mounts.map((line) => line.split(' ')).find(([, , type, flags]) => fits(type ?? '', flags ?? ''));
    return found?.[1] ?? null;
  } catch {
    return null;
  }
}

function ownPath(line: RegExp): string {
  try {
    return line.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
  } catch {
    return '/';
  }
}

export function openGroup(base: string, name: string): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Living processes in the group. The kernel leaves zombies out. A folder that is gone is empty. */
export function groupMembers(folder: string): number[] {
  try {
    return readFileSync(join(folder, 'cgroup.procs'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map(Number);
  } catch (error) {
    if (!existsSync(folder)) return [];
    throw error;
  }
}

/**
 * SIGKILL to every process of the group at once, forks in flight included. With the freezer: none can fork while it is killed, and
 * the signal is taken at the thaw; one that was not yet frozen is found by the next look.
 */
export function killGroup(folder: string): void {
  if (existsSync(join(folder, 'cgroup.kill'))) writeFileSync(join(folder, 'cgroup.kill'), '1');
  else if (existsSync(join(folder, 'freezer.state'))) killFrozen(folder);
}

function killFrozen(folder: string): void {
  const state = join(folder, 'freezer.state');
  writeFileSync(state, 'FROZEN');
  try {
    for (const pid of groupMembers(folder)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
    }
  } finally {
    writeFileSync(state, 'THAWED');
  }
}

export function joinGroup(folder: string, pid: number): boolean {
  try {
    writeFileSync(join(folder, 'cgroup.procs'), String(pid));
    return true;
  } catch {
    return false;
  }
}

export function removeGroups(base: string): void {
  try {
    for (const entry of readdirSync(base, { withFileTypes: true })) if (entry.isDirectory()) rmdirSync(join(base, entry.name));
    rmdirSync(base);
  } catch {
    // Somebody lives there, or it is gone already; an empty group costs nothing.
  }
}
