import { once } from 'node:events';
import { connect, createServer, type Server } from 'node:net';
import { freePorts } from '@yosugara/testkit';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildChildPrograms } from '../testing/build.js';
import { ForwarderChild } from './forwarder-child.js';
import { BURST_MS } from './line-bucket.js';

const HOST = '127.0.2.7';

beforeAll(buildChildPrograms);
const undo: (() => unknown)[] = [];
afterEach(async () => {
  for (const step of undo.splice(0).reverse()) await step();
});

/** A forwarder in front of a server of ours, that listens. @returns its port */
async function forwarded(bytesPerSecond: number | null, server: Server): Promise<number> {
  const [port, target] = (await freePorts(2)) as [number, number];
  server.listen(target, HOST);
  await once(server, 'listening');
  undo.push(() => server.close());
  await new Promise<void>((resolve) => {
    const way = { listen: { host: HOST, port }, to: { host: HOST, port: target }, from: HOST };
    const child = new ForwarderChild({ ways: [way], bytesPerSecond }, {}, (message) => 'listening' in message && resolve());
    undo.push(() => child.stop());
    child.start();
  });
  return port;
}

describe('a forwarder with a bound', () => {
  it('passes on all that comes back, at no moment more than its bound lets it, however many connections share it', async () => {
    const bytesPerSecond = 1_000_000;
    const bytes = 400_000;
    const streams = 3;
    const from = new Set<string | undefined>();
    const sends = createServer((socket) => {
      from.add(socket.remoteAddress);
      socket.end(Buffer.alloc(bytes, 'w'));
    });
    const port = await forwarded(bytesPerSecond, sends);
    const beganMs = performance.now();
    let came = 0;
    let tooMuch = 0;
    const each = Array.from({ length: streams }, async () => {
      const socket = connect(port, HOST).on('data', (chunk) => {
        came += chunk.length;
        const most = (bytesPerSecond * (performance.now() - beganMs + BURST_MS)) / 1_000;
        tooMuch = Math.max(tooMuch, came - most);
      });
      await once(socket, 'close');
    });
    await Promise.all(each);
    // Also the end of what a server says that goes as soon as it has said it.
    expect(came).toBe(streams * bytes);
    expect(tooMuch).toBe(0);
    expect([...from]).toEqual([HOST]);
  });

  it('holds back nothing that goes the other way', async () => {
    const bytes = 1_000_000;
    const heard = new Promise<number>((resolve) => {
      const hears = createServer((socket) => {
        let length = 0;
        socket.on('data', (chunk) => {
          length += chunk.length;
        });
        socket.on('end', () => resolve(length));
      });
      // A byte a second: at that rate it would be there in eleven days.
      void forwarded(1, hears).then((port) =>
        connect(port, HOST)
          .on('error', () => {})
          .end(Buffer.alloc(bytes)),
      );
    });
    expect(await heard).toBe(bytes);
  });

  it('ends what was begun when the server goes', async () => {
    const goes = createServer((socket) => socket.resetAndDestroy());
    const port = await forwarded(1_000, goes);
    const socket = connect(port, HOST).on('error', () => {});
    await once(socket, 'close');
  });
});
