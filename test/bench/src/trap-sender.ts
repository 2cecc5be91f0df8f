/**
 * A process of its own that sends traps at a rate: all of them are made before the first is sent. Told by its parent (`fork`):
 * an order → `made`, `go` → how it went.
 */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { v2cMaker, v3Maker } from './trap-packets.js';

export interface TrapOrder {
  readonly version: 'v2c' | 'v3';
  readonly address: string;
  readonly port: number;
  readonly count: number;
  readonly perSecond: number;
  /** Of a v3 sender: its clock only goes forward, and no packet is ever the same. */
  readonly engine: { readonly id: string; readonly boots: number; readonly time: number };
}

/** performance.now() of processes differs: this is the wall clock. */
export interface TrapsSent {
  readonly beganMs: number;
  readonly endedMs: number;
}

const SOCKETS = 8;
/** At once at most: a sender that was not run for a while does not make up for it by a burst that no receiver could keep. */
const MOST_AT_ONCE = 256;

async function send(packets: readonly Buffer[], sockets: readonly Socket[], perSecond: number): Promise<TrapsSent> {
  const beganMs = Date.now();
  let startMs = performance.now();
  for (let sent = 0; sent < packets.length; ) {
    const due = Math.floor(((performance.now() - startMs) * perSecond) / 1_000) - sent;
    if (due > 4 * MOST_AT_ONCE) startMs += ((due - MOST_AT_ONCE) * 1_000) / perSecond;
    for (const end = Math.min(packets.length, sent + Math.min(due, MOST_AT_ONCE)); sent < end; sent++)
      sockets[sent % SOCKETS]!.send(packets[sent]!);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { beganMs, endedMs: Date.now() };
}

process.on('disconnect', () => process.exit(0));
process.on('message', (message: TrapOrder | 'go') => {
  if (message !== 'go') void obey(message);
});

async function obey(order: TrapOrder): Promise<void> {
  const { version, address, port, count, perSecond, engine } = order;
  const maker = version === 'v2c' ? v2cMaker('trap') : v3Maker('trap', { ...engine, id: Buffer.from(engine.id, 'hex') });
  const packets = Array.from({ length: count }, (_, at) => maker.make(at));
  const sockets = Array.from({ length: SOCKETS }, () => createSocket('udp4'));
  for (const socket of sockets) {
    const connected = once(socket, 'connect');
    socket.connect(port, address);
    await connected;
    // What nobody reads is answered by ICMP.
    socket.on('error', () => undefined);
  }
  const told = once(process, 'message');
  process.send?.('made');
  await told;
  process.send?.(await send(packets, sockets, perSecond));
  for (const socket of sockets) socket.close();
}
