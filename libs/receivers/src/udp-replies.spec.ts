import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { listenUdp } from './udp.js';
import type { UdpRead } from './udp-sockets.js';

const ADDRESS = '127.0.80.1';
const soon = { timeout: 60_000, interval: 5 };
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
async function listen(read: UdpRead) {
  const replies: ((answer: Uint8Array) => void)[] = [];
  const ports: number[] = [];
  const listener = await listenUdp({
    ...{ address: ADDRESS, port: 0, listener: 'vip', kind: 'trap', receiveBufferBytes: 65_536, read },
    intake: ({ source }, reply) => {
      ports.push(source.port);
      return replies.push(reply) > 0;
    },
  });
  closers.push(() => listener.close());
  return { listener, replies, ports };
}
const sender = async () => {
  const socket = createSocket('udp4');
  closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const heard: string[] = [];
  socket.on('message', (answer) => heard.push(answer.toString()));
  await new Promise<void>((resolve) => socket.bind(0, ADDRESS, resolve));
  return { socket, heard };
};

/** A raw socket (proto 17): nobody's operating system sends from port 0, and anybody can. */
const FROM_PORT_0 = `import socket, struct, sys
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
s.sendto(struct.pack('!HHHH', 0, int(sys.argv[2]), 9, 0) + b'?', (sys.argv[1], 0))`;
const mayForge = (() => {
  try {
    execFileSync('python3', ['-c', 'import socket; socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)'], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
})();

describe.each(['single', 'batch'] as const)('an answer over UDP, read as %s,', (read) => {
  it('goes to whoever asked', async () => {
    const { listener, replies } = await listen(read);
    const { socket, heard } = await sender();
    socket.send('?', listener.port, ADDRESS);
    await expect.poll(() => replies.length, soon).toBe(1);
    replies[0]?.(Buffer.from('!'));
    await expect.poll(() => heard, soon).toEqual(['!']);
  });
  it('that is due when the socket is closed, since the address went to the other node, is nobody’s any more', async () => {
    const { listener, replies } = await listen(read);
    const { socket } = await sender();
    socket.send('?', listener.port, ADDRESS);
    await expect.poll(() => replies.length, soon).toBe(1);
    await listener.close();
    expect(() => replies[0]?.(Buffer.from('!'))).not.toThrow();
  });
  it.skipIf(!mayForge)('is not given to port 0, which asks for none (RFC 768), whoever forged it', async () => {
    const { listener, replies, ports } = await listen(read);
    execFileSync('python3', ['-c', FROM_PORT_0, ADDRESS, String(listener.port)]);
    await expect.poll(() => ports, soon).toEqual([0]);
    expect(() => replies[0]?.(Buffer.from('!'))).not.toThrow();
  });
});
