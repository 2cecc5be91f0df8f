import { createSocket } from 'node:dgram';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { NodeConfig } from '@yosugara/protocol';
import { describe } from './processes.js';

export interface Listen {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
}

/** Everything that a node of this configuration will listen on; the VIP's own listeners with each data node. */
export function listensOf(config: NodeConfig): readonly Listen[] {
  const self = config.cluster.members.find((member) => member.id === config.node)!;
  const { ports } = config;
  const tcp = (address: string, ...numbers: number[]) => numbers.map((port) => ({ protocol: 'tcp' as const, address, port }));
  const udp = (address: string, ...numbers: number[]) => numbers.map((port) => ({ protocol: 'udp' as const, address, port }));
  if (self.kind === 'witness') return tcp(self.address, ports.status, ports.cluster);
  const streams = [ports.syslog, ports.syslogTls, ports.relp, ports.customTrap];
  const line = config.cluster.members.some(({ kind }) => kind === 'dr') ? [ports.line] : [];
  const all = [ports.console, ports.status, ports.agents, ports.cluster, ports.journal, ...line, ...streams, ports.postgres];
  const vip = config.cluster.vip?.driver === 'bind' ? config.cluster.vip.address : undefined;
  const ofVip =
    vip === undefined ? [] : [...tcp(vip, ports.console, ...streams, ports.postgres), ...udp(vip, ports.syslog, ports.trap)];
  return [...tcp(self.address, ...all), ...udp(self.address, ports.syslog, ports.trap), ...ofVip];
}

/** @returns one clear line about the first address that cannot be had, or null. */
export async function busyPort(listens: readonly Listen[]): Promise<string | null> {
  const errors = await Promise.all(listens.map((listen) => tryToListen(listen)));
  for (const [index, code] of errors.entries()) {
    const { protocol, address, port } = listens[index]!;
    if (code === 'EADDRINUSE')
      return `${protocol} ${address}:${port} is in use${holderOf(listens[index]!)}: end that program first`;
    if (code !== null) return `cannot listen on ${protocol} ${address}:${port}: ${code}`;
  }
  return null;
}

function tryToListen({ protocol, address, port }: Listen): Promise<string | null> {
  return new Promise((resolve) => {
    const server = protocol === 'tcp' ? createServer() : createSocket(address.includes(':') ? 'udp6' : 'udp4');
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.once('listening', () => server.close(() => resolve(null)));
    if ('bind' in server) server.bind(port, address);
    else server.listen(port, address);
  });
}

/** ` by nginx (pid 123)`, as far as /proc tells. */
function holderOf(listen: Listen): string {
  const inode = inodeOf(listen);
  const pid = inode === null ? undefined : readdirSync('/proc').find((name) => /^\d+$/.test(name) && holds(name, inode));
  return pid === undefined ? '' : ` by ${describe(pid)} (pid ${pid})`;
}

/** proc(5): state of a listening TCP socket, and of every unconnected UDP socket. */
const LISTENING = { tcp: '0A', udp: '07' } as const;

function inodeOf({ protocol, address, port }: Listen): string | null {
  const wanted = [hexAddress(address), '00000000', '0'.repeat(32)].map(
    (ip) => `${ip}:${port.toString(16).toUpperCase().padStart(4, '0')}`,
  );
  for (const table of [protocol, `${protocol}6`]) {
    const rows = tableOf(table).map((line) => line.trim().split(/\s+/));
    const row = rows.find((fields) => wanted.includes(fields[1] ?? '') && fields[3] === LISTENING[protocol]);
    if (row !== undefined) return row[9] ?? null;
  }
  return null;
}

function tableOf(name: string): readonly string[] {
  try {
    return readFileSync(`/proc/net/${name}`, 'utf8').split('\n').slice(1);
  } catch {
    return [];
  }
}

/** proc(5) shows an IPv4 address as a little-endian hexadecimal number. */
const hexAddress = (ipv4: string) => Buffer.from(ipv4.split('.').reverse().map(Number)).toString('hex').toUpperCase();

function holds(pid: string, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => isOf(`/proc/${pid}/fd/${fd}`, inode));
  } catch {
    return false;
  }
}

/** Closed meanwhile: then it is not of it. */
function isOf(file: string, inode: string): boolean {
  try {
    return readlinkSync(file) === `socket:[${inode}]`;
  } catch {
    return false;
  }
}
