import type { StatsFs } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';

/** One look at the kernel's counters (proc(5)); what a host has not is not there. */
export interface Counters {
  readonly atMs: number;
  readonly values: ReadonlyMap<string, number>;
}

/** Ticks of all processors together, in the order of /proc/stat. Guests are in user and nice already. */
const CPU_FIELDS = ['user', 'nice', 'system', 'idle', 'iowait', 'irq', 'softirq', 'steal'] as const;
const SECTOR_BYTES = 512;

export async function readCpu(): Promise<Counters> {
  const text = await readFile('/proc/stat', 'utf8');
  const values = new Map<string, number>();
  const ticks = /^cpu +(.*)$/m.exec(text)?.[1]?.split(' ').map(Number) ?? [];
  for (const [at, name] of CPU_FIELDS.entries()) values.set(name, ticks[at] ?? 0);
  for (const [name, key] of [
    ['intr', 'interrupts'],
    ['ctxt', 'contextSwitches'],
  ] as const) {
    const found = new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1];
    if (found !== undefined) values.set(key, Number(found));
  }
  return { atMs: performance.now(), values };
}

export async function readSwapping(): Promise<Counters> {
  const text = await readFile('/proc/vmstat', 'utf8');
  const values = new Map<string, number>();
  for (const [name, key] of [
    ['pswpin', 'swapIn'],
    ['pswpout', 'swapOut'],
  ] as const)
    values.set(key, Number(new RegExp(`^${name} (\\d+)`, 'm').exec(text)?.[1] ?? 0));
  return { atMs: performance.now(), values };
}

/** kB, by /proc/meminfo's names. */
export async function readMemory(): Promise<ReadonlyMap<string, number>> {
  const text = await readFile('/proc/meminfo', 'utf8');
  return new Map([...text.matchAll(/^([A-Za-z_()]+): +(\d+)/gm)].map(([, name, value]) => [name!, Number(value)]));
}

export async function readLoads(): Promise<readonly number[]> {
  return (await readFile('/proc/loadavg', 'utf8')).split(' ').slice(0, 3).map(Number);
}

/** By `DEVICE RESOURCE`. Of what is no disk (loop, ram) nothing. */
export async function readDisks(): Promise<Counters> {
  const values = new Map<string, number>();
  for (const line of (await readFile('/proc/diskstats', 'utf8')).split('\n')) {
    const [, , name, reads, , readSectors, , writes, , writeSectors] = line.trim().split(/ +/);
    if (name === undefined || writeSectors === undefined || /^(loop|ram|zram)\d/.test(name)) continue;
    values.set(`${name} reads`, Number(reads));
    values.set(`${name} writes`, Number(writes));
    values.set(`${name} readBytes`, Number(readSectors) * SECTOR_BYTES);
    values.set(`${name} writeBytes`, Number(writeSectors) * SECTOR_BYTES);
  }
  return { atMs: performance.now(), values };
}

export async function readNetwork(): Promise<Counters> {
  const values = new Map<string, number>();
  for (const line of (await readFile('/proc/net/dev', 'utf8')).split('\n').slice(2)) {
    const at = line.lastIndexOf(':');
    if (at < 0) continue;
    const name = line.slice(0, at).trim();
    const of = line
      .slice(at + 1)
      .trim()
      .split(/ +/)
      .map(Number);
    const fields = { inBytes: of[0], inPackets: of[1], inErrors: of[2], outBytes: of[8], outPackets: of[9], outErrors: of[10] };
    for (const [field, value] of Object.entries(fields)) values.set(`${name} ${field}`, value ?? 0);
  }
  return { atMs: performance.now(), values };
}

/** Such as are on a device, and others that hold files; by where they are mounted. */
const FILESYSTEMS = /^(ext[234]|xfs|btrfs|zfs|f2fs|jfs|reiserfs|vfat|exfat|ntfs3?|overlay|tmpfs|nfs4?|cifs)$/;
const STATFS_MS = 2_000;

/** One that is mounted, and answers. */
export interface Mounted {
  readonly device: string;
  readonly place: string;
  readonly type: string;
  readonly stat: StatsFs;
}

const unescaped = (text: string): string =>
  text.replaceAll(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** A file server that does not answer is left out. */
export async function readMounted(): Promise<readonly Mounted[]> {
  const found: Mounted[] = [];
  for (const line of (await readFile('/proc/self/mounts', 'utf8')).split('\n')) {
    const [device, where, type] = line.split(' ');
    if (device === undefined || where === undefined || type === undefined || !FILESYSTEMS.test(type)) continue;
    const place = unescaped(where);
    try {
      found.push({ device: unescaped(device), place, type, stat: await inTime(statfs(place)) });
    } catch {
      // It went between the two looks, or does not answer.
    }
  }
  return found;
}

/** In per cent of what its users can have, as df(1) says it. */
export async function readFilesystems(): Promise<ReadonlyMap<string, number>> {
  const used = new Map<string, number>();
  for (const { place, stat } of await readMounted()) {
    const { blocks, bfree, bavail } = stat;
    if (blocks > 0) used.set(place, (100 * (blocks - bfree)) / Math.max(1, blocks - bfree + bavail));
  }
  return used;
}

async function inTime<Value>(promise: Promise<Value>): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    return await Promise.race([
      promise,
      new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new Error('late')), STATFS_MS))),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
