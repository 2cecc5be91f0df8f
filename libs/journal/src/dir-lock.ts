import { randomBytes } from 'node:crypto';
import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { JournalLockedError } from './errors.js';
import { errorCode } from './fs-port.js';

export interface DirLock {
  release(): Promise<void>;
}

/** Who holds a lock. The pid alone would be fooled by reuse; the start time (ticks since boot) and the boot tell lives apart. */
interface Holder {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

const LOCK = /^lock\.(\d{1,15})$/;
const ATTEMPTS = 50;

/**
 * One owner for a directory, without flock(2), which Node does not offer.
 *
 * The holder is the highest numbered file `lock.<n>`, made whole by link(2). A dead holder's number is never removed or
 * overwritten to take over: the taker makes number n + 1, which only one can, and then looks whether a higher one appeared
 * meanwhile. So two takers cannot both win, and neither can remove the other's lock.
 * Processes in different pid namespaces that share one directory cannot see each other: give each its own directory.
 *
 * @throws JournalLockedError — a live process, this one included, owns it.
 */
export async function lockDirectory(dir: string): Promise<DirLock> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const draft = join(dir, `draft.${process.pid}.${randomBytes(6).toString('hex')}`);
  await writeFile(draft, JSON.stringify(await ourselves()), { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const mine = await tryNext(dir, draft);
      if (mine !== null) return { release: () => rm(mine, { force: true }) };
    }
    throw new JournalLockedError(dir, process.pid);
  } finally {
    await rm(draft, { force: true });
  }
}

/** @returns the path of our lock, or `null` when another taker was in the way and it is worth looking again. */
async function tryNext(dir: string, draft: string): Promise<string | null> {
  const highest = Math.max(0, ...(await numbers(dir)));
  if (highest > 0) {
    const holder = await holderOf(join(dir, `lock.${highest}`));
    if (holder === 'gone') return null;
    if (holder !== 'unreadable' && (await isAlive(holder))) throw new JournalLockedError(dir, holder.pid);
  }
  const mine = join(dir, `lock.${highest + 1}`);
  try {
    await link(draft, mine);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return null;
    throw error;
  }
  const seen = await numbers(dir);
  if (Math.max(...seen) > highest + 1) {
    await rm(mine, { force: true });
    return null;
  }
  for (const number of seen) if (number <= highest) await rm(join(dir, `lock.${number}`), { force: true });
  return mine;
}

async function numbers(dir: string): Promise<readonly number[]> {
  return (await readdir(dir)).flatMap((name) => {
    const found = LOCK.exec(name);
    return found === null ? [] : [Number(found[1])];
  });
}

/** `unreadable`: not what we write (a power cut may leave it empty): its writer's boot is over. */
async function holderOf(path: string): Promise<Holder | 'gone' | 'unreadable'> {
  try {
    const { pid, startTicks, bootId } = JSON.parse(await readFile(path, 'utf8')) as Partial<Holder>;
    return Number.isSafeInteger(pid) && typeof startTicks === 'string' && typeof bootId === 'string'
      ? { pid: pid as number, startTicks, bootId }
      : 'unreadable';
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 'gone';
    if (error instanceof SyntaxError) return 'unreadable';
    throw error;
  }
}

async function isAlive(holder: Holder): Promise<boolean> {
  return holder.bootId === (await bootId()) && holder.startTicks === (await startTicks(holder.pid));
}

async function ourselves(): Promise<Holder> {
  return { pid: process.pid, startTicks: (await startTicks(process.pid)) ?? '', bootId: await bootId() };
}

async function bootId(): Promise<string> {
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
}

/** Field 22 of /proc/<pid>/stat, or `null` when there is no such process or it is a zombie. The command (field 2) may hold spaces. */
async function startTicks(pid: number): Promise<string | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null);
  } catch (error) {
    if (errorCode(error) === 'ENOENT' || errorCode(error) === 'ESRCH') return null;
    throw error;
  }
}
