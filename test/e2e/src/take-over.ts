import type { Page } from 'playwright-core';
import { logIn, mark, openBrowser, openPage, shot, stillMarked } from './browser.js';
import { firstLogin, killNode, pause, resume, status, until } from './local-cluster.js';
import { NumberedLines } from './numbered-lines.js';
import { recoverFromPage } from './recover-from-page.js';

const BASE = 'http://127.0.1.10:8080';
const TAKE_OVER_MS = 40_000;

export interface Outcome {
  readonly checks: readonly { readonly says: string; readonly holds: boolean; readonly found: string }[];
  readonly from: string;
  readonly to: string;
  /** From the kill to the new Master's name in the page. */
  readonly pageFollowedMs: number;
}

/** The console's two pages through a take-over, never reloaded. @param folder for the pictures. */
export async function throughTakeOver(folder: string): Promise<Outcome> {
  const browser = await openBrowser();
  try {
    const cluster = await openPage(browser);
    const live = await openPage(browser);
    const { user, password } = firstLogin();
    await shotOfLogin(cluster.page, folder);
    for (const { page } of [cluster, live]) {
      await logIn(page, BASE, user, password);
      await mark(page);
    }
    const loadsBefore = [cluster.loads(), live.loads()];
    const from = await masterName(cluster.page);
    const fromStatus = (await status()).master ?? '';
    await shot(cluster.page, folder, '02-cluster');

    const tag = `e2e-${Date.now()}`;
    await live.page.getByTestId('nav-messages').click();
    await live.page.getByTestId('filter-text').fill(tag);
    const lines = new NumberedLines(tag, 200);
    await live.page.getByTestId('message-row').first().waitFor({ timeout: 20_000 });
    await shot(live.page, folder, '03-messages-live');

    const killedMs = performance.now();
    const killed = await killNode(from);
    await cluster.page.getByTestId('banner-reconnecting').waitFor({ timeout: 20_000 });
    await shot(cluster.page, folder, '04-during-take-over');
    const to = from === 'a' ? 'b' : 'a';
    await until('the page names the new Master', TAKE_OVER_MS, async () =>
      (await masterName(cluster.page)) === to ? true : undefined,
    );
    const pageFollowedMs = Math.round(performance.now() - killedMs);
    await cluster.page.getByTestId('banner-reconnecting').waitFor({ state: 'detached', timeout: 10_000 });
    await shot(cluster.page, folder, '05-after-take-over');

    const recovered = await recoverFromPage(cluster.page, from, folder);
    await until('both nodes in the sync set', 60_000, async () =>
      (await status()).nodes.every((node) => node.syncSet) ? true : undefined,
    );
    const paused = await pauseShown(cluster.page, folder);

    const sent = lines.stop();
    const shown = await until('every line in the page', 20_000, () => allShown(live.page, sent));
    await shot(live.page, folder, '10-messages-after-take-over');
    const problems = [...cluster.problems, ...live.problems];
    const check = (says: string, holds: boolean, found: unknown) => ({ says, holds, found: String(found) });
    return {
      from,
      to,
      pageFollowedMs,
      checks: [
        check('the page and the command name the same Master', from === fromStatus, `${from}, ${fromStatus}`),
        check('processes of the Master were killed', killed.length > 0, killed.join(', ')),
        check(
          'neither page was loaded again',
          [cluster.loads(), live.loads()].join() === loadsBefore.join(),
          `${cluster.loads()}, ${live.loads()} loads`,
        ),
        check(
          'both pages are still the same document',
          (await stillMarked(cluster.page)) && (await stillMarked(live.page)),
          'marker',
        ),
        check(
          'every line is shown once',
          shown.distinct === sent && shown.rows === sent,
          `${shown.rows} rows, ${shown.distinct} lines of ${sent}`,
        ),
        check('the pages report no error', problems.length === 0, problems.join('; ')),
        ...(recovered === null
          ? []
          : [
              check(
                'the page tells beforehand what a recover would do',
                recovered.planned.method !== '' && recovered.planned.phases > 1,
                `${recovered.planned.method}, ${recovered.planned.phases} phases`,
              ),
              check('the page shows the recover running, and says when the node is back', recovered.toast !== '', recovered.step),
              check(
                'the report tells the method that was planned',
                recovered.reported === recovered.planned.method,
                recovered.reported,
              ),
            ]),
        check('a pause is shown, with its reason and how to end it, until it ends', paused === '', paused),
      ],
    };
  } finally {
    await browser.close();
  }
}

/** @returns what was wrong; '' = nothing. */
async function pauseShown(page: Page, folder: string): Promise<string> {
  const notice = page.getByTestId('notice-paused');
  await pause(10, 'seen by the console');
  try {
    await notice.waitFor({ timeout: 10_000 });
    await page.locator('[data-testid=if-master-died][data-fails-over=false]').waitFor({ timeout: 10_000 });
    await shot(page, folder, '09-paused');
    const said = (await notice.textContent()) ?? '';
    if (!said.includes('seen by the console') || !said.includes('yosugara resume')) return `the notice says ${said}`;
  } finally {
    await resume();
  }
  await notice.waitFor({ state: 'detached', timeout: 10_000 });
  return '';
}

async function shotOfLogin(page: Page, folder: string): Promise<void> {
  await page.goto(BASE);
  await page.getByTestId('login-form').waitFor();
  await shot(page, folder, '01-login');
}

const masterName = async (page: Page): Promise<string> => ((await page.getByTestId('master-name').textContent()) ?? '').trim();

interface Shown {
  readonly rows: number;
  readonly distinct: number;
}

/** The list keeps the newest rows; a few hundred lines fit. */
async function allShown(page: Page, sent: number): Promise<Shown | undefined> {
  const texts = await page.getByTestId('message-row').allTextContents();
  const numbers = texts.flatMap((text) => /number (\d+) end/.exec(text)?.[1] ?? []);
  const distinct = new Set(numbers).size;
  return distinct >= sent ? { rows: numbers.length, distinct } : undefined;
}
