import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrivateCluster } from '@yosugara/cli/testing/private-cluster';
import { insideRequest } from '@yosugara/connectors/inside';
import { SILENT_LOG } from '@yosugara/kernel';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { loadConfig } from '@yosugara/receiver-app';
import { Connections } from '@yosugara/store';
import type pg from 'pg';
import type { FloodTarget } from './flood.js';
import { grantedBytes } from './system.js';
import { until } from './usage.js';

const THIRD = 93;
const JOURNAL_MB = 65_536;
const SETTLE_MS = 60_000;
const ANSWER_MS = 30_000;
const TRIES = 6;
const TRY_AGAIN_MS = 10_000;

export interface RowCluster {
  /** Of the Master and, with two nodes, of the Standby. */
  readonly targets: readonly FloodTarget[];
  readonly root: string;
  readonly master: string;
  /** Of the Master, for what a benchmark asks itself. */
  readonly database: pg.Pool;
  /** Of the Master's API, such as `/api/v1/events`. @param node another one. @throws Error it answered something else than 200. */
  get(path: string, node?: string): Promise<string>;
  /** The same with a body. @param node that is the Master by now */
  post(path: string, body: object, node?: string): Promise<string>;
  /** Its processes, and `yosugara` for them. */
  readonly cluster: PrivateCluster;
  /** Of that node's console. */
  consoleOf(node: string): string;
  /** What a load balancer that looks for the Master is told by that node. */
  statusCode(node: string): Promise<number>;
  /** Makes them the settings of the cluster. */
  apply(documents: readonly SettingDocument[]): Promise<void>;
  /** As PostgreSQL's superuser. */
  sql(text: string): string;
  /** As granted to the syslog socket. */
  readonly receiveBufferBytes: number;
  /** Journal records consumed so far: every one is in a row, in the same transaction. */
  consumed(): Promise<number>;
  counted(): Promise<Rows>;
  /** Rows away, so that a long search does not fill the disk. Nothing must be under way. */
  empty(): Promise<void>;
  /** Process ids by what they are. */
  processes(): Readonly<Record<string, readonly number[]>>;
  stop(): Promise<void>;
}

export interface SettingDocument {
  readonly kind: string;
  readonly id: string;
  readonly body: object;
}

export interface Rows {
  readonly rows: number;
  /** Seen by both nodes, as far as the row knows; the rest found their partner later. */
  readonly paired: number;
  readonly late: number;
}

/**
 * A whole cluster of real processes: controllers, receivers, managers, PostgreSQL. `single`: the Standby is switched off, so that the
 * Master serves alone.
 */
export async function startRowCluster(kind: 'single' | 'replicated'): Promise<RowCluster> {
  const cluster = await PrivateCluster.open(THIRD);
  const endNow = () => endAt(cluster.root);
  process.once('exit', endNow);
  const undo: (() => unknown)[] = [() => process.off('exit', endNow), () => cluster.close()];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    for (const node of ['a', 'b', 'w']) {
      const file = join(cluster.stateDir(node), 'yosugara.yaml');
      // All of it, generator included, shares this machine: the lease must outlive that.
      const text = readFileSync(file, 'utf8').replace(/profile: \w+/, 'profile: tolerant');
      writeFileSync(file, text.replace(/maxJournalMb: \d+/, `maxJournalMb: ${JOURNAL_MB}`), { mode: 0o600 });
    }
    for (const node of ['a', 'b', 'w']) cluster.start(node);
    const master = await cluster.until(
      'two in sync',
      ({ nodes, master: serving }) => nodes.every(({ syncSet }) => syncSet) && serving,
    );
    const other = master === 'a' ? 'b' : 'a';
    if (kind === 'single') {
      await cluster.powerOff(other);
      await cluster.until(
        'one serves alone',
        (status) => status.master === master && status.nodes.some(({ name, syncSet }) => name === other && !syncSet),
      );
    }
    const config = loadConfig(join(cluster.stateDir(master), 'yosugara.yaml'));
    const secret = (name: string) => readFileSync(join(config.stateDir, name), 'utf8').trim();
    const address = (node: string) => config.cluster.members.find(({ id }) => id === node)?.address ?? '';
    const database = new Connections(
      {
        ...{ node: master, host: address(master), port: config.ports.postgres, user: 'yosugara_manager', database: 'yosugara' },
        ...{ password: secret(STATE_LAYOUT.secrets.postgresManager), clusterCa: secret(STATE_LAYOUT.secrets.clusterCa) },
      },
      SILENT_LOG,
    );
    undo.push(() => database.close());
    const ask = async <Row extends object>(text: string) => (await database.readers.query<Row>(text)).rows[0]!;
    const positions = async () => await ask<{ sum: string | null }>('select sum(seq) from ingest_position');
    const consumed = async () => Number((await patiently(positions)).sum ?? 0);
    await until('the tables of the manager', SETTLE_MS, async () => (await positions().catch(() => null)) !== null);
    const targets = (kind === 'single' ? [master] : [master, other]).map((node) => ({
      address: address(node),
      port: config.ports.syslog,
    }));
    const isTls = config.console.tls.enabled;
    const ca = isTls ? secret(STATE_LAYOUT.secrets.clusterCa) : null;
    const consoleOf = (node: string) => `${isTls ? 'https' : 'http'}://${address(node)}:${config.ports.console}`;
    const request = async (node: string, path: string, method: 'GET' | 'POST' = 'GET', body = '') => {
      const headers = {
        authorization: `Bearer ${secret(STATE_LAYOUT.secrets.postgresApp)}`,
        ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      };
      const place = { host: address(node), port: config.ports.console, ca };
      const asked = insideRequest(place, { path, method, headers, signal: AbortSignal.timeout(ANSWER_MS) });
      asked.end(body);
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      const said = await text(answer);
      if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode} ${said.slice(0, 500)}`);
      return said;
    };
    const get = async (path: string, node: string = master) => await request(node, path);
    const post = async (path: string, body: object, node: string = master) =>
      await request(node, path, 'POST', JSON.stringify(body));
    const apply = async (documents: readonly SettingDocument[]) => {
      const file = join(cluster.root, 'settings.json');
      writeFileSync(file, JSON.stringify(documents));
      const { code, notes } = await cluster.yosugara('apply', '-f', file);
      if (code !== 0) throw new Error(`the settings were not taken: ${notes}`);
    };
    return {
      ...{ master, cluster, database: database.readers, get, post, apply, sql: (text: string) => cluster.sql(master, text) },
      consoleOf,
      statusCode: async (node: string) => {
        const url = `http://${address(node)}:${config.ports.status}/status/master`;
        return (await fetch(url, { signal: AbortSignal.timeout(1_000) })).status;
      },
      ...{ targets, root: cluster.root, receiveBufferBytes: grantedBytes(cluster.stateDir(master)), consumed, stop },
      counted: async () => {
        const found = await ask<{ rows: string; paired: string; late: string }>(
          `select count(*) as rows, count(*) filter (where cardinality(seen_by) = 2 or seen_with is not null) as paired,
             (select count(*) from message_seen_also) as late from message`,
        );
        return { rows: Number(found.rows), paired: Number(found.paired), late: Number(found.late) };
      },
      empty: async () => void cluster.sql(master, 'truncate message, message_seen_also'),
      processes: () => processesBelow(cluster.root),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What may be said twice, while very much is being made: a machine that is busy with it may take the database away for a moment. */
export async function patiently<T>(run: () => T | Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++)
    try {
      return await run();
    } catch (error) {
      if (tries === TRIES) throw error;
      await sleep(TRY_AGAIN_MS);
    }
}

/** For an end that waits for nothing. What is started meanwhile by one that is killed in this round is killed in the next. */
function endAt(root: string): void {
  for (let round = 0; round < 5; round++)
    for (const pid of Object.values(processesBelow(root)).flat())
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended.
      }
  rmSync(root, { recursive: true, force: true });
}

/** Programs of ours by the name of the app, `PostgreSQL` for what works in a folder below `root`. */
export function processesBelow(root: string): Readonly<Record<string, readonly number[]>> {
  const found: Record<string, number[]> = {};
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const name = nameOf(pid, root);
    if (name !== null) (found[name] ??= []).push(Number(pid));
  }
  return found;
}

function nameOf(pid: string, root: string): string | null {
  try {
    const args = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    if (args.startsWith('postgres') || args.includes('/bin/postgres'))
      return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${root}/`) ? 'PostgreSQL' : null;
    return args.includes(`${root}/`) ? (/\/apps\/(\w+)\/dist\/main\.js/.exec(args)?.[1] ?? null) : null;
  } catch {
    return null;
  }
}
