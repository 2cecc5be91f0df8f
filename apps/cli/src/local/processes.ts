import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';

/** Set in the environment of everything the supervisor starts, and so inherited by everything that those start. */
export const MARK = 'YOSUGARA_LOCAL_STATE';

export interface Seen {
  readonly pid: number;
  readonly name: string;
}

/**
 * The processes of one local cluster that are still there: those marked with its state folder, and every PostgreSQL process
 * (its working directory is PGDATA) below its data folder. Zombies hold nothing any more and do not count.
 */
export function processesOf(state: string, data: string): readonly Seen[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((name) => {
      const own = isMarked(name, state) || runsBelow(name, data);
      return own && stateOf(name) !== 'Z' ? [{ pid: Number(name), name: describe(name) }] : [];
    });
}

function isMarked(pid: string, state: string): boolean {
  return read(`/proc/${pid}/environ`).split('\0').includes(`${MARK}=${state}`);
}

function runsBelow(pid: string, data: string): boolean {
  try {
    const cwd = readlinkSync(`/proc/${pid}/cwd`);
    return cwd.startsWith(`${data}/`) && commandOf(pid).startsWith('postgres');
  } catch {
    return false;
  }
}

/** For people: program and script. Node calls its main thread `MainThread`, so the command's short name says little. */
export function describe(pid: string): string {
  const [program = '', ...args] = read(`/proc/${pid}/cmdline`)
    .split('\0')
    .filter((part) => part !== '');
  const script = args.find((arg) => !arg.startsWith('-'));
  const name = program.startsWith('postgres:') ? program : basename(program);
  return name === 'node' && script !== undefined ? `node ${script}` : name || commandOf(pid);
}

const commandOf = (pid: string) => read(`/proc/${pid}/comm`).trim();

/** Fields 3 and 22 of proc(5) stat, counted after the command name, which may contain spaces. */
const statFields = (pid: string | number) => read(`/proc/${pid}/stat`).split(') ').at(-1)?.split(' ') ?? [];
const stateOf = (pid: string) => statFields(pid)[0] ?? 'Z';
const startTimeOf = (pid: number) => statFields(pid)[19] ?? '';

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** A pid is given to another process one day: a pid file holds the start time too. */
export function writePidFile(path: string, pid: number): void {
  writeFileSync(path, `${pid} ${startTimeOf(pid)}\n`);
}

/** @returns the live process a pid file names, or null. */
export function readPidFile(path: string): number | null {
  const [pid = '', startTime = ''] = read(path).trim().split(' ');
  if (!/^\d+$/.test(pid) || startTimeOf(Number(pid)) !== startTime || startTime === '' || stateOf(pid) === 'Z') return null;
  return Number(pid);
}

export const removePidFile = (path: string) => rmSync(path, { force: true });

export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // ESRCH: it has ended meanwhile.
  }
}

/** Waits until nothing of the cluster is left. @returns what is still there after the deadline. */
export async function waitUntilGone(state: string, data: string, deadlineMs: number): Promise<readonly Seen[]> {
  const untilMs = performance.now() + deadlineMs;
  for (;;) {
    const left = processesOf(state, data);
    if (left.length === 0 || performance.now() > untilMs) return left;
    await new Promise((done) => setTimeout(done, 50));
  }
}

/** Ends whatever is left of a cluster whose supervisor is gone: asks first, then kills. @returns how many there were. */
export async function sweep(state: string, data: string, graceMs: number): Promise<number> {
  const found = processesOf(state, data);
  for (const { pid } of found) signal(pid, 'SIGTERM');
  const stubborn = found.length === 0 ? [] : await waitUntilGone(state, data, graceMs);
  for (const { pid } of stubborn) signal(pid, 'SIGKILL');
  // New ones may have been started while the old ones were being killed.
  for (let round = 0; round < 5; round++) {
    const left = await waitUntilGone(state, data, 1_000);
    if (left.length === 0) break;
    for (const { pid } of left) signal(pid, 'SIGKILL');
  }
  return found.length;
}
