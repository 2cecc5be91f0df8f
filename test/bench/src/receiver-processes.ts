import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { initCluster } from '@yosugara/cli';
import { THREAD_POOL } from '@yosugara/kernel';
import { NodeConfigSchema, type ReceiverReport, ReceiverReportSchema, STATE_LAYOUT, type Watermark } from '@yosugara/protocol';
import { loadConfig } from '@yosugara/receiver-app';
import { followLines, serveLines } from '@yosugara/receivers';
import { freePorts } from '@yosugara/testkit';
import { temporaryFolder } from './system.js';
import { until } from './usage.js';

const MAIN = fileURLToPath(
  import.meta
    .resolve('@yosugara/receiver-app')
    .replace(/index\.[jt]s$/, 'main.js')
    .replace('/src/', '/dist/'),
);
const ADDRESS = { a: '127.0.91.1', b: '127.0.91.2' } as const;
const START_DEADLINE_MS = 30_000;
const STOP_DEADLINE_MS = 10_000;

export interface BenchReceiver {
  readonly node: 'a' | 'b';
  readonly pid: number;
  readonly address: string;
  readonly stateDir: string;
  /** Newest word of the receiver: every 50 ms while something changes. */
  watermark(): Watermark | null;
  /** Records fsynced in the journal of this start, and those that are on both nodes' disks. */
  journaled(): { readonly own: number; readonly both: number };
  /** Of the last half second; null = none yet. */
  report(): ReceiverReport | null;
  /** Says that both databases hold everything, so that the journals let go of what is on both disks. */
  letGo(): void;
  stop(): Promise<void>;
}

export interface BenchReceivers {
  readonly ports: { readonly syslog: number; readonly trap: number; readonly relp: number };
  readonly a: BenchReceiver;
  /** null = its peer is down. */
  readonly b: BenchReceiver | null;
  stop(): Promise<void>;
}

export interface ReceiversOptions {
  /** `['a']`: the peer is down. Default: both. */
  readonly nodes?: readonly ('a' | 'b')[];
  /** More of the section `receiver` in yosugara.yaml. Paths of secrets are made with `secret`. */
  readonly receiver?: (secret: (name: string, content: string) => string) => object;
  /** Whether journals are encrypted; default off. */
  readonly journal?: 'on' | 'off' | undefined;
  /** The controller's word that this node may answer alone; only with the peer down. */
  readonly alone?: boolean;
}

/**
 * Receivers as processes of their own, as in production: journals on disk, mutual TLS between them. There is no controller; its socket
 * is served from here, to hear their reports. Folder and processes go with `stop`.
 */
export async function startReceivers(options: ReceiversOptions = {}): Promise<BenchReceivers> {
  const { dir, remove } = temporaryFolder('yosugara-bench-');
  const undo: (() => unknown)[] = [remove];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const [syslog = 0, trap = 0, relp = 0, journal = 0, syslogTls = 0, customTrap = 0] = await freePorts(6);
    const { nodes } = await initCluster(dir, {
      clusterId: 'bench',
      dataDir: join(dir, '%n'),
      members: [
        ...(['a', 'b'] as const).map((id) => ({ id, kind: 'data', address: ADDRESS[id], zone: id }) as const),
        // Only configured: the rules want somebody to decide between the two.
        { id: 'w', kind: 'witness', address: '127.0.91.3', zone: 'w' },
      ],
      ports: { syslog, trap, relp, journal, syslogTls, customTrap },
    });
    const started = { a: null as BenchReceiver | null, b: null as BenchReceiver | null };
    for (const { id, configFile } of nodes) {
      const node = (options.nodes ?? (['a', 'b'] as const)).find((one) => one === id);
      if (node === undefined) continue;
      const secret = (name: string, content: string) => {
        const path = join(dir, node, 'secrets', name);
        writeFileSync(path, `${content}\n`, { mode: 0o600 });
        return path;
      };
      const config = loadConfig(configFile);
      const receiver = { ...config.receiver, ...options.receiver?.(secret) };
      // JSON is YAML.
      writeFileSync(
        configFile,
        JSON.stringify(NodeConfigSchema.parse({ ...config, receiver, journal: { encryption: options.journal ?? 'off' } })),
      );
      started[node] = await startOne(
        { node, configFile, stateDir: config.stateDir, address: ADDRESS[node], alone: options.alone === true },
        undo,
      );
    }
    if (started.a === null) throw new Error('node a is always started');
    const { a, b } = started;
    if (b !== null)
      await until('the link between the receivers', START_DEADLINE_MS, () =>
        [a, b].every((one) => one.watermark()?.peerLink === 'up'),
      );
    return { ports: { syslog, trap, relp }, a, b, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Start {
  readonly node: 'a' | 'b';
  readonly configFile: string;
  readonly stateDir: string;
  readonly address: string;
  readonly alone: boolean;
}

async function startOne({ node, configFile, stateDir, address, alone }: Start, undo: (() => unknown)[]): Promise<BenchReceiver> {
  let report: ReceiverReport | null = null;
  let watermark: Watermark | null = null;
  mkdirSync(stateDir, { recursive: true });
  const controller = await serveLines(join(stateDir, STATE_LAYOUT.controlSocket), {
    onDocument: (document, connection) => {
      const { method, report: reported } = document as { readonly method?: string; readonly report?: unknown };
      if (method === 'report') report = ReceiverReportSchema.parse(reported);
      else if (alone) connection.send({ event: roleOf(node) });
    },
  });
  undo.push(() => controller.close());
  const logFile = join(stateDir, 'receiver.log');
  const log = openSync(logFile, 'a');
  const env = { ...process.env, ...THREAD_POOL };
  const child = spawn(process.execPath, [MAIN, '--config', configFile], { env, stdio: ['ignore', log, log] });
  closeSync(log);
  const killNow = () => child.kill('SIGKILL');
  process.prependOnceListener('exit', killNow);
  const stop = async () => {
    process.off('exit', killNow);
    await ended(child);
  };
  undo.push(stop);
  let send: (document: unknown) => void = () => undefined;
  const unfollow = followLines(join(stateDir, STATE_LAYOUT.receiverSocket), {
    onOpen: (connection) => {
      send = (document) => connection.send(document);
    },
    onDocument: (document) => {
      watermark = document as Watermark;
    },
  });
  undo.push(unfollow);
  await until(`the start of receiver ${node}`, START_DEADLINE_MS, () => {
    if (child.exitCode !== null) throw new Error(`receiver ${node} ended: ${readFileSync(logFile, 'utf8').slice(-2_000)}`);
    return watermark !== null;
  });
  return {
    ...{ node, pid: child.pid ?? 0, address, stateDir },
    watermark: () => watermark,
    journaled: () => {
      const own = watermark?.journals.findLast(({ side }) => side === 'own');
      return { own: own?.durableSeq ?? 0, both: own?.bothSeq ?? 0 };
    },
    report: () => report,
    letGo: () =>
      send({ ingested: watermark?.journals.map(({ journalId, durableSeq }) => ({ journalId, seq: durableSeq })) ?? [] }),
    stop,
  };
}

function roleOf(node: string): object {
  return {
    ...{ node, epoch: 1, mode: 'active', leaseUntilMs: Number.MAX_SAFE_INTEGER, master: node, vip: false, syncSet: [node] },
    ingestAlone: true,
  };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_DEADLINE_MS);
  await exit;
  clearTimeout(late);
}
