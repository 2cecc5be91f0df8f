import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';

const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
const SHUT_RDWR = 2;

/** The socket that listens by TCP on this port of 127.x.y.z listens no more, as by `ss -K` of root: its program is not told. */
export function endListening(address: string, port: number): void {
  const inode = inodeOf(address, port);
  const descriptor = readdirSync('/proc/self/fd').find((each) => linkOf(each) === `socket:[${inode}]`);
  if (descriptor === undefined) throw new Error(`nobody here listens on ${address} port ${port}`);
  const shutdown = koffi.load(null).func('int shutdown(int descriptor, int how)');
  if (shutdown(Number(descriptor), SHUT_RDWR) !== 0) throw new Error('it still listens');
}

function inodeOf(address: string, port: number): string | undefined {
  const host = Buffer.from(address.split('.').map(Number)).reverse().toString('hex');
  const place = `${host}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
  const lines = readFileSync('/proc/self/net/tcp', 'latin1').split('\n');
  return lines.map((line) => line.trim().split(/\s+/)).find(([, local, , state]) => local === place && state === '0A')?.[9];
}

function linkOf(descriptor: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return '';
  }
}
