import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** What a process has used so far, of /proc. All of its threads, also those that have ended. */
export interface Usage {
  readonly cpuMs: number;
  /** Of its children that have ended, and of theirs. */
  readonly childrenMs: number;
  readonly rssBytes: number;
  /** The most it ever had. */
  readonly maxRssBytes: number;
}

/** USER_HZ is 100 on every Linux that Node runs on (time(7)). */
const TICK_MS = 10;

export function usageOf(pid: number): Usage {
  // The name in brackets may hold spaces: what is counted begins behind it (proc(5): utime, stime, cutime and cstime are fields 14 to 17).
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const bytes = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1] ?? Number.NaN) * 1_024;
  return {
    cpuMs: (Number(fields[11]) + Number(fields[12])) * TICK_MS,
    childrenMs: (Number(fields[13]) + Number(fields[14])) * TICK_MS,
    rssBytes: bytes('VmRSS'),
    maxRssBytes: bytes('VmHWM'),
  };
}

/** @throws Error with `what` when it does not hold within the time. */
export async function until(what: string, deadlineMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + deadlineMs; performance.now() < endMs; await sleep(10)) if (await holds()) return;
  throw new Error(`${what}: not within ${deadlineMs} ms`);
}
