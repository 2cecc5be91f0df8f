import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { ConsoleBrowser } from './console-browser.js';

const PAGES = ['events', 'status', 'messages', 'jobs', 'cluster', 'repository', 'monitors', 'overview'] as const;
/** The first page is quiet for 3 s before it fetches the programs of all others. */
const FETCHING_AFTER_MS = 4_000;
const FETCHED_MS = 1_000;

export interface PageChanges {
  /** ms from the click until the frame with the page's own elements, of a page that this document did not show yet. */
  readonly first: readonly number[];
  /** Of one that it did. */
  readonly again: readonly number[];
  /** How many showed the sign of a page that is on its way. */
  readonly flashed: number;
}

/** All pages of the menu one after the other and again, their programs fetched before; a new document each run, of which the first warms up. */
export async function pageChanges(browser: ConsoleBrowser, node: string, runs: number): Promise<PageChanges> {
  const all = { first: [] as number[], again: [] as number[], flashed: 0 };
  for (let run = 0; run <= runs; run++) {
    const page = await browser.fresh(node);
    try {
      await page.goto(`${browser.base(node)}/`);
      await page.getByTestId('overview-health').waitFor();
      await fetched(page);
      await watchPage(page);
      for (const round of ['first', 'again'] as const)
        for (const name of PAGES) {
          // It was there before all others.
          const kept = run > 0 && !(round === 'first' && name === 'overview');
          const { ms, hasFlashed } = await changed(page, name);
          if (!kept) continue;
          all[round].push(ms);
          if (hasFlashed) all.flashed += 1;
        }
    } finally {
      await page.context().close();
    }
  }
  return all;
}

async function fetched(page: Page): Promise<void> {
  const scripts = async () =>
    (await page.evaluate("performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js')).length")) as number;
  await sleep(FETCHING_AFTER_MS);
  for (let before = -1, now = await scripts(); now !== before; ) {
    before = now;
    await sleep(FETCHED_MS);
    now = await scripts();
  }
}

async function changed(page: Page, name: string): Promise<{ readonly ms: number; readonly hasFlashed: boolean }> {
  await page.evaluate('change.begin()');
  await page.getByTestId(`nav-${name}`).click();
  const found = (await page.evaluate('change.done()')) as { readonly ms: number; readonly hasFlashed: boolean };
  // What the page asks for is drawn by then, and none of the next change.
  await page.waitForLoadState('load');
  await sleep(FETCHED_MS);
  return found;
}

/** It has changed in the frame after which another element than before stands first in it that is no sign of something on its way. */
async function watchPage(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    const main = document.querySelector('main#content');
    const loader = '.mantine-Loader-root, [data-testid=page-late]';
    const shown = () => [...main.children].find((one) => one.style.display !== 'none') ?? null;
    let begunMs = 0, before = null, hasFlashed = false, end = null;
    document.addEventListener('click', () => { begunMs = performance.now(); }, true);
    new MutationObserver(() => {
      if (before === null || end === null) return;
      const now = shown();
      if (now?.matches(loader)) hasFlashed = true;
      else if (now !== null && now !== before) {
        before = null;
        requestAnimationFrame(() => { const ms = performance.now() - begunMs; const done = end; end = null; done({ ms, hasFlashed }); });
      }
    }).observe(main, { childList: true, attributes: true, subtree: true, attributeFilter: ['style'] });
    let waiting = null;
    globalThis.change = {
      begin: () => { before = shown(); hasFlashed = false; waiting = new Promise((resolve) => { end = resolve; }); },
      done: () => waiting,
    };
  })()`);
}
