import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Folder below which this process may make control groups of version 2, or null.
 * Own group first: a service manager that stops our unit then takes PostgreSQL with it. Source: cgroups(7), kernel cgroup-v2.rst.
 */
export function findCgroupRoot(name: string): string | null {
  const mount = cgroup2Mount();
  if (mount === null) return null;
  for (const root of new Set([join(mount, ownPath()), mount])) {
    const base = join(root, name);
    try {
      mkdirSync(base, { recursive: true });
      accessSync(join(base, 'cgroup.procs'), constants.W_OK);
      // cgroup.kill came with Linux 5.14; without it a kill is a race against fork.
      accessSync(join(base, 'cgroup.kill'), constants.W_OK);
      return base;
    } catch {
      // Read-only mount, no delegation, or an older kernel: the next root, then the /proc scan.
    }
  }
  return null;
}

function cgroup2Mount(): string | null {
  try {
    const line = readFileSync('/proc/self/mounts', 'utf8')
      .split('\n')
      .find((entry) => entry.split(' ')[2] === 'cgroup2');
    return line?.split(' ')[1] ?? null;
  } catch {
    return null;
  }
}

function ownPath(): string {
  try {
    return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/';
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

/** SIGKILL to every process of the group at once, forks in flight included. */
export function killGroup(folder: string): void {
  if (existsSync(folder)) writeFileSync(join(folder, 'cgroup.kill'), '1');
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
