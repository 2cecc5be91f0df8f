import { re2Patterns } from '@yosugara/connectors';
import { epoch as epochOf, SILENT_LOG } from '@yosugara/kernel';
import { JobLoop, SettingsJobRules, SettingsRules, SettingsTimes } from '@yosugara/runtime';
import { JobRepository, OperationsRepository, Partitions } from '@yosugara/store';
import { freePort, startTestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { hostClock } from '../../../../apps/manager/src/clock.js';
import { type Command, FakeAgent, FakeLinks } from '../../../../apps/manager/src/jobs/testing/fake-agents.js';
import { LiveSettings } from '../../../../apps/manager/src/settings/live-settings.js';
import { Eras, startNode, type TestNode } from '../../../../apps/manager/src/testing/harness.js';
import { openStorage } from '../../../../apps/manager/src/wiring.js';
import { openBrowser } from '../browser.js';
import { builtConsole } from './built-console.js';

/** For whatever comes by itself: many times what it takes, for a machine that others share. */
const PATIENCE_MS = 100_000;

/** A manager that runs jobs on agents of which a spec says what they do, its console, and a browser. */
export interface JobsStage {
  readonly node: TestNode;
  readonly agents: ReadonlyMap<string, FakeAgent>;
  /** What pages said that they should not have. */
  readonly problems: string[];
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** By whoever is logged in. @returns what was answered, or fails. */
  // biome-ignore lint/suspicious/noExplicitAny: a spec looks into answers of every shape.
  call(method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown, headers?: Record<string, string>): Promise<any>;
  start(unit: string, wish?: object): Promise<string>;
  close(): Promise<void>;
}

/** @param third number of its addresses, 127.0.<third>.x */
export async function jobsStage(third: number, hosts: readonly string[], command: Command): Promise<JobsStage> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const server = await startTestPostgres();
    closers.push(() => server.stop());
    const dist = await builtConsole();
    closers.push(dist.remove);
    const { host, port } = server;
    const node = await startNode({
      ...{ node: 'a', address: `127.0.${third}.1`, vip: `127.0.${third}.9`, port: await freePort(), postgres: { host, port } },
      ...{ console: dist.folder, loginsPerMinute: 60 },
    });
    closers.push(() => node.stop());
    const eras = new Eras();
    await eras.becomeActive(node, 'a');
    // A lease ends unless somebody says it anew.
    const leasing = setInterval(() => node.controller.say({}), 10_000);
    closers.push(() => clearInterval(leasing));
    const cookie = await node.login();
    const agents = new Map(hosts.map((id) => [id, new FakeAgent(id, command)]));
    const loop = await runJobs(server, agents, eras, closers);
    node.jobs.follow(loop.control);
    const browser = await openBrowser();
    closers.push(() => browser.close());
    const problems: string[] = [];
    const call: JobsStage['call'] = async (method, path, body, headers = {}) => {
      const answer = await node.call(method, `/api/v1${path}`, { cookie, body, headers, withinMs: 20_000 });
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
      return answer.body;
    };
    return {
      ...{ node, agents, problems, call, close },
      start: async (unit, wish = {}) => (await call('POST', `/job-units/${unit}/sessions`, wish)).session,
      open: async (path, options = {}) => {
        const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
        const [name = '', ...value] = cookie.split('=');
        await context.addCookies([{ name, value: value.join('='), url: node.url }]);
        context.setDefaultTimeout(PATIENCE_MS);
        const page = await context.newPage();
        page.on('pageerror', (error) => problems.push(`${path}: ${error.message}`));
        page.on('console', (message) => {
          if (message.type() === 'error' && !/ERR_|40[0139]|412|503|Failed to load/.test(message.text()))
            problems.push(`${path}: ${message.text()}`);
        });
        await page.goto(`${node.url}${path}`);
        return page;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function runJobs(
  { host, port }: { readonly host: string; readonly port: number },
  agents: ReadonlyMap<string, FakeAgent>,
  eras: Eras,
  closers: (() => unknown)[],
): Promise<JobLoop> {
  const pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres', pipeline: true });
  closers.push(() => pool.end());
  const database = { host, port, database: 'postgres', user: 'postgres', password: 'none', clusterCa: null };
  const { store } = openStorage(database, 'a', SILENT_LOG);
  closers.push(() => store.close());
  await store.probe();
  const live = new LiveSettings(store.settings, SILENT_LOG);
  await live.refresh();
  const { snapshot } = live;
  const patterns = re2Patterns();
  const rules = new SettingsRules({ snapshot, times: new SettingsTimes(snapshot), patterns, probed: new Set() });
  const jobRules = new SettingsJobRules({ snapshot, rules, patterns, hasJoined: (agent) => agents.has(agent) });
  const links = new FakeLinks(agents);
  const loop = new JobLoop({
    store: new JobRepository(pool, new OperationsRepository(pool, new Partitions(pool, 'collected'))),
    ready: async () => void (await live.refresh()),
    ...{ rules: () => jobRules, links, clock: hostClock, log: SILENT_LOG },
    errands: { monitor: async () => ({ priority: 'info', message: '' }), link: async () => ({ ok: true, why: '' }) },
    permit: () => ({ epoch: epochOf(eras.now), leaseUntilMs: Number.POSITIVE_INFINITY }),
  });
  loop.start();
  closers.push(() => loop.stop());
  const connecting = setInterval(() => {
    for (const agent of agents.keys()) void links.connect(agent, loop.desk);
    live.refresh().catch(() => undefined);
  }, 200);
  closers.push(() => clearInterval(connecting));
  return loop;
}
