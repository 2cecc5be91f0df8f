import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { openJournalReader } from '@yosugara/journal';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import { wallUs } from '@yosugara/receivers';
import { IngestLoop, type IngestStore, type MessageToStore } from '@yosugara/runtime';
import { pause, until } from '@yosugara/testkit';
import { expect, it } from 'vitest';
import type { RunningReceiver } from './index.js';
import { configFile, newest, twoReceivers } from './testing/two-receivers.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const { address, ports, closers, configs, start } = await twoReceivers({
  third: 72,
  receiver: { receiveBufferBytes: 1_048_576 },
});

/** @param said gets what it logs. */
function receiverProcess(config: NodeConfig, said: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, '--config', configFile(config)], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout?.on('data', (chunk: Buffer) => said.push(chunk.toString()));
  closers.push(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** The database, in the least that shows; kept in memory. */
class Rows implements IngestStore {
  readonly rows: MessageToStore[] = [];
  positions = new Map<string, number>();
  late = 0;
  loadProgress = async () => ({ version: 0, positions: new Map(), window: EMPTY_WINDOW });
  findLone = async () => [];
  storeBatch: IngestStore['storeBatch'] = async ({ rows, seenAlso, positions }) => {
    this.rows.push(...rows);
    this.late += seenAlso.length;
    for (const { journalId, seq } of positions) this.positions.set(journalId, seq);
    return { keyHits: 0 };
  };
}

async function ingest(b: RunningReceiver, { stateDir }: NodeConfig): Promise<Rows> {
  const store = new Rows();
  const [own, peerCopy] = [STATE_LAYOUT.journalOwn, STATE_LAYOUT.journalPeer].map((name) =>
    openJournalReader(join(stateDir, name)),
  );
  const loop = new IngestLoop({
    ...{ self: 'b', peer: 'a', own: own!, peerCopy: peerCopy!, store, log: SILENT_LOG, watermark: () => b.watermark() },
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    permit: () => ({ epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY, ingestAlone: false, bothDatabases: true }),
  });
  loop.start();
  closers.push(async () => {
    await loop.stop();
    await Promise.all([own?.close(), peerCopy?.close()]);
  });
  await until(() => b.watermark().journals.every(({ journalId, durableSeq }) => store.positions.get(journalId) === durableSeq));
  return store;
}

it('a receiver that stood still for 3 s: what was sent to both nodes meanwhile is stored once, with the time of the other node', async () => {
  const said: string[] = [];
  const config = configs();
  const a = receiverProcess(config.a, said);
  const b = await start(config.b);
  await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);

  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  const lines = (['a', 'b'] as const).map((node) => connect(ports.syslog, address[node]));
  for (const line of lines) {
    closers.push(() => line.destroy());
    await once(line, 'connect');
  }
  const sentAtUs = new Map<string, number[]>();
  let sent = 0;
  const send = async (text: string) => {
    sent++;
    sentAtUs.set(text, [...(sentAtUs.get(text) ?? []), wallUs()]);
    for (const node of ['a', 'b'] as const)
      await new Promise((resolve) => socket.send(`<13>${text}`, ports.syslog, address[node], resolve));
  };
  const sendOverTcp = (text: string) => {
    sent++;
    sentAtUs.set(text, [wallUs()]);
    for (const line of lines) line.write(`<13>${text}\n`);
  };
  // The other node is in this process: its times are as late as that itself may be.
  const ownDelay = monitorEventLoopDelay({ resolution: 10 });
  ownDelay.enable();
  closers.push(() => ownDelay.disable());
  await send('before');
  // A device says the same every second: as often as it says it is as often as it is stored.
  await send('again');
  a.kill('SIGSTOP');
  const from = performance.now();
  // More than is taken off a socket in one turn.
  for (let at = 0; at < 150; at++) await send(`burst ${at}`);
  for (let at = 0; performance.now() - from < 3_000; at++) {
    await send(`frozen ${at}`);
    sendOverTcp(`line ${at}`);
    if (at % 20 === 0) await send('again');
    await pause(30);
  }
  a.kill('SIGCONT');
  await send('again');
  for (let at = 0; at < 20; at++) {
    await send(`after ${at}`);
    await pause(30);
  }
  await until(() => newest(b.watermark(), 'own')?.bothSeq === sent && newest(b.watermark(), 'peer')?.durableSeq === sent);

  await until(() => /"event":"receiver.stood_still","forMs":([3-9]\d|\d\d\d)\d\d/.test(said.join('')));
  const { rows, late } = await ingest(b, config.b);
  const count = new Map<string, number>();
  for (const { text } of rows) count.set(text, (count.get(text) ?? 0) + 1);
  expect(count).toEqual(new Map([...sentAtUs].map(([text, times]) => [text, times.length])));
  expect(rows.reduce((sum, row) => sum + row.seenBy.length, late)).toBe(2 * sent);
  const off = rows.map((row) => Math.min(...sentAtUs.get(row.text)!.map((at) => Math.abs(row.receivedAtUs - at))));
  expect(Math.max(...off)).toBeLessThan(2_000_000 + ownDelay.max / 1_000);
});
