import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openJournalReader } from '@yosugara/journal';
import { epoch, SILENT_LOG } from '@yosugara/kernel';
import { EMPTY_WINDOW } from '@yosugara/operations';
import { type NodeConfig, type RoleNotice, STATE_LAYOUT } from '@yosugara/protocol';
import { monotonicMs, serveLines } from '@yosugara/receivers';
import { IngestLoop, type IngestStore } from '@yosugara/runtime';
import { freePorts, pause, until } from '@yosugara/testkit';
import { describe, expect, it } from 'vitest';
import type { RunningReceiver } from './index.js';
import { configFile, type DataNode, twoReceivers } from './testing/two-receivers.js';

const MAIN = fileURLToPath(new URL('../dist/main.js', import.meta.url));
const DOCS = fileURLToPath(new URL('../../../docs/senders/', import.meta.url));
const RSYSLOGD = ['/usr/sbin/rsyslogd', '/sbin/rsyslogd', '/usr/local/sbin/rsyslogd'].find((path) => existsSync(path));
const hasModule = (name: string) => readdirSync('/usr/lib').some((dir) => existsSync(join('/usr/lib', dir, 'rsyslog', name)));
const isHere = RSYSLOGD !== undefined && hasModule('omrelp.so') && hasModule('lmnsd_gtls.so');

/** Those by which nothing may be lost or doubled. */
const WAYS = ['udp-both', 'tcp-both', 'tls-both', 'relp-vip'] as const;
const A_TICK = 10;
const TICK_MS = 50;
/** Nothing comes any more: longer than senders wait before they try a node again. */
const SETTLED_MS = 8_000;

const receivers = await twoReceivers({
  third: 77,
  vip: true,
  names: (node) => [`DNS:${node}`],
  receiver: { receiveBufferBytes: 1_048_576 },
});
const { address, ports, closers, configs, start } = receivers;
const inputs = await freePorts(WAYS.length);

function ended(child: ChildProcess): Promise<unknown> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve() : once(child, 'exit');
}
function running(program: string, args: readonly string[]): ChildProcess {
  const child = spawn(program, args, { stdio: 'ignore' });
  closers.push(async () => {
    child.kill('SIGKILL');
    await ended(child);
  });
  return child;
}
const receiverProcess = (config: NodeConfig) => running(process.execPath, [MAIN, '--config', configFile(config)]);

/** A file of the docs, with this test's addresses, ports and folders in place of the example's. */
function fromDocs(way: string): string {
  return readFileSync(join(DOCS, `rsyslog/${way}.conf`), 'utf8')
    .replaceAll('yosugara.example.org', address.vip)
    .replaceAll('a.example.org', address.a)
    .replaceAll('b.example.org', address.b)
    .replaceAll('port="514"', `port="${ports.syslog}"`)
    .replaceAll('port="6514"', `port="${ports.syslogTls}"`)
    .replaceAll('port="2514"', `port="${ports.relp}"`)
    .replaceAll('/etc/rsyslog.d/yosugara-ca.crt', receivers.ca.caFile);
}

function rsyslogd(way: string, input: number): void {
  const dir = join(receivers.dir, way);
  mkdirSync(dir, { recursive: true });
  const config = join(dir, 'rsyslog.conf');
  writeFileSync(
    config,
    `global(workDirectory="${dir}")
module(load="imptcp")
input(type="imptcp" address="127.0.0.1" port="${input}")
${fromDocs(way)}`,
  );
  running(RSYSLOGD!, ['-n', '-f', config, '-i', join(dir, 'pid')]);
}

/** Numbered lines into one rsyslogd, as an application logs them. */
class Feed {
  readonly #way: string;
  readonly #socket: Socket;
  count = 0;

  constructor(way: string, socket: Socket) {
    this.#way = way;
    this.#socket = socket;
  }

  static async open(way: string, port: number): Promise<Feed> {
    let socket: Socket | null = null;
    await until(async () => {
      const dialled = connect({ host: '127.0.0.1', port });
      const isOpen = await new Promise<boolean>((resolve) => {
        dialled.once('connect', () => resolve(true));
        dialled.once('error', () => resolve(false));
      });
      if (isOpen) socket = dialled;
      return isOpen;
    });
    closers.push(() => socket?.destroy());
    return new Feed(way, socket!);
  }

  say(lines: number): void {
    for (let left = lines; left > 0; left--) {
      const at = new Date().toISOString().replace('Z', `${String(++this.count % 1_000).padStart(3, '0')}+00:00`);
      this.#socket.write(`<134>1 ${at} web1 ${this.#way} - - - n=${this.count}.\n`);
    }
  }
}

/** What a controller would say to its node's receiver. */
async function controllerOf(node: DataNode, { stateDir }: NodeConfig) {
  let said = { vip: false, ingestAlone: false };
  const notice = (): RoleNotice => ({
    ...{ node, epoch: 1, mode: 'active', leaseUntilMs: monotonicMs() + 600_000, master: node, syncSet: ['a', 'b'] },
    ...said,
  });
  const control = await serveLines(join(stateDir, STATE_LAYOUT.controlSocket), {
    onDocument: (document, connection) => {
      if ((document as { method?: string }).method === 'watch') connection.send({ id: 1, event: notice() });
    },
  });
  closers.push(() => control.close());
  return (change: Partial<typeof said>) => {
    said = { ...said, ...change };
    control.broadcast({ id: 1, event: notice() });
  };
}

/** Rows of each way by number, as often as they are stored. */
async function ingested(b: RunningReceiver, { stateDir }: NodeConfig): Promise<Map<string, number[]>> {
  const rows = new Map<string, number[]>(WAYS.map((way) => [way, []]));
  const stored = new Map<string, number>();
  const store: IngestStore = {
    loadProgress: async () => ({ version: 0, positions: new Map(), window: EMPTY_WINDOW }),
    findLone: async () => [],
    storeBatch: async (batch) => {
      for (const { app, text } of batch.rows) rows.get(app ?? '')?.push(Number(/n=(\d+)\./.exec(text)?.[1]));
      for (const { journalId, seq } of batch.positions) stored.set(journalId, seq);
      return { keyHits: 0 };
    },
  };
  const [own, peerCopy] = [STATE_LAYOUT.journalOwn, STATE_LAYOUT.journalPeer].map((name) =>
    openJournalReader(join(stateDir, name)),
  );
  const loop = new IngestLoop({
    ...{ self: 'b', peer: 'a', own: own!, peerCopy: peerCopy!, store, log: SILENT_LOG, watermark: () => b.watermark() },
    clock: { monotonicMs: () => performance.now(), wallMs: () => Date.now() },
    permit: () => ({ epoch: epoch(1), leaseUntilMs: Number.POSITIVE_INFINITY, ingestAlone: true, bothDatabases: true }),
  });
  loop.start();
  closers.push(async () => {
    await loop.stop();
    await Promise.all([own?.close(), peerCopy?.close()]);
  });
  await until(() => b.watermark().journals.every(({ journalId, durableSeq }) => (stored.get(journalId) ?? 0) === durableSeq));
  return rows;
}

describe.skipIf(!isHere)('rsyslog with the configurations of docs/senders', () => {
  it('through the end of one node and its return: nothing is lost, nothing is doubled', { timeout: 240_000 }, async () => {
    const config = configs();
    const [sayToA, sayToB] = [await controllerOf('a', config.a), await controllerOf('b', config.b)];
    sayToA({ vip: true });
    const a = receiverProcess(config.a);
    const b = await start(config.b);
    await until(() => b.watermark().peerLink === 'up' && b.watermark().clockOffsetUs !== null);
    for (const [at, way] of WAYS.entries()) rsyslogd(way, inputs[at]!);
    const feeds = await Promise.all(WAYS.map((way, at) => Feed.open(way, inputs[at]!)));
    const talk = async (forMs: number) => {
      for (const endMs = performance.now() + forMs; performance.now() < endMs; await pause(TICK_MS))
        for (const feed of feeds) feed.say(A_TICK);
    };

    await talk(2_000);
    // It hangs, so that much is on its way and unanswered, and then it is gone.
    a.kill('SIGSTOP');
    await talk(1_500);
    a.kill('SIGKILL');
    await ended(a);
    sayToA({ vip: false });
    sayToB({ vip: true, ingestAlone: true });
    await talk(3_000);
    receiverProcess(config.a);
    await talk(8_000);

    const received = () => b.watermark().journals.reduce((sum, { durableSeq }) => sum + durableSeq, 0);
    let last = { count: -1, atMs: 0 };
    await until(() => {
      if (received() !== last.count) last = { count: received(), atMs: performance.now() };
      return performance.now() - last.atMs > SETTLED_MS && b.watermark().peerLink === 'up';
    });
    const rows = await ingested(b, config.b);
    // What a sender that stood still says later comes, too; what does not come is told below, by its way.
    await until(() => WAYS.every((way, at) => new Set(rows.get(way)).size >= feeds[at]!.count)).catch(() => undefined);
    for (const [at, way] of WAYS.entries()) {
      const numbers = rows.get(way)!.sort((left, right) => left - right);
      expect(numbers, way).toEqual(Array.from({ length: feeds[at]!.count }, (_, index) => index + 1));
    }
  });
});
