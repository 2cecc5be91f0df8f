import { readdir, readFile, readlink } from 'node:fs/promises';
import type { InventoryItem } from '@yosugara/protocol/inventory';
import { itemOf } from './item.js';

/** What began a moment ago is mostly over a moment later, and would only make changes. */
const LEAST_AGE_S = 60;
/** Of the kernel's clock, towards programs (proc(5)): the same on all of Linux. */
const TICKS = 100;
const MOST_PROCESSES = 20_000;
const MOST_FILES = 200_000;

interface Program {
  readonly path: string;
  readonly user: string;
  readonly ageS: number;
}

/** What runs, and what it listens at. Arguments are left out: some programs have secrets there. */
export async function readPrograms(): Promise<readonly InventoryItem[]> {
  const users = await usersOf();
  const wanted = await listening();
  const upS = Number((await readFile('/proc/uptime', 'utf8')).split(' ')[0]);
  const processes = new Map<string, InventoryItem>();
  const owners = new Map<string, Program>();
  let files = 0;
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).slice(0, MOST_PROCESSES)) {
    const program = await programOf(pid, users, upS);
    if (program === null) continue;
    const key = `${program.user} ${program.path}`;
    if (program.ageS >= LEAST_AGE_S) processes.set(key, itemOf('process', key, program.path, { user: program.user }));
    if (files >= MOST_FILES) continue;
    for (const inode of await socketsOf(pid, MOST_FILES - files)) {
      files++;
      if (!owners.has(inode)) owners.set(inode, program);
    }
  }
  const ports = wanted.map(({ protocol, address, port, inode, uid }) => {
    const user = users.get(uid) ?? uid;
    return itemOf('port', `${protocol} ${address} ${port}`, `${port}/${protocol}`, {
      ...{ protocol, address, port, program: owners.get(inode)?.path, user: owners.get(inode)?.user ?? user },
    });
  });
  return [...processes.values(), ...ports];
}

async function usersOf(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile('/etc/passwd', 'utf8').catch(() => '');
  return new Map(text.split('\n').map((line) => [line.split(':')[2] ?? '', line.split(':')[0] ?? '']));
}

/** null = it went, or it is of the kernel. */
async function programOf(pid: string, users: ReadonlyMap<string, string>, upS: number): Promise<Program | null> {
  try {
    const [stat, status, line] = await Promise.all(
      ['stat', 'status', 'cmdline'].map(async (file) => await readFile(`/proc/${pid}/${file}`, 'utf8')),
    );
    const [state, ...rest] = stat!.slice(stat!.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X' || line === '') return null;
    const exe = await readlink(`/proc/${pid}/exe`).catch(() => '');
    const uid = /^Uid:\t(\d+)/m.exec(status!)?.[1] ?? '';
    const path = exe === '' ? line!.split('\0')[0]! : exe.replace(/ \(deleted\)$/, '');
    // `starttime` is the 22nd field, 20 after the state.
    return { path, user: users.get(uid) ?? uid, ageS: upS - Number(rest[18]) / TICKS };
  } catch {
    return null;
  }
}

/** Of others only root sees them. */
async function socketsOf(pid: string, most: number): Promise<readonly string[]> {
  const dir = `/proc/${pid}/fd`;
  const names = (await readdir(dir).catch(() => [])).slice(0, most);
  const links = await Promise.all(names.map(async (name) => await readlink(`${dir}/${name}`).catch(() => '')));
  return links.flatMap((link) => (link.startsWith('socket:[') ? [link.slice(8, -1)] : []));
}

interface Listening {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
  readonly inode: string;
  readonly uid: string;
}

const TCP_LISTEN = '0A';
const UDP_UNCONNECTED = '07';

async function listening(): Promise<readonly Listening[]> {
  const [from = 0, to = 0] = (await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8').catch(() => ''))
    .split('\t')
    .map(Number);
  const found: Listening[] = [];
  for (const [file, protocol, wanted] of [
    ['tcp', 'tcp', TCP_LISTEN],
    ['tcp6', 'tcp', TCP_LISTEN],
    ['udp', 'udp', UDP_UNCONNECTED],
    ['udp6', 'udp', UDP_UNCONNECTED],
  ] as const)
    for (const line of (await readFile(`/proc/net/${file}`, 'utf8').catch(() => '')).split('\n').slice(1)) {
      const [, local = '', , state, , , , uid = '', , inode = ''] = line.trim().split(/ +/);
      const at = local.indexOf(':');
      if (at < 0 || state !== wanted) continue;
      const port = Number.parseInt(local.slice(at + 1), 16);
      // Whoever asks by UDP waits for its answer at such a port, for a moment.
      if (protocol === 'udp' && port >= from && port <= to) continue;
      found.push({ protocol, address: addressOf(local.slice(0, at)), port, inode, uid });
    }
  return found;
}

/** Words of 32 bits, each in the order of the machine's bytes: little-endian wherever Node runs on Linux but s390x. */
export function addressOf(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => (word.match(/../g) ?? []).reverse());
  if (bytes.length === 4) return bytes.map((byte) => Number.parseInt(byte, 16)).join('.');
  const groups = Array.from({ length: 8 }, (_, at) => Number.parseInt(`${bytes[2 * at]}${bytes[2 * at + 1]}`, 16).toString(16));
  // The longest run of zeros is left out (RFC 5952).
  const text = groups.join(':');
  const runs = [...text.matchAll(/(?:^|:)(?:0(?::|$)){2,}/g)].map(([run]) => run).sort((one, other) => other.length - one.length);
  return runs[0] === undefined ? text : text.replace(runs[0], '::');
}
