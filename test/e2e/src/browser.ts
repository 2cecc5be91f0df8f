import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { PATIENCE_MS } from './local-cluster.js';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What the page said on its own: uncaught errors, and console errors that are not the take-over itself. */
export interface OpenPage {
  readonly page: Page;
  readonly problems: string[];
  /** How often the document was loaded; 1 = never reloaded. */
  readonly loads: () => number;
}

/** @param env what it has besides our own environment, such as another home. @param flags besides those that every one here has. */
export const openBrowser = (env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): Promise<Browser> =>
  chromium.launch({
    ...{ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: [...FLAGS, ...flags] },
    env: { ...(process.env as Record<string, string>), ...env },
  });

export async function openPage(browser: Browser): Promise<OpenPage> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB' });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const problems: string[] = [];
  let loads = 0;
  page.on('pageerror', (error) => problems.push(`page: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && !/ERR_|40[13]|503|Failed to load/.test(message.text()))
      problems.push(`console: ${message.text()}`);
  });
  page.on('load', () => loads++);
  return { page, problems, loads: () => loads };
}

/** A marker that only a reload of the document takes away. */
export async function mark(page: Page): Promise<void> {
  await page.evaluate('window.yosugaraE2e = "still the same document"');
}

export const stillMarked = async (page: Page): Promise<boolean> =>
  (await page.evaluate('window.yosugaraE2e')) === 'still the same document';

export async function shot(page: Page, folder: string, name: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Also where a dialog lies over the page. */
export async function chooseLanguage(page: Page, language: 'ja' | 'en'): Promise<void> {
  // An event, for a dialog may lie over it.
  await page.getByTestId(`language-${language}`).dispatchEvent('click');
  await page.locator(`html[lang=${language}]`).waitFor({ state: 'attached' });
}

/** Does something in another language of the page, and goes back to English. */
export async function inLanguage<T>(page: Page, language: 'ja', work: () => Promise<T>): Promise<T> {
  await chooseLanguage(page, language);
  try {
    return await work();
  } finally {
    await chooseLanguage(page, 'en');
  }
}

/** The first login must choose a password; a later run of this test finds that one. Ends on the page Cluster. */
export async function logIn(page: Page, base: string, user: string, firstPassword: string): Promise<void> {
  const own = `${firstPassword}-e2e`;
  await page.goto(base);
  const submit = async (password: string) => {
    await page.getByTestId('login-name').fill(user);
    await page.getByTestId('login-password').fill(password);
    await page.getByTestId('login-submit').click();
    await page
      .getByTestId('login-error')
      .or(page.getByTestId('password-form'))
      .or(page.getByTestId('cluster-strip'))
      .first()
      .waitFor();
  };
  await submit(firstPassword);
  if (await page.getByTestId('login-error').isVisible()) await submit(own);
  if (await page.getByTestId('password-form').isVisible()) {
    await page.getByTestId('password-current').fill(firstPassword);
    await page.getByTestId('password-next').fill(own);
    await page.getByTestId('password-again').fill(own);
    await page.getByTestId('password-submit').click();
  }
  await page.getByTestId('nav-cluster').click();
  await page.getByTestId('topology').waitFor();
}
