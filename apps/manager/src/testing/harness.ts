import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SILENT_LOG } from '@yosugara/kernel';
import { NodeConfigSchema, type RoleNotice } from '@yosugara/protocol';
import { openStore, type Store } from '@yosugara/store';
import { freePort, startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import { hostClock } from '../clock.js';
import type { ConsoleCertificates, ManagerConfig } from '../config.js';
import { JobsHandle } from '../jobs/jobs-handle.js';
import type { StartIngest } from '../lifecycle.js';
import { type RunningManager, startManager } from '../start.js';
import { openStorage } from '../wiring.js';
import { aStatus, FakeController } from './fake-controller.js';

export const PROBE_TOKEN = 'the-probe-token';
export const METRICS_TOKEN = 'the-metrics-token';
export const FIRST_PASSWORD = 'first-password-of-spec';
/** What the first login gives itself before it can do anything. */
export const ADMIN_PASSWORD = 'password-of-admin-of-spec';
/** Guards against what hangs: many times what it takes, for a machine that others share. */
const READY_DEADLINE_MS = 100_000;
const ANSWER_DEADLINE_MS = 60_000;
const SESSION_KEY = Buffer.alloc(32, 7);

export interface NodeOptions {
  readonly node: 'a' | 'b';
  readonly address: string;
  /** null: people come by the addresses of the nodes. */
  readonly vip: string | null;
  readonly port: number;
  /** Address of the other node. */
  readonly other?: string;
  readonly postgres: { readonly host: string; readonly port: number };
  readonly loginsPerMinute?: number;
  /** `access` of its configuration. */
  readonly access?: object;
  /** What it shows itself by over https; missing: plain http. */
  readonly tls?: ConsoleCertificates;
  /** Where the console is built; else it is one line. */
  readonly console?: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface TestNode {
  readonly url: string;
  readonly controller: FakeController;
  readonly manager: RunningManager;
  readonly ingest: CountedIngest;
  /** Nothing runs jobs until a spec says what does. */
  readonly jobs: JobsHandle;
  call(method: Method, path: string, options?: CallOptions): Promise<Answer>;
  /** Logs in, or fails; resolves to the cookie. The first login changes its password first. */
  login(password?: string, login?: string): Promise<string>;
  stop(): Promise<void>;
}

/** An ingest that stores nothing; a spec says what it would have stored. */
export interface CountedIngest {
  running: number;
  started: number;
  onStored: Parameters<StartIngest>[0]['onStored'];
  onCounted: NonNullable<Parameters<StartIngest>[0]['onCounted']>;
  missing: Parameters<StartIngest>[0]['missing'] | null;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly bearer?: string;
  readonly headers?: Record<string, string>;
  /** Default 5 s. */
  readonly withinMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a spec looks into answers of every shape.
  readonly body: any;
}

/** One node's manager with real sockets and a real database, and a controller that does what the spec says. */
export async function startNode(options: NodeOptions): Promise<TestNode> {
  const dir = mkdtempSync(join(tmpdir(), 'yosugara-manager-'));
  mkdirSync(join(dir, 'console', 'assets'), { recursive: true });
  writeFileSync(join(dir, 'console', 'index.html'), '<html>console</html>');
  writeFileSync(join(dir, 'console', 'assets', 'main-abc.js'), 'export {}');
  writeFileSync(join(dir, 'console', 'assets', 'main-abc.js.gz'), gzipSync('export {}'));
  const config = configOf(dir, options);
  const controller = new FakeController(config.controlSocket, options.node);
  controller.status = aStatus(1);
  await controller.listen();
  const { store, jobs: tables } = openStorage(config.postgres, options.node, SILENT_LOG);
  const jobs = new JobsHandle(tables);
  const ingest: CountedIngest = { running: 0, started: 0, onStored: () => undefined, onCounted: () => undefined, missing: null };
  const manager = await startManager({
    ...{ config, store, startIngest: countingIngest(ingest), clock: hostClock, log: SILENT_LOG, onOff: () => undefined },
    jobs,
    ...(options.loginsPerMinute === undefined ? {} : { loginsPerMinute: options.loginsPerMinute }),
  });
  const url = `${options.tls === undefined ? 'http' : 'https'}://${options.address}:${options.port}`;
  const call: TestNode['call'] = async (method, path, how = {}) => await ask(`${url}${path}`, method, how);
  return {
    ...{ url, controller, manager, ingest, jobs, call },
    login: async (password, login = 'admin') => await logIn(call, login, password),
    stop: async () => {
      await manager.stop();
      await controller.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

type Call = TestNode['call'];
const settled = new WeakSet<Call>();

async function logIn(call: Call, login: string, password: string | undefined): Promise<string> {
  const enter = async (body: object) => {
    const answer = await call('POST', '/api/login', { body: { login, ...body } });
    return { answer, cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' };
  };
  let entered = await enter({ password: password ?? (settled.has(call) ? ADMIN_PASSWORD : FIRST_PASSWORD) });
  // On the other node somebody did it already.
  if (password === undefined && entered.answer.status === 401) entered = await enter({ password: ADMIN_PASSWORD });
  const { answer, cookie } = entered;
  if (answer.status !== 200) throw new Error(`login: ${answer.status} ${JSON.stringify(answer.body)}`);
  if (password === undefined && answer.body.mustChange === true) {
    const changed = await call('POST', '/api/password', { cookie, body: { current: FIRST_PASSWORD, next: ADMIN_PASSWORD } });
    if (changed.status !== 200) throw new Error(`password: ${changed.status} ${JSON.stringify(changed.body)}`);
  }
  if (password === undefined) settled.add(call);
  return cookie;
}

export interface TwoManagers {
  readonly postgres: Pick<TestPostgres, 'host' | 'port'>;
  readonly store: Store;
  /** Of both managers' APIs. */
  readonly port: number;
  readonly a: TestNode;
  /** A second node on the same database, as a hot standby would show it. */
  readonly b: TestNode;
  stop(): Promise<void>;
}

/** @param third number of their addresses, 127.0.<third>.x, that spec files have for themselves. */
export async function startTwoManagers(
  third: number,
  loginsPerMinute: Partial<Record<'a' | 'b', number>> = {},
): Promise<TwoManagers> {
  const server = await startTestPostgres();
  const postgres = { host: server.host, port: server.port };
  const store = openStore({ ...postgres, database: 'postgres', user: 'postgres' });
  const port = await freePort();
  const vip = `127.0.${third}.10`;
  const start = async (node: 'a' | 'b', last: number) => {
    const logins = loginsPerMinute[node];
    const limit = logins === undefined ? {} : { loginsPerMinute: logins };
    return await startNode({ node, address: `127.0.${third}.${last}`, vip, port, postgres, ...limit });
  };
  const started = await Promise.allSettled([start('a', 1), start('b', 2)]);
  const stop = async () => {
    const nodes = started.flatMap((each) => (each.status === 'fulfilled' ? [each.value.stop()] : []));
    await Promise.allSettled([...nodes, store.close()]);
    await server.stop();
  };
  const [a, b] = started;
  if (a.status === 'fulfilled' && b.status === 'fulfilled') return { postgres, store, port, a: a.value, b: b.value, stop };
  await stop();
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

/** Ownership only grows: each change of role of the nodes of one cluster is a new epoch. */
export class Eras {
  #era = 0;

  get now(): number {
    return this.#era;
  }

  /** Its controller says so; active by itself, unless `change` says otherwise. */
  readonly become = (node: TestNode, name: string, change: Partial<RoleNotice> = {}): void => {
    this.#era += 1;
    const isActive = change.mode !== 'passive';
    node.controller.say({
      ...{ mode: 'active', epoch: this.#era, vip: false },
      ...(isActive ? { master: name } : { leaseUntilMs: 0 }),
      ...change,
    });
  };

  /** Resolves when it says that it is ready. */
  readonly becomeActive = async (node: TestNode, name: string, change: Partial<RoleNotice> = {}): Promise<void> => {
    this.become(node, name, change);
    const isReady = () => {
      const said = node.controller.lastReport();
      return said?.mode === 'active' && said.epoch === this.#era && said.ready;
    };
    const endMs = performance.now() + READY_DEADLINE_MS;
    while (!isReady()) {
      if (performance.now() > endMs)
        throw new Error(`${name} is not active and ready: ${JSON.stringify(node.controller.lastReport())}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
}

export async function ask(url: string, method: Method, how: CallOptions = {}): Promise<Answer> {
  const headers: Record<string, string> = { connection: 'close' };
  if (method !== 'GET') headers['x-yosugara'] = '1';
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  if (hasBody) headers['content-type'] = 'application/json';
  if (how.cookie !== undefined) headers['cookie'] = how.cookie;
  if (how.bearer !== undefined) headers['authorization'] = `Bearer ${how.bearer}`;
  Object.assign(headers, await madeFrom(url, method, headers, how.headers ?? {}));
  const answer = await fetch(url, {
    method,
    headers: { ...headers, ...how.headers },
    signal: AbortSignal.timeout(how.withinMs ?? ANSWER_DEADLINE_MS),
    ...(hasBody ? { body: JSON.stringify(how.body ?? {}) } : {}),
  });
  const text = await answer.text();
  const isJson = /^application\/(?:problem\+)?json/.test(answer.headers.get('content-type') ?? '');
  return { status: answer.status, headers: answer.headers, body: isJson ? JSON.parse(text) : text };
}

const WITH_REVISIONS = /\/api\/v1\/(?:settings\/[^/]+\/[^/?]+|users\/\d+)(?:\?|$)/;

/** As every client does: what is changed is read first, unless the spec says what it was made from, or that it does not. */
async function madeFrom(
  url: string,
  method: Method,
  credentials: Record<string, string>,
  said: Record<string, string>,
): Promise<Record<string, string>> {
  const changes = method === 'PUT' || method === 'PATCH' || method === 'DELETE';
  if (!changes || !WITH_REVISIONS.test(url) || 'if-match' in said || 'if-none-match' in said || BLIND in said) return {};
  const { 'content-type': _, ...headers } = credentials;
  const read = await fetch(url.split('?')[0]!, { headers, signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
  await read.arrayBuffer();
  const etag = read.headers.get('etag');
  if (etag !== null) return { 'if-match': etag };
  return method === 'PUT' ? { 'if-none-match': '*' } : { 'if-match': '*' };
}
/** A header of a spec that wants none of both sent. */
export const BLIND = 'x-blind';

const countingIngest =
  (ingest: CountedIngest): StartIngest =>
  async ({ onStored, onCounted = () => undefined, missing = null }) => {
    ingest.onStored = onStored;
    ingest.onCounted = onCounted;
    ingest.missing = missing;
    ingest.running += 1;
    ingest.started += 1;
    let isRunning = true;
    const stop = async () => {
      if (isRunning) ingest.running -= 1;
      isRunning = false;
    };
    return { behind: () => 0, failure: () => null, stop };
  };

function configOf(dir: string, options: NodeOptions): ManagerConfig {
  const member = (id: string, address: string) => ({ id, address, kind: 'data', peerId: `peer-${id}` });
  const config = NodeConfigSchema.parse({
    cluster: { id: 'spec', members: [member(options.node, options.address), member('z', options.other ?? '127.0.77.99')] },
    ...{ node: options.node, stateDir: dir, dataDir: dir },
    ...(options.access === undefined ? {} : { access: options.access }),
  });
  return {
    ...{ node: options.node, address: options.address, vip: options.vip, port: options.port, stateDir: dir, config },
    controlSocket: join(dir, 'control.sock'),
    staticDir: options.console ?? join(dir, 'console'),
    tls: options.tls ?? null,
    postgres: { ...options.postgres, user: 'postgres', database: 'postgres', password: 'none', clusterCa: null },
    secrets: {
      ...{ sessionKey: SESSION_KEY, probeToken: PROBE_TOKEN, metricsToken: METRICS_TOKEN },
      firstLogin: { login: 'admin', password: FIRST_PASSWORD },
    },
  };
}
