import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { STATE_LAYOUT } from '@yosugara/protocol';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import type { RowCluster } from './row-cluster.js';
import { firstFile } from './system.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];
const PATIENCE_MS = 60_000;
const OWN_PASSWORD = 'a-password-of-the-benchmark';
const HEADERS = { 'x-yosugara': '1' };

export interface ConsoleBrowser {
  /** A new profile without anything in its cache, logged in at that node's address. */
  fresh(node: string): Promise<Page>;
  base(node: string): string;
  close(): Promise<void>;
}

/** null: no Chromium here. @param cluster whose console is looked at. */
export async function consoleBrowser(cluster: RowCluster): Promise<ConsoleBrowser | null> {
  const executablePath = firstFile(...[process.env['CHROMIUM'] ?? '', '/usr/bin/chromium'].filter(Boolean));
  if (executablePath === null) return null;
  const browser = await chromium.launch({ executablePath, args: FLAGS });
  try {
    const base = (node: string) => cluster.consoleOf(node);
    const cookies = await loggedIn(browser, base(cluster.master), firstPassword(cluster));
    return {
      base,
      fresh: async (node) => {
        const context = await newContext(browser);
        await context.addCookies(cookies.map(({ name, value }) => ({ name, value, url: base(node) })));
        return await context.newPage();
      },
      close: async () => await browser.close(),
    };
  } catch (error) {
    await browser.close();
    throw error;
  }
}

async function newContext(browser: Browser): Promise<BrowserContext> {
  const context = await browser.newContext({
    ...{ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ignoreHTTPSErrors: true },
  });
  context.setDefaultTimeout(PATIENCE_MS);
  return context;
}

const firstPassword = ({ cluster, master }: RowCluster): string =>
  readFileSync(join(cluster.stateDir(master), STATE_LAYOUT.secrets.firstLogin), 'utf8')
    .trim()
    .replace(/^[^:]*:/, '');

async function loggedIn(browser: Browser, base: string, password: string) {
  const context = await newContext(browser);
  const post = async (path: string, data: object) => {
    const answer = await context.request.post(`${base}${path}`, { headers: HEADERS, data });
    if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
  };
  await post('/api/login', { login: 'admin', password });
  await post('/api/password', { current: password, next: OWN_PASSWORD });
  await post('/api/login', { login: 'admin', password: OWN_PASSWORD });
  const { cookies } = await context.storageState();
  await context.close();
  return cookies;
}

/** Milliseconds since 1970, to fractions: of this process and of the pages, which have one clock. */
export const nowMs = (): number => performance.timeOrigin + performance.now();
