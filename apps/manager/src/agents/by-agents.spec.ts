import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatePem, newAuthority, type Authority as Pki } from '@yosugara/connectors/pki';
import { SILENT_LOG } from '@yosugara/kernel';
import { parseSetting } from '@yosugara/protocol';
import { freePort, startTestPostgres, type TestPostgres, until } from '@yosugara/testkit';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Agent } from '../../../agent/src/agent.js';
import { HOST_CLOCK } from '../../../agent/src/clock.js';
import { saveIdentity } from '../../../agent/src/identity.js';
import { hostClock } from '../clock.js';
import type { ManagerConfig } from '../config.js';
import type { Permission } from '../control/authority.js';
import { JobsHandle } from '../jobs/jobs-handle.js';
import type { RunningIngest } from '../lifecycle.js';
import { Operations } from '../operations/operations.js';
import { LiveSettings } from '../settings/live-settings.js';
import type { ManagerStore } from '../store/ports.js';
import { openStorage } from '../wiring.js';
import { Agents } from './agents.js';
import { askToJoin, managingConfig } from './testing/managing.js';

interface Manager {
  readonly config: ManagerConfig;
  readonly store: ManagerStore;
  readonly live: LiveSettings;
  readonly agents: Agents;
  /** From then on it is the Master. @returns ends it. */
  serve(epoch: number): Promise<RunningIngest>;
  close(): Promise<void>;
}

let server: TestPostgres;
let pool: pg.Pool;
let pki: Pki;
let dir: string;
const ends: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'yosugara-by-agents-'));
  server = await startTestPostgres();
  pool = new pg.Pool({ host: server.host, port: server.port, database: 'postgres', user: 'postgres' });
  pki = await newAuthority('spec');
});
afterAll(async () => {
  for (const end of ends.reverse()) await end();
  await pool?.end();
  await server?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The parts of a manager that have to do with agents, over the database that both nodes have. */
async function manager(node: 'a' | 'b', port: number): Promise<Manager> {
  const config = await managingConfig({ dir, pki, node, third: 92, port, postgres: server, sessionKey: Buffer.alloc(32, 7) });
  const { store, operations: tables, outbox, jobs: reports, jobStore } = openStorage(config.postgres, node, SILENT_LOG);
  const live = new LiveSettings(store.settings, SILENT_LOG);
  const agents = await Agents.open({
    ...{ config, tables: store.agents, inventory: store.inventory, live, clock: hostClock, log: SILENT_LOG },
    tell: async (result) => await operations.tell(result),
  });
  if (agents === null) throw new Error('no certificates');
  const operations: Operations = new Operations({
    ...{
      store: tables,
      outbox,
      live,
      agents,
      clock: hostClock,
      log: SILENT_LOG,
      sources: new Map(),
      collected: store.operations,
    },
    mibs: { now: () => ({ oidOf: () => null }) as never },
    jobs: { store: jobStore, handle: new JobsHandle(reports) },
  });
  live.start();
  agents.start({ now: () => ({ master: null }) as never });
  const noIngest = async () => ({ behind: () => 0, failure: () => null, stop: async () => undefined });
  const serve = async (epoch: number) => {
    await store.claim(epoch, () => undefined);
    let isOver = false;
    const permitted = (): Permission => {
      if (isOver) throw new Error('no Master any more');
      return { epoch, mode: 'active', leaseUntilMs: hostClock.monotonicMs() + 60_000 } as Permission;
    };
    const running = await operations.around(noIngest)({ epoch, permitted, onStored: () => undefined });
    return {
      ...running,
      stop: async () => {
        isOver = true;
        await running.stop();
      },
    };
  };
  const close = async () => {
    agents.stop();
    live.stop();
    await store.close();
  };
  return { config, store, live, agents, serve, close };
}

const settings = (facility: string, log: string): readonly object[] => [
  { kind: 'scope', id: 'web', body: { name: 'Web' } },
  {
    ...{ kind: 'notification', id: 'tell' },
    body: {
      ...{ kind: 'event', renotify: { when: 'always' } },
      priorities: { warning: { state: 'unconfirmed' }, info: { state: 'unconfirmed' }, critical: { state: 'unconfirmed' } },
    },
  },
  {
    ...{ kind: 'monitor', id: 'lines' },
    body: {
      ...{ type: 'log-file', facility, notifications: ['tell'], check: { directory: log, file: 'app\\.log' } },
      rules: [{ pattern: 'error', mode: 'contains', action: 'process', priority: 'warning', message: '#[LOG_LINE]' }],
    },
  },
  {
    ...{ kind: 'monitor', id: 'queue' },
    body: {
      ...{ type: 'custom-numeric', facility, intervalS: 10, collect: true, check: { command: ['/bin/echo', 'mail,5'] } },
      numeric: { info: [0, 10], warning: [10, 20] },
    },
  },
  {
    ...{ kind: 'monitor', id: 'load' },
    body: {
      ...{ type: 'resource', facility, intervalS: 10, collect: true, check: { resource: 'cpu.load1', by: 'agent' } },
      numeric: { info: [0, 1e6], warning: [0, 1e6] },
    },
  },
];

async function apply(to: Manager, documents: readonly object[], epoch: number): Promise<void> {
  const parsed = documents.map((document) => {
    const found = parseSetting(document);
    if (!found.ok) throw new Error(JSON.stringify(found.mistakes));
    return found.setting;
  });
  const entry = () => ({ login: 'ann', action: 'spec', detail: {}, node: 'a', epoch });
  const outcome = await to.store.settings.put(parsed, { by: 'ann' }, { epoch, entry, guard: () => undefined });
  if (outcome.kind !== 'done') throw new Error(JSON.stringify(outcome));
  await to.live.refresh();
}

const soonOrLate = async (what: string, holds: () => boolean | Promise<boolean>): Promise<void> => {
  await until(holds).catch(async () => {
    throw new Error(`not so: ${what}; told of were ${JSON.stringify(await linesTold())}`);
  });
};
/** Within some seconds, or not. */
const soon = async (holds: () => Promise<boolean>): Promise<void> => await until(holds, 4_000).catch(() => undefined);

const linesTold = async (): Promise<string[]> => {
  const { rows } = await pool.query<{ original: string }>("select original from event where monitor = 'lines' order by number");
  return rows.map(({ original }) => original);
};
const collected = async (monitor: string): Promise<number[]> => {
  const { rows } = await pool.query<{ value: number }>(
    'select c.value from collected c join series s on s.id = c.series where s.monitor = $1',
    [monitor],
  );
  return rows.map(({ value }) => Number(value));
};

it('what an agent sees is told once, also when the Master changes while it sees it', async () => {
  const [portA, portB] = [await freePort(), await freePort()];
  const a = await manager('a', portA);
  ends.push(async () => await a.close());
  const b = await manager('b', portB);
  ends.push(async () => await b.close());
  // A busy machine needs more than one try.
  await until(
    async () =>
      await a.store.migrate().then(
        () => true,
        () => false,
      ),
  );
  let serving = await a.serve(1);
  ends.push(async () => await serving.stop());
  await soonOrLate('a serves', () => a.agents.servesEpoch === 1);

  const log = join(dir, 'log');
  mkdirSync(log);
  const write = (...texts: string[]) => appendFileSync(join(log, 'app.log'), texts.map((text) => `${text}\n`).join(''));
  write('error of before');
  await apply(a, settings('web', log), 1);
  const { token } = await a.agents.addToken({
    ...{
      description: '',
      node: null,
      scopes: ['web'],
      ownerRole: 'operator',
      uses: 1,
      by: 'ann',
      expiresAt: new Date(Date.now() + 60_000),
    },
  });
  const { identity } = await askToJoin(a.config, pki, 'web1', token);
  const dataDir = join(dir, 'agent');
  await saveIdentity(dataDir, { ...identity, authority: certificatePem(pki.certificate) });
  const managers = [
    { host: a.config.address, port: portA },
    { host: b.config.address, port: portB },
  ];
  const halted: string[] = [];
  const agent = await Agent.start({
    ...{
      dataDir,
      managers,
      proxy: null,
      spoolBytes: 16 * 1_048_576,
      log: SILENT_LOG,
      clock: HOST_CLOCK,
      onHalt: (why) => void halted.push(why),
    },
  });
  ends.push(async () => await agent.close());

  await soonOrLate('the agent is let in', () => a.agents.links.isConnected('web1'));
  await soonOrLate('its tasks are there', () => (agent.status() as { tasks: number }).tasks === 2);
  // What a file had before it was followed is nobody's news; from the first look on all of it is. Few of them: many would be one event.
  for (let at = 0; at < 15 && (await linesTold()).length === 0; at++) {
    write(`error while it begins ${at}`);
    await soon(async () => (await linesTold()).length > 0);
  }
  const begun = (await linesTold()).length;
  write('nothing', 'error 1', 'error 2');
  await soonOrLate('a tells of it', async () => (await linesTold()).includes('error 2'));
  await soonOrLate('values are there', async () => (await collected('queue')).length > 0 && (await collected('load')).length > 0);
  expect(new Set(await collected('queue'))).toEqual(new Set([5]));

  await serving.stop();
  write('error 3', 'error 4');
  serving = await b.serve(2);
  write('error 5');
  await soonOrLate('b tells of it', async () => (await linesTold()).includes('error 5'));
  expect(b.agents.links.isConnected('web1')).toBe(true);
  const told = (await linesTold()).slice(begun).filter((line) => !line.startsWith('error while it begins'));
  expect(told).toEqual(['error 1', 'error 2', 'error 3', 'error 4', 'error 5']);
  expect(halted).toEqual([]);
});
