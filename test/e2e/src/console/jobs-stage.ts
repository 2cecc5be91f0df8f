import { freePort, startTestPostgres } from '@yosugara/testkit';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { type Command, FakeAgent } from '../../../../apps/manager/src/jobs/testing/fake-agents.js';
import { loopOnFakes } from '../../../../apps/manager/src/jobs/testing/loop-on-fakes.js';
import { Eras, startNode, type TestNode } from '../../../../apps/manager/src/testing/harness.js';
import { openBrowser } from '../browser.js';
import { believing } from './believing.js';
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
    const { certificate: tls, flags } = await believing(third, closers);
    const node = await startNode({
      ...{ node: 'a', address: `127.0.${third}.1`, vip: `127.0.${third}.9`, port: await freePort(), postgres: { host, port } },
      ...{ console: dist.folder, loginsPerMinute: 60, tls },
    });
    closers.push(() => node.stop());
    const eras = new Eras();
    await eras.becomeActive(node, 'a');
    // A lease ends unless somebody says it anew.
    const leasing = setInterval(() => node.controller.say({}), 10_000);
    closers.push(() => clearInterval(leasing));
    const cookie = await node.login();
    const agents = new Map(hosts.map((id) => [id, new FakeAgent(id, command)]));
    const jobs = await loopOnFakes(server, agents, eras);
    closers.push(jobs.stop);
    node.jobs.follow(jobs.loop.control);
    const browser = await openBrowser({}, flags);
    closers.push(() => browser.close());
    const problems: string[] = [];
    const call: JobsStage['call'] = async (method, path, body, headers = {}) => {
      const answer = await node.call(method, `/api/v1${path}`, { cookie, body, headers, withinMs: 60_000 });
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
