import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';

/** The last column of /proc/net/udp, over all sockets of the port. In all our trials with loss it was exactly the gap. */
export async function kernelDrops(address: string, port: number): Promise<number | null> {
  const v6 = isIPv6(address);
  const table = await readFile(v6 ? '/proc/net/udp6' : '/proc/net/udp', 'utf8').catch(() => null);
  if (table === null) return null;
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const host = v6 ? procAddress6(address) : procAddress4(address);
  let drops: number | null = null;
  for (const line of table.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const local = columns[1] ?? '';
    if (local === host + wanted) drops = (drops ?? 0) + Number(columns.at(-1));
  }
  return drops;
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
