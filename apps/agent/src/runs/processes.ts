import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';

export interface ProcessMark {
  readonly pid: number;
  /** Since boot, in ticks: with it, a number that was given anew is told from the process that had it. */
  readonly startTicks: string;
}

interface Stat {
  readonly state: string;
  readonly group: number;
  readonly session: number;
  readonly startTicks: string;
}

/** /proc/PID/stat (proc(5)); null = there is none. The name in it may have anything in it, also parentheses. */
export async function statOf(pid: number): Promise<Stat | null> {
  try {
    // Of the kernel's memory: no disk is waited for.
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0]!, group: Number(fields[2]), session: Number(fields[3]), startTicks: fields[19]! };
  } catch {
    return null;
  }
}

export async function isAlive({ pid, startTicks }: ProcessMark): Promise<boolean> {
  const stat = await statOf(pid);
  return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
}

/** To all of a process group; false = there is none. */
export function signalGroup(group: number, signal: NodeJS.Signals): boolean {
  if (group <= 1) return false;
  try {
    process.kill(-group, signal);
    return true;
  } catch {
    return false;
  }
}

/** Of a session that is left without its leader: what a command has left behind. */
export async function sessionMembers(session: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await statOf(Number(name));
    if (stat?.session === session && stat.state !== 'Z') found.push(Number(name));
  }
  return found;
}

export async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}
