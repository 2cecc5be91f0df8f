import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** What /proc tells of one process; proc(5). */
export interface ProcessFact {
  readonly pid: number;
  /** R, S, D, T, Z, X… A zombie (Z) holds no files, no memory and no locks: it counts as gone. */
  readonly state: string;
  readonly ppid: number;
  /** Clock ticks after boot: with the pid it names a process for good, the pid alone may be reused. */
  readonly startTicks: number;
}

/**
 * As UTF-8, though names may be any bytes: for that Node reads small files on the stack. By any other way it takes a buffer of 64 KiB for
 * each file whose size it cannot know, and looking at every process once a second then makes it collect all garbage every other second.
 */
const readProc = (pid: number, name: 'stat' | 'cmdline' | 'environ'): string => readFileSync(`/proc/${pid}/${name}`, 'utf8');

/** null when there is no such process, or it ended while we read. */
export function processFact(pid: number): ProcessFact | null {
  let stat: string;
  try {
    stat = readProc(pid, 'stat');
  } catch {
    return null;
  }
  // The name stands in parentheses and may contain anything, so fields are counted from the last closing one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { pid, state: fields[0] ?? 'X', ppid: Number(fields[1]), startTicks: Number(fields[19]) };
}

export function isAlive(pid: number): boolean {
  const fact = processFact(pid);
  return fact !== null && fact.state !== 'Z' && fact.state !== 'X';
}

export function commandLine(pid: number): string {
  try {
    return readProc(pid, 'cmdline').replaceAll('\0', ' ').trim();
  } catch {
    return '';
  }
}

export function workingDirectory(pid: number): string | null {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return null;
  }
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

const isBelow = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** Living processes of `uid` whose working directory is `folder` or below. Never ourselves. */
export function processesIn(folder: string, uid: number): number[] {
  const hidden: number[] = [];
  const found = allPids().filter((pid) => {
    if (pid === process.pid || ownerOf(pid) !== uid) return false;
    const cwd = workingDirectory(pid);
    if (cwd === null && isHidden(pid)) hidden.push(pid);
    return cwd !== null && isBelow(cwd, folder) && isAlive(pid);
  });
  return hidden.length === 0 ? found : [...found, ...hiddenIn(folder, hidden)];
}

/**
 * Whether the kernel keeps from us where a process of another account works. It does so from root, too, without CAP_SYS_PTRACE, as in a container of
 * Docker's (ptrace(2), PTRACE_MODE_READ_FSCREDS).
 */
function isHidden(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/cwd`);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return (code === 'EACCES' || code === 'EPERM') && ownerOf(pid) !== process.getuid?.();
  }
}

/** Those that write there. Readers (pg_controldata, pg_waldump, pg_checksums) may go on beside a verb. */
const WRITERS = /(^|\/)(postgres|initdb|pg_rewind|pg_basebackup|pg_upgrade)$/;
const TITLE = /^postgres: /;

/**
 * Of processes that hide their folder, those of PostgreSQL that work in this one, by what is everybody's: their words and their parents. Words name the
 * folder; a child of a server has a title in their place, and its parent tells. Where that one is gone too nobody can tell any more: it counts.
 */
export function hiddenIn(folder: string, hidden: readonly number[]): number[] {
  const facts = hidden.flatMap((pid) => {
    const fact = processFact(pid);
    return fact === null || fact.state === 'Z' || fact.state === 'X' ? [] : [{ ...fact, words: wordsOf(pid) }];
  });
  const names = ([program = '', ...args]: readonly string[]) =>
    WRITERS.test(program) && !args.includes('-C') && args.some((arg) => isBelow(arg.replace(/^-D|^--[a-z-]+=/, ''), folder));
  const living = new Set(facts.map(({ pid }) => pid));
  const found = new Set(
    facts.filter(({ words, ppid }) => names(words) || (TITLE.test(words[0] ?? '') && !living.has(ppid))).map(({ pid }) => pid),
  );
  for (let before = -1; before < found.size; ) {
    before = found.size;
    for (const { pid, ppid } of facts) if (found.has(ppid)) found.add(pid);
  }
  return [...found];
}

function wordsOf(pid: number): readonly string[] {
  try {
    return readProc(pid, 'cmdline').split('\0');
  } catch {
    return [];
  }
}

/** Living processes that carry `marker` in the environment they were started with: it is inherited by every descendant. */
export function processesMarked(marker: string): number[] {
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    try {
      return readProc(pid, 'environ').split('\0').includes(marker) && isAlive(pid);
    } catch {
      return false;
    }
  });
}

export function childrenOf(ppid: number): number[] {
  return allPids().filter((pid) => {
    const fact = processFact(pid);
    return fact !== null && fact.ppid === ppid && fact.state !== 'Z';
  });
}

/** PostgreSQL shows in a process's title what it is for. */
export const titledChildren = (ppid: number): { readonly pid: number; readonly title: string }[] =>
  childrenOf(ppid).map((pid) => ({ pid, title: commandLine(pid) }));

function ownerOf(pid: number): number | null {
  try {
    return statSync(`/proc/${pid}`).uid;
  } catch {
    return null;
  }
}
