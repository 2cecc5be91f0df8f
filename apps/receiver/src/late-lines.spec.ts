import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { MERGE_LIMITS } from '@yosugara/operations';
import type { MessageToStore } from '@yosugara/runtime';
import { pause, until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import { ingestInto } from './testing/ingested.js';
import { type DataNode, twoReceivers } from './testing/two-receivers.js';

const { address, ports, closers, configs, start } = await twoReceivers({ third: 78 });
type Send = (node: DataNode, lines: readonly string[]) => Promise<void>;

function byUdp(): Send {
  const socket = createSocket('udp4');
  closers.push(() => new Promise<void>((resolve) => socket.close(() => resolve())));
  return async (node, lines) => {
    for (const line of lines) socket.send(line, ports.syslog, address[node]);
  };
}
const byTcp = (): Send => async (node, lines) => {
  const socket = connect(ports.syslog, address[node]);
  closers.push(() => socket.destroy());
  await once(socket, 'connect');
  for (const line of lines) socket.write(`${line}\n`);
};
const EXACT = ['once', 'once, too'];
const WHOLE_SECONDS = '<13>Nov 21 10:00:00 web1 app: whole seconds';
const NO_TIME = '<13>app: no time at all';

it.each([
  ['a datagram that its sender held back for the one node', byUdp, [WHOLE_SECONDS]],
  ['a copy that comes over TCP when the window is long over', byTcp, [WHOLE_SECONDS, NO_TIME]],
] as const)('%s is known by its exact stamp, and by nothing less', async (_, sending, inexact) => {
  const config = configs();
  const [a, b] = [await start(config.a), await start(config.b)];
  await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);
  const send = sending();
  const lines = [...EXACT.map((text) => `<13>1 ${new Date().toISOString()} web1 app - - - ${text}`), ...inexact];
  await send('a', lines);
  await until(() => a.watermark().journals.some(({ durableSeq }) => durableSeq === lines.length));
  // The other copies wait in their sender's queue.
  await pause(MERGE_LIMITS.windowUs / 1_000 + 500);
  await send('b', lines);
  await until(
    () => b.watermark().journals.filter(({ bothSeq, durableSeq }) => Math.max(bothSeq, durableSeq) === lines.length).length === 2,
  );
  const rows: MessageToStore[] = [];
  const ingest = ingestInto(rows, 'b', config.b, b);
  closers.push(() => ingest.stop());
  const expected = [
    ...EXACT.map((text) => `${text}: a b`),
    ...inexact.flatMap((line) => ['a', 'b'].map((node) => `${line.slice(line.lastIndexOf(': ') + 2)}: ${node}`)),
  ];
  await until(() => rows.length >= expected.length);
  expect(rows.map(({ text, seenBy }) => `${text}: ${seenBy.join(' ')}`).sort()).toEqual(expected.sort());
});
