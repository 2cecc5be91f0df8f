import type { Page } from 'playwright-core';
import { shot } from './browser.js';
import { type Check, check } from './check.js';
import { BASE, until } from './local-cluster.js';

const BEFORE = `looked at it ${Date.now()}, the fan `;
const AFTER = 'is replaced';

/** Begins a comment on the newest event; it is not sent. */
export async function beginComment(page: Page): Promise<void> {
  await page.goto(`${BASE}/events?state=unconfirmed,confirming,confirmed`);
  await page.getByTestId('event-row').first().click();
  await page.getByTestId('event-comment').fill(BEFORE);
}

/** After the take-over, which the same page has seen: the rest is typed and sent, and stored once. */
export async function endComment(page: Page, folder: string): Promise<readonly Check[]> {
  const comment = page.getByTestId('event-comment');
  const kept = await comment.inputValue();
  await comment.press('End');
  await comment.pressSequentially(AFTER);
  await comment.press('Control+Enter');
  await page
    .getByTestId('event-history')
    .filter({ hasText: BEFORE + AFTER })
    .waitFor();
  await shot(page, folder, '05-comment-after-take-over');
  const number = Number(new URL(page.url()).searchParams.get('event'));
  const history = await until('the history of the event', async () => {
    const answer = await page.request.get(`${BASE}/api/v1/events/${number}`);
    return answer.ok()
      ? ((await answer.json()) as { history: { action: string; detail: { to?: unknown } }[] }).history
      : undefined;
  });
  const stored = history.filter(({ action, detail }) => action === 'comment' && detail.to === BEFORE + AFTER).length;
  return [
    check('what an operator was typing is there after the take-over', kept === BEFORE, kept),
    check('the comment is stored once', stored === 1, stored),
  ];
}
