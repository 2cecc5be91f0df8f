import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournalReader } from '@yosugara/journal';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { wallUs } from '@yosugara/receivers';
import { IngestLoop, type IngestStore, type MessageToStore } from '@yosugara/runtime';
import { freePorts } from '@yosugara/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { loadConfig, type RunningReceiver, startReceiver } from './index.js';

/** Addresses of this spec alone. */
const ADDRESS = { a: '127.0.72.1', b: '127.0.72.2' } as const;
const [syslog = 0, trap = 0, journal = 0] = await freePorts(3);
const PORTS = { syslog, trap, journal };
const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
let root = '';
const closers: (() => unknown)[] = [];
const pause = async (ms: number) => await new Promise((resolve) => setTimeout(resolve, ms));
const until = async (holds: () => boolean, deadlineMs = 90_000) => {
  for (const end = performance.now() + deadlineMs; !holds(); await pause(10))
    if (performance.now() > end) throw new Error('not within the deadline');
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'yosugara-frozen-'));
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: root, stdio: 'pipe' });
  const key = ['-newkey', 'ed25519', '-nodes', '-keyout'];
  openssl('req', '-x509', ...key, 'ca.key', '-out', 'ca.crt', '-subj', '/CN=ca', '-days', '2');
  const data = (['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], peerId: id }));
  const members = [...data, { id: 'w', kind: 'witness', address: '127.0.72.3', peerId: 'w' }];
  for (const node of ['a', 'b']) {
    const secrets = join(root, node, 'secrets');
    mkdirSync(secrets, { recursive: true });
    openssl('req', ...key, join(secrets, 'tls.key'), '-out', 'csr', '-subj', `/CN=${node}`);
    const sign = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-out', join(secrets, 'tls.crt'), '-days', '2'];
    openssl('x509', '-req', '-in', 'csr', ...sign);
    execFileSync('cp', [join(root, 'ca.crt'), secrets]);
    const dir = join(root, node);
    const config = {
      ...{ cluster: { id: 'test', members }, node, ports: PORTS, stateDir: dir, dataDir: dir },
      receiver: { maxJournalMb: 64, receiveBufferBytes: 1_048_576 },
    };
    // JSON is YAML.
    writeFileSync(join(dir, 'yosugara.yaml'), JSON.stringify(config));
  }
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(root, { recursive: true, force: true });
});

/** @param said gets what it logs. */
function receiverProcess(node: 'a' | 'b', said: string[]): ChildProcess {
  const child = spawn(process.execPath, [MAIN, '--config', join(root, node, 'yosugara.yaml')], {
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

async function ingest(b: RunningReceiver): Promise<Rows> {
  const store = new Rows();
  const [own, peerCopy] = ['own', 'peer'].map((side) => openJournalReader(join(root, 'b/journal', side)));
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

const newest = (mark: Watermark, side: 'own' | 'peer') => mark.journals.filter((journal) => journal.side === side).at(-1);

it('a receiver that stood still for 3 s: what was sent to both nodes meanwhile is stored once, with the time of the other node', async () => {
  const said: string[] = [];
  const a = receiverProcess('a', said);
  const b = await startReceiver(loadConfig(join(root, 'b/yosugara.yaml')), SILENT_LOG, (error) => expect.fail(error.message));
  closers.push(() => b.stop());
  await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);

  const socket = createSocket('udp4');
  closers.push(() => socket.close());
  const lines = (['a', 'b'] as const).map((node) => connect(PORTS.syslog, ADDRESS[node]));
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
      await new Promise((resolve) => socket.send(`<13>${text}`, PORTS.syslog, ADDRESS[node], resolve));
  };
  const sendOverTcp = (text: string) => {
    sent++;
    sentAtUs.set(text, [wallUs()]);
    for (const line of lines) line.write(`<13>${text}\n`);
  };
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
  const { rows, late } = await ingest(b);
  const count = new Map<string, number>();
  for (const { text } of rows) count.set(text, (count.get(text) ?? 0) + 1);
  expect(count).toEqual(new Map([...sentAtUs].map(([text, times]) => [text, times.length])));
  expect(rows.reduce((sum, row) => sum + row.seenBy.length, late)).toBe(2 * sent);
  const off = rows.map((row) => Math.min(...sentAtUs.get(row.text)!.map((at) => Math.abs(row.receivedAtUs - at))));
  expect(Math.max(...off)).toBeLessThan(2_000_000);
});
