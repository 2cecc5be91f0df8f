import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { fileURLToPath } from 'node:url';
import { listenUdp } from '@yosugara/receivers';

/*
 * What do more UDP sockets on one port (SO_REUSEPORT) bring to a receiver of one process? `node dist/udp-sockets.js`.
 * CPU a message, since that bounds the rate of one thread and is the same on a busy machine; and how much of a burst is kept that
 * comes while the receiver stands still, since each socket has a buffer of its own.
 */
const MESSAGES = 60_000;
const SENDERS = 16;
const BURST = 60_000;
const STALL_MS = 1_500;
const ROUNDS = 3;
const RAW = Buffer.from(`<13>1 2026-11-21T10:00:00Z host app - - - ${'x'.repeat(158)}`);

interface Order {
  readonly port: number;
  readonly count: number;
  /** Between batches of 64: 0 = as fast as it goes. */
  readonly pauseMs: number;
}

async function send({ port, count, pauseMs }: Order): Promise<void> {
  const sockets = Array.from({ length: SENDERS }, () => createSocket('udp4'));
  for (let sent = 0; sent < count; sent += 64) {
    await Promise.all(
      Array.from(
        { length: 64 },
        (_, at) => new Promise((resolve) => sockets[at % SENDERS]!.send(RAW, port, '127.0.0.1', resolve)),
      ),
    );
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  for (const socket of sockets) socket.close();
}

/** In a process of its own, so that its time is not the receiver's. */
async function sent(order: Order): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ['send', JSON.stringify(order)]);
  await new Promise((resolve) => child.once('exit', resolve));
}

async function trial(sockets: number): Promise<{ readonly cpuUs: number; readonly keptPercent: number; readonly drops: number }> {
  let got = 0;
  const intake = () => ++got > 0;
  const options = { address: '127.0.0.1', port: 0, listener: 'own', kind: 'syslog', receiveBufferBytes: 8_388_608 } as const;
  const listener = await listenUdp({ ...options, sockets, intake });
  const quiet = async () => {
    for (let before = -1; before !== got; await new Promise((resolve) => setTimeout(resolve, 300))) before = got;
  };
  try {
    const began = process.cpuUsage();
    await sent({ port: listener.port, count: MESSAGES, pauseMs: 1 });
    await quiet();
    const used = process.cpuUsage(began);
    const cpuUs = (used.user + used.system) / got;
    const before = (await listener.kernelDrops()) ?? 0;
    got = 0;
    const burst = sent({ port: listener.port, count: BURST, pauseMs: 0 });
    // Time to start, and then it stands still.
    while (got === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, STALL_MS);
    await burst;
    await quiet();
    return { cpuUs, keptPercent: (100 * got) / BURST, drops: ((await listener.kernelDrops()) ?? 0) - before };
  } finally {
    await listener.close();
  }
}

async function main(): Promise<void> {
  const order = process.argv[3];
  if (process.argv[2] === 'send' && order !== undefined) return await send(JSON.parse(order));
  const middle = (values: number[]) => values.sort((a, b) => a - b)[values.length >> 1]!;
  const found = new Map<number, Awaited<ReturnType<typeof trial>>[]>();
  for (let round = 0; round < ROUNDS; round++)
    for (const sockets of [1, 2, 4]) found.set(sockets, [...(found.get(sockets) ?? []), await trial(sockets)]);
  console.log('sockets  CPU µs/msg  kept of a burst during a stall');
  for (const [sockets, trials] of found)
    console.log(
      `${sockets}        ${middle(trials.map(({ cpuUs }) => cpuUs)).toFixed(2)}        ${middle(trials.map(({ keptPercent }) => keptPercent)).toFixed(0)} %`,
    );
}

await main();
