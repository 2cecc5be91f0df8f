import { closeSync, openSync, readSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';

/** The last column of /proc/net/udp, over all sockets of the port. In all our trials with loss it was exactly the gap. */
export async function kernelDrops(address: string, port: number): Promise<number | null> {
  const v6 = isIPv6(address);
  const table = await readFile(v6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => null);
  if (table === null) return null;
  const wanted = procPlace(address, port);
  let drops: number | null = null;
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = columns[1] ?? '';
    if (local === wanted) drops = (drops ?? 0) + Number(columns.at(-1));
  }
  return drops;
}

/** TCP_LISTEN (net/tcp_states.h). */
const LISTENING = '0A';
const PIECE_BYTES = 4 * 1024;

/**
 * Somebody here listens there by TCP. The kernel tells of those that listen before all connections (tcp_seq_start in net/ipv4/tcp_ipv4.c),
 * which may be many thousands: it is read no further than to the first of these. Without a thread of the pool, which a disk that hangs
 * may hold: whoever is to let go of an address does not wait for one. null = cannot be told.
 */
export function listensTcp(address: string, port: number): boolean | null {
  const wanted = procPlace(address, port);
  let table: number | null = null;
  try {
    table = openSync(isIPv6(address) ? '/proc/net/tcp6' : '/proc/net/tcp', 'r');
    for (const [, local, , state] of rowsOf(table)) {
      if (state !== LISTENING) return false;
      if (local === wanted) return true;
    }
    return false;
  } catch {
    return null;
  } finally {
    if (table !== null) closeSync(table);
  }
}

/** Without its head, in columns, as far as they are asked for. */
function* rowsOf(table: number): Generator<readonly string[]> {
  const piece = Buffer.alloc(PIECE_BYTES);
  let rest = '';
  let isHead = true;
  for (let bytes = readSync(table, piece); bytes > 0; bytes = readSync(table, piece)) {
    const lines = (rest + piece.toString('latin1', 0, bytes)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!isHead) yield line.trim().split(/\s+/);
      isHead = false;
    }
  }
}

function procPlace(address: string, port: number): string {
  const host = isIPv6(address) ? procAddress6(address) : procAddress4(address);
  return `${host}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** proc(5): the address as 32-bit words in the host's byte order; all that Node runs on here is little endian. */
const procWord = (bytes: readonly number[]) =>
  [...bytes]
    .reverse()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
const procAddress4 = (address: string) => procWord(address.split('.').map(Number));

function procAddress6(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.split('::');
  const groups = (text: string) => (text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16)));
  const after = groups(tail ?? '');
  const before = groups(head);
  const whole = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  const bytes = whole.flatMap((group) => [group >> 8, group & 0xff]);
  return [0, 4, 8, 12].map((at) => procWord(bytes.slice(at, at + 4))).join('');
}
