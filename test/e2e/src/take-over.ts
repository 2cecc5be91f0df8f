import type { Page } from 'playwright-core';
import { answerNow, beginAnswer, endAnswer } from './answered-approval.js';
import { logIn, mark, openBrowser, openPage, shot, stillMarked } from './browser.js';
import { type Check, check } from './check.js';
import { BASE, firstLogin, type KilledNode, killNode, pause, resume, servesFrom, status, until } from './local-cluster.js';
import { NumberedLines } from './numbered-lines.js';
import { recoverFromPage } from './recover-from-page.js';
import { beginComment, endComment } from './typed-comment.js';

export interface Outcome {
  readonly checks: readonly Check[];
  readonly from: string;
  readonly to: string;
  /** From the kill to the new Master's name in the page. */
  readonly pageFollowedMs: number;
  /** From the moment at which the new Master serves. */
  readonly pageLiveMs: number;
}

/** A guard, not the goal: two seconds are measured where nothing else runs (`npm run bench -- console`). */
const LIVE_MS = 15_000;

/** The console's two pages through a take-over, never reloaded. @param folder for the pictures. */
export async function throughTakeOver(folder: string): Promise<Outcome> {
  const browser = await openBrowser();
  let killed: KilledNode | null = null;
  try {
    const cluster = await openPage(browser);
    const live = await openPage(browser);
    const typing = await openPage(browser);
    const answering = await openPage(browser);
    const { user, password } = firstLogin();
    await shotOfLogin(cluster.page, folder);
    for (const { page } of [cluster, live, typing, answering]) await logIn(page, BASE, user, password);
    await beginComment(typing.page);
    const begun = await beginAnswer(answering.page);
    const all = [cluster, live, typing, answering];
    for (const { page } of all) await mark(page);
    const loadsBefore = all.map((each) => each.loads());
    const from = await masterName(cluster.page);
    const fromStatus = (await status()).master ?? '';
    await shot(cluster.page, folder, '02-cluster');

    const tag = `e2e-${Date.now()}`;
    await live.page.getByTestId('nav-messages').click();
    await live.page.getByTestId('filter-text').fill(tag);
    const lines = new NumberedLines(tag, 400, 250);
    await live.page.getByTestId('message-row').first().waitFor();
    await shot(live.page, folder, '03-messages-live');

    const killedMs = performance.now();
    const to = from === 'a' ? 'b' : 'a';
    const serving = servesFrom(to);
    // Whoever waits for it is told, further down.
    serving.catch(() => undefined);
    killed = await killNode(from);
    await cluster.page.getByTestId('banner-reconnecting').waitFor();
    await shot(cluster.page, folder, '04-during-take-over');
    // Whatever is done on other pages meanwhile is no part of what is measured.
    const following = followed(cluster.page, to, killedMs, serving);
    following.catch(() => undefined);
    await typing.page.getByTestId('banner-reconnecting').waitFor();
    await shot(typing.page, folder, '04-comment-during-take-over');
    const answer = await answerNow(answering.page, folder);
    const { pageFollowedMs, pageLiveMs } = await following;
    const commented = await endComment(typing.page, folder);
    const answered = await endAnswer(answering.page, begun, answer, folder);
    await shot(cluster.page, folder, '05-after-take-over');

    killed.comeBack();
    const recovered = await recoverFromPage(cluster.page, from, folder);
    await until('both nodes in the sync set', async () =>
      (await status()).nodes.every((node) => node.syncSet) ? true : undefined,
    );
    const paused = await pauseShown(cluster.page, folder);

    const sent = lines.stop();
    const shown = await until('every line in the page', () => allShown(live.page, sent));
    await shot(live.page, folder, '10-messages-after-take-over');
    const problems = all.flatMap((each) => each.problems);
    return {
      ...{ from, to, pageFollowedMs, pageLiveMs },
      checks: [
        ...commented,
        ...answered,
        check('the page that was open is live again with the new Master', pageLiveMs <= LIVE_MS, `${pageLiveMs} ms`),
        check('the page and the command name the same Master', from === fromStatus, `${from}, ${fromStatus}`),
        check('processes of the Master were killed', killed.processes.length > 0, killed.processes.join(', ')),
        check(
          'no page was loaded again',
          all.map((each) => each.loads()).join() === loadsBefore.join(),
          `${all.map((each) => each.loads()).join(', ')} loads`,
        ),
        check(
          'all pages are still the same document',
          (await Promise.all(all.map(({ page }) => stillMarked(page)))).every(Boolean),
          'marker',
        ),
        check(
          'every line is shown once',
          shown.distinct === sent && shown.rows === sent,
          `${shown.rows} rows, ${shown.distinct} lines of ${sent}`,
        ),
        check('the pages report no error', problems.length === 0, problems.join('; ')),
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
        check('a pause is shown, with its reason and how to end it, until it ends', paused === '', paused),
      ],
    };
  } finally {
    killed?.restore();
    await browser.close();
  }
}

/** Until the page names the new Master, and until it is live again. */
async function followed(
  page: Page,
  to: string,
  killedMs: number,
  serving: Promise<number>,
): Promise<Pick<Outcome, 'pageFollowedMs' | 'pageLiveMs'>> {
  await until('the page names the new Master', async () => ((await masterName(page)) === to ? true : undefined));
  const pageFollowedMs = Math.round(performance.now() - killedMs);
  await page.getByTestId('banner-reconnecting').waitFor({ state: 'detached' });
  return { pageFollowedMs, pageLiveMs: Math.round(performance.timeOrigin + performance.now() - (await serving)) };
}

/** @returns what was wrong; '' = nothing. */
async function pauseShown(page: Page, folder: string): Promise<string> {
  const notice = page.getByTestId('notice-paused');
  await pause(10, 'seen by the console');
  try {
    await notice.waitFor();
    await page.locator('[data-testid=if-master-died][data-fails-over=false]').waitFor();
    await shot(page, folder, '09-paused');
    const said = (await notice.textContent()) ?? '';
    if (!said.includes('seen by the console') || !said.includes('yosugara resume')) return `the notice says ${said}`;
  } finally {
    await resume();
  }
  await notice.waitFor({ state: 'detached' });
  return '';
}

async function shotOfLogin(page: Page, folder: string): Promise<void> {
  await until('the console answers', () => page.goto(BASE));
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
