import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { MERGE_LIMITS } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import { pause, until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { ingestInto } from './testing/ingested.js';
import { twoReceivers } from './testing/two-receivers.js';

const { address, ports, closers, configs, start } = await twoReceivers({ third: 78 });

it('a datagram that its sender held back for the one node is known by its exact stamp, and by nothing less', async () => {
  const config = configs();
  const [a, b] = [await start(config.a), await start(config.b)];
  await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);
  const socket = createSocket('udp4');
  closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  const say = (node: 'a' | 'b', lines: readonly string[]) => {
    for (const line of lines) socket.send(line, ports.syslog, address[node]);
  };
  const exact = (text: string) => `<13>1 ${new Date().toISOString()} web1 app - - - ${text}`;
  const lines = [exact('once'), exact('once, too'), '<13>Nov 21 10:00:00 web1 app: whole seconds'];
  say('a', lines);
  await until(() => a.watermark().journals.some(({ durableSeq }) => durableSeq === lines.length));
  await pause(MERGE_LIMITS.windowUs / 1_000 + 500);
  say('b', lines);
  await until(
    () => b.watermark().journals.filter(({ bothSeq, durableSeq }) => Math.max(bothSeq, durableSeq) === lines.length).length === 2,
  );
  const rows: MessageToStore[] = [];
  const ingest = ingestInto(rows, 'b', config.b, b);
  closers.push(() => ingest.stop());
  await until(() => rows.length >= 4);
  expect(rows.map(({ text, seenBy }) => `${text}: ${seenBy.join(' ')}`).sort()).toEqual([
    ...['once, too: a b', 'once: a b', 'whole seconds: a', 'whole seconds: b'],
  ]);
});

it('a copy that comes over TCP when the window is long over is known by its exact stamp, and by nothing less', async () => {
  const config = configs();
  const [a, b] = [await start(config.a), await start(config.b)];
  await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);
  const say = async (node: 'a' | 'b', lines: readonly string[]) => {
    const socket = connect(ports.syslog, address[node]);
    closers.push(() => socket.destroy());
    await once(socket, 'connect');
    for (const line of lines) socket.write(`${line}\n`);
  };
  const exact = (text: string) => `<13>1 ${new Date().toISOString()} web1 app - - - ${text}`;
  const lines = [exact('once'), exact('once, too'), '<13>Nov 21 10:00:00 web1 app: whole seconds', '<13>app: no time at all'];
  await say('a', lines);
  await until(() => a.watermark().journals.some(({ durableSeq }) => durableSeq === lines.length));
  // The other copies wait in their sender's queue.
  await pause(MERGE_LIMITS.windowUs / 1_000 + 500);
  await say('b', lines);
  await until(
    () => b.watermark().journals.filter(({ bothSeq, durableSeq }) => Math.max(bothSeq, durableSeq) === lines.length).length === 2,
  );

  const rows: MessageToStore[] = [];
  const ingest = ingestInto(rows, 'b', config.b, b);
  closers.push(() => ingest.stop());
  await until(() => rows.length >= 6);
  const seen = rows.map(({ text, seenBy }) => `${text}: ${seenBy.join(' ')}`).sort();
  expect(seen).toEqual([
    ...['no time at all: a', 'no time at all: b', 'once, too: a b', 'once: a b', 'whole seconds: a', 'whole seconds: b'],
  ]);
});
