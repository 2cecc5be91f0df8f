import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SILENT_LOG } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import { startTestPostgres, type TestPostgres } from '@yosugara/testkit';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { expect, vi } from 'vitest';
import { managerOf, type NodeManager } from '../../../../apps/manager/src/testing/manager-of.js';
import { startReceiver } from '../../../../apps/receiver/src/index.js';
import { openBrowser } from '../browser.js';
import { believing } from './believing.js';
import { builtConsole } from './built-console.js';
import { sendLines, type TwoReceivers } from './lines.js';

const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
/** Pictures, for whoever wants to look. */
const SHOTS = process.env['SHOTS'];
/** For whatever comes by itself: many times what it takes, for a machine that others share. */
const PATIENCE_MS = 120_000;
/** A lease ends where nobody renews it. */
const LEAD_EVERY_MS = 10_000;
const LOGIN = { login: 'admin', password: 'first-password-of-spec' };
const OWN_PASSWORD = 'own-password-of-spec';

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const hasBrowser = (): boolean => existsSync(CHROMIUM);

/** A Master with its database, its receivers and its console, and a browser: all that a page needs, of real parts. */
export interface Stage {
  readonly a: NodeManager;
  readonly postgres: TestPostgres;
  readonly base: string;
  /** What a browser of one's own is started with, so that it takes the certificate. */
  readonly flags: readonly string[];
  /** Logged in, at this address of the console. */
  open(path: string, options?: BrowserContextOptions): Promise<Page>;
  /** Lines as a host of the lab sends them, to both receivers. */
  say(...lines: readonly string[]): Promise<void>;
  /** What this page said that it should not have. */
  readonly problems: string[];
  close(): Promise<void>;
}

const member = (name: string, role: string): Status['nodes'][number] => ({
  ...{
    name,
    address: `127.0.91.${name === 'a' ? 1 : 2}`,
    zone: 'x',
    role,
    why: 'as it should be',
    reachable: true,
    syncSet: true,
  },
  ...{ lagBytes: 0, timeline: 3, lsn: '0/5000000', postgres: 'running', vip: name === 'a', needsRecover: false, deadMan: 'soft' },
  ...{ receiver: { up: true, received: 10, behindPeer: 0, peerLink: 'up' }, recover: null, processes: [] },
});

/** As a healthy cluster tells it; a page may be shown anything else by `stage.a.controller.status`. */
export const aHealthyCluster = (): Status => ({
  ...{ clusterId: 'spec', epoch: 7, phase: 'serving', master: 'a', leader: 'a', term: 4, profile: 'lan', policy: 'available' },
  ...{ stopProofs: ['P1', 'P4'], answeredBy: 'a', nodes: [member('a', 'MASTER_SYNC'), member('b', 'STANDBY_SYNC')] },
  ...{ arbiter: { name: 'w', address: '127.0.91.3', zone: 'y', voting: true, processes: [] }, vip: null, links: [], alarms: [] },
  ifMasterDied: { failsOver: true, to: 'b', seconds: 9, dataLoss: 0, reason: 'b is in the sync set' },
  history: [
    { epoch: 7, owner: 'a', from: 'b', at: '2026-11-20T03:12:09.000Z', cause: 'b was not heard', proof: 'P4', timeline: 3 },
    { epoch: 6, owner: 'b', from: 'a', at: '2026-11-12T22:01:44.000Z', cause: 'switchover', proof: 'P1', timeline: 2 },
  ],
});

/** @param more what of a manager goes by itself, and how often. */
export async function consoleStage(receivers: TwoReceivers, more: { readonly capacityEveryMs?: number } = {}): Promise<Stage> {
  const closers: (() => unknown)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const postgres = await startTestPostgres();
    closers.push(() => postgres.stop());
    const configs = receivers.configs();
    const config = configs.a;
    for (const each of [configs.a, configs.b]) {
      const receiver = await startReceiver(each, SILENT_LOG, (error) => expect.fail(error.message));
      closers.push(() => receiver.stop());
    }
    const { certificate, flags } = await believing(Number(receivers.address.a.split('.')[2]), closers);
    const a = await managerOf(config, receivers.address.a, postgres, () => null, undefined, LOGIN, { tls: certificate, ...more });
    closers.push(() => a.stop());
    const dist = await builtConsole();
    closers.push(dist.remove);
    cpSync(dist.folder, join(config.stateDir, 'console'), { recursive: true });
    a.controller.status = aHealthyCluster();
    const lead = () => a.controller.say({ mode: 'active', epoch: 7, master: 'a' });
    lead();
    const leading = setInterval(lead, LEAD_EVERY_MS);
    closers.push(() => clearInterval(leading));
    await vi.waitFor(() => expect(a.controller.lastReport()?.ready).toBe(true), { timeout: PATIENCE_MS, interval: 50 });
    const browser = await openBrowser({}, flags);
    closers.push(() => browser.close());
    const problems: string[] = [];
    const stage = { a, postgres, base: a.url, flags, problems, close };
    const cookies = await firstLogin(browser, a.url);
    const open = async (path: string, options: BrowserContextOptions = {}) => {
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
      await context.addCookies(cookies);
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      page.on('pageerror', (error) => problems.push(`${path}: ${error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error' && !/ERR_|40[139]|503|Failed to load/.test(message.text()))
          problems.push(`${path}: ${message.text()}`);
      });
      await page.goto(`${a.url}${path}`);
      return page;
    };
    return { ...stage, open, say: async (...lines) => await sendLines(receivers, lines) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The first login chooses a password of its own. @returns the cookies of the session. */
async function firstLogin(browser: Browser, base: string) {
  const context = await browser.newContext();
  context.setDefaultTimeout(PATIENCE_MS);
  const headers = { 'x-yosugara': '1' };
  const logIn = async () => (await context.request.post(`${base}/api/login`, { headers, data: LOGIN })).status();
  await vi.waitFor(async () => expect(await logIn()).toBe(200), { timeout: PATIENCE_MS, interval: 200 });
  const body = { current: LOGIN.password, next: OWN_PASSWORD };
  const changed = await context.request.post(`${base}/api/password`, { headers, data: body });
  expect(changed.status()).toBe(200);
  const again = await context.request.post(`${base}/api/login`, { headers, data: { login: 'admin', password: OWN_PASSWORD } });
  expect(again.status()).toBe(200);
  const { cookies } = await context.storageState();
  await context.close();
  return cookies;
}

/** Settings, each after what it refers to. */
export async function put(
  a: NodeManager,
  settings: readonly (readonly [kind: string, id: string, body: object])[],
): Promise<void> {
  const documents = settings.map(([kind, id, body]) => ({ kind, id, body }));
  const { status, body } = await a.call('POST', '/api/v1/settings/import', { body: { documents }, withinMs: 60_000 });
  expect([status, body]).toEqual([200, expect.anything()]);
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** What axe finds of WCAG 2.2 AA, each in one line; none is what every page wants. */
export async function axeFinds(page: Page): Promise<readonly string[]> {
  await still(page);
  // By the debugger's way: the page's own policy lets in no script of somebody else. It is there as long as the document is.
  if (!(await page.evaluate('"axe" in window'))) await page.evaluate(readFileSync(AXE, 'utf8'));
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  // What is as it should be need not be told element by element.
  const options = { runOnly: tags, resultTypes: ['violations'] };
  const found = (await page.evaluate(`axe.run(document, ${JSON.stringify(options)})`)) as AxeResult;
  return found.violations.flatMap(({ id, nodes }) =>
    nodes
      .filter(({ html }) => !isBehindDialog(id, html))
      .map(
        ({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} — ${failureSummary.replace(/\s+/g, ' ').slice(0, 200)}`,
      ),
  );
}

/** What fades in is half transparent for a moment: here nothing does, and what was under way is drawn to its end. */
export async function still(page: Page): Promise<void> {
  await page.addStyleTag({ content: '*, *::before, *::after { transition: none !important; animation: none !important }' });
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

/** A drawer of the library has a `header` of its own; ours lies behind it then, where nobody gets. */
const isBehindDialog = (id: string, html: string): boolean =>
  ['landmark-no-duplicate-banner', 'landmark-unique'].includes(id) && html.startsWith('<header');

/** A picture where somebody asked for them (SHOTS=folder). */
export async function shot(page: Page, name: string): Promise<void> {
  if (SHOTS === undefined) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
