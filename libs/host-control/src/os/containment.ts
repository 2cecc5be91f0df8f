import { setTimeout as sleep } from 'node:timers/promises';
import { groupMembers, killGroup } from './cgroup.js';
import { processesIn, processesMarked } from './processes.js';

/**
 * Where processes of one kind live, and how to prove that none is left (ruling 2 of failover.md).
 *
 * PostgreSQL's children call setsid(), so a signal to the postmaster's process group misses them: it is never a proof.
 * The control group is the quick and exact way; the scan of /proc always runs as well, since it also finds what was started
 * outside the group: a pg_rewind of a dead controller, PostgreSQL's single-user mode.
 */
export interface Containment {
  readonly group: string | null;
  /** Every process of `uid` with its working directory in `folder`. */
  readonly scan: { readonly folder: string; readonly uid: number } | null;
  /** `NAME=value` in the starting environment. */
  readonly marker: string | null;
}

export function members(where: Containment): number[] {
  const found = new Set<number>();
  if (where.group !== null) for (const pid of groupMembers(where.group)) found.add(pid);
  if (where.scan !== null) for (const pid of processesIn(where.scan.folder, where.scan.uid)) found.add(pid);
  if (where.marker !== null) for (const pid of processesMarked(where.marker)) found.add(pid);
  return [...found];
}

const PAUSE_MS = 4;

/** Kills until two looks in a row find nobody. @returns how many were seen, or null when some were left at the deadline. */
export async function killAll(where: Containment, deadlineMs: number): Promise<number | null> {
  const until = performance.now() + deadlineMs;
  const seen = new Set<number>();
  for (let emptyLooks = 0; ; ) {
    // Looked at before the kill: whoever is killed is counted.
    const left = members(where);
    if (where.group !== null) killGroup(where.group);
    for (const pid of left) {
      seen.add(pid);
      signal(pid, 'SIGKILL');
    }
    emptyLooks = left.length === 0 ? emptyLooks + 1 : 0;
    if (emptyLooks === 2) return seen.size;
    if (performance.now() > until) return null;
    await sleep(PAUSE_MS);
  }
}

/** false: there is no such process. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
