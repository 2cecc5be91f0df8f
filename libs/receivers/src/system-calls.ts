import { createRequire } from 'node:module';
import { isIPv6 } from 'node:net';
import { getSystemErrorName } from 'node:util';

/*
 * The calls of Linux that Node has no word for, by koffi: the functions of the C library that this process runs with. No code is
 * made at run time (only callbacks into JavaScript would need that), so a unit may forbid memory that is written and executed.
 * Numbers and layouts are those of every 64-bit little endian Linux that Node runs on.
 */
export const AF_INET = 2;
const AF_INET6 = 10;
const SOCK_DGRAM = 2;
const SOCK_NONBLOCK = 0o4000;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_REUSEPORT = 15;
const MSG_DONTWAIT = 0x40;
const F_DUPFD_CLOEXEC = 1030;
/** IF_NAMESIZE and INET6_ADDRSTRLEN are less. */
const NAME_BYTES = 64;
const SOCKADDR_IN6_BYTES = 28;
const SOCKADDR_IN_BYTES = 16;
const ARCHITECTURES = ['x64', 'arm64'];

export interface SystemCalls {
  /** A UDP socket bound there; never waits, and no child inherits it. @throws Error with the system's word in `code`. */
  boundUdp(address: string, port: number, isShared: boolean): number;
  close(descriptor: number): void;
  /** Another number for the same socket, which keeps it open; no child inherits it. null = there is none left. */
  duplicate(descriptor: number): number | null;
  /** One datagram, without waiting; one that cannot be sent now is not. @throws Error — that is no address. */
  sendTo(descriptor: number, bytes: Uint8Array, address: string, port: number): void;
  /** recvmmsg(2) without waiting. @returns how many messages were read; 0: none is there, or it failed. */
  receive(descriptor: number, headers: bigint, count: number): number;
  /** Where these bytes are; they must not be let go of while the system knows that. */
  placeOf(bytes: Uint8Array): bigint;
  /** The sender in a `sockaddr_in6`, as Node writes it. */
  addressText6(name: Uint8Array): string;
}

type Loaded = { readonly calls: SystemCalls } | { readonly why: string };
let loaded: Loaded | null = null;

/** Loaded when first asked for. `why`: they cannot be had here. */
export function systemCalls(): Loaded {
  return (loaded ??= load());
}

function load(): Loaded {
  const { platform, arch } = process;
  if (platform !== 'linux' || !ARCHITECTURES.includes(arch)) return { why: `not known of ${platform} on ${arch}` };
  try {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    return { calls: bound(koffi) };
  } catch (error) {
    return { why: error instanceof Error ? error.message : String(error) };
  }
}

function bound(koffi: typeof import('koffi')): SystemCalls {
  const libc = koffi.load(null);
  const socket = libc.func('int socket(int family, int type, int protocol)');
  const bind = libc.func('int bind(int descriptor, void *name, uint32_t bytes)');
  const setsockopt = libc.func('int setsockopt(int descriptor, int level, int option, void *value, uint32_t bytes)');
  const close = libc.func('int close(int descriptor)');
  const fcntl = libc.func('int fcntl(int descriptor, int command, ...)');
  const sendto = libc.func(
    'int64_t sendto(int descriptor, void *bytes, size_t count, int flags, void *name, uint32_t nameBytes)',
  );
  const recvmmsg = libc.func('int recvmmsg(int descriptor, void *headers, uint32_t count, int flags, void *timeout)');
  const inetPton = libc.func('int inet_pton(int family, const char *text, void *address)');
  const inetNtop = libc.func('void *inet_ntop(int family, void *address, void *text, uint32_t bytes)');
  const ifNameToIndex = libc.func('uint32_t if_nametoindex(const char *name)');
  const ifIndexToName = libc.func('void *if_indextoname(uint32_t index, void *name)');

  const done = (call: string, result: number): number => {
    if (result >= 0) return result;
    const code = getSystemErrorName(-koffi.errno());
    throw Object.assign(new Error(`${call} ${code}`), { code, syscall: call });
  };
  const nameOf = (address: string, port: number): Buffer => {
    const [host = '', zone] = address.split('%');
    const [family, bytes, at] = isIPv6(host)
      ? ([AF_INET6, SOCKADDR_IN6_BYTES, 8] as const)
      : ([AF_INET, SOCKADDR_IN_BYTES, 4] as const);
    const name = Buffer.alloc(bytes);
    name.writeUInt16LE(family, 0);
    name.writeUInt16BE(port, 2);
    if (inetPton(family, host, name.subarray(at)) !== 1) throw new Error(`${address} is no address`);
    if (zone !== undefined) name.writeUInt32LE(ifNameToIndex(zone), 24);
    return name;
  };
  return {
    boundUdp(address, port, isShared) {
      const name = nameOf(address, port);
      const descriptor = done('socket', socket(name.readUInt16LE(0), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      try {
        const on = Buffer.from(new Int32Array([1]).buffer);
        if (isShared) done('setsockopt', setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, on, on.length));
        done('bind', bind(descriptor, name, name.length));
        return descriptor;
      } catch (error) {
        close(descriptor);
        throw error;
      }
    },
    close: (descriptor) => void close(descriptor),
    duplicate: (descriptor) => {
      const made: number = fcntl(descriptor, F_DUPFD_CLOEXEC, 'int', 0);
      return made < 0 ? null : made;
    },
    sendTo: (descriptor, bytes, address, port) => {
      const name = nameOf(address, port);
      sendto(descriptor, bytes, bytes.length, MSG_DONTWAIT, name, name.length);
    },
    receive: (descriptor, headers, count) => Math.max(0, recvmmsg(descriptor, headers, count, MSG_DONTWAIT, null)),
    placeOf: (bytes) => koffi.address(bytes),
    addressText6(name) {
      const text = Buffer.alloc(NAME_BYTES);
      inetNtop(AF_INET6, name.subarray(8, 24), text, text.length);
      const zone = Buffer.from(name.buffer, name.byteOffset + 24, 4).readUInt32LE(0);
      const named = Buffer.alloc(NAME_BYTES);
      if (zone !== 0) ifIndexToName(zone, named);
      return named[0] === 0 ? textIn(text) : `${textIn(text)}%${textIn(named)}`;
    },
  };
}

const textIn = (bytes: Buffer) => bytes.toString('latin1', 0, bytes.indexOf(0));
