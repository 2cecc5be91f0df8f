import type { Page } from 'playwright-core';
import { shot } from './browser.js';
import { type Check, check } from './check.js';
import { BASE, until } from './local-cluster.js';

const UNIT = 'e2e-approval';
const SETTING = `${BASE}/api/v1/settings/job-unit/${UNIT}`;
const HEADERS = { 'x-yosugara': '1' };
const BODY = {
  ...{ name: 'End to end', timeZone: 'Asia/Tokyo' },
  jobs: [{ type: 'approval', id: 'release', name: 'Release', role: 'admin', sentence: 'Release it?' }],
};

export interface BegunAnswer {
  readonly session: string;
  /** What is typed with it; nothing else says the same. */
  readonly comment: string;
}

/** A job waits for an approval; the operator has the dialog open, and a comment in it. Nothing is sent yet. */
export async function beginAnswer(page: Page): Promise<BegunAnswer> {
  await forgetUnit(page);
  const put = await page.request.put(SETTING, { headers: { ...HEADERS, 'if-none-match': '*' }, data: { body: BODY } });
  if (!put.ok()) throw new Error(`${UNIT}: ${put.status()} ${await put.text()}`);
  const session = await until('the unit is begun', async () => {
    const begun = await page.request.post(`${BASE}/api/v1/job-units/${UNIT}/sessions`, { headers: HEADERS, data: {} });
    return begun.ok() ? ((await begun.json()) as { session: string }).session : undefined;
  });
  const comment = `totals agree ${Date.now()}`;
  await page.goto(`${BASE}/jobs?view=approvals`);
  await page.getByTestId('approval').filter({ hasText: session }).getByTestId('approval-approve').click();
  await page.getByTestId('operate-comment').fill(comment);
  return { session, comment };
}

export interface SentAnswer {
  /** By the dialog, before it was sent. */
  readonly said: string;
  /** What the page says when it is done: waited for from the beginning, since it does not stay. */
  readonly toast: Promise<string | null>;
}

/** While nobody serves: the dialog says so, and the operator sends it all the same, twice. */
export async function answerNow(page: Page, folder: string): Promise<SentAnswer> {
  const note = page.getByTestId('no-master-now');
  await note.waitFor();
  const said = (await note.textContent()) ?? '';
  const toast = page.getByTestId('toast-operated').first().textContent();
  // Whoever waits for it is told, further down.
  toast.catch(() => undefined);
  await page.getByTestId('operate-do').click();
  await page.getByTestId('operate-comment').press('Enter');
  await shot(page, folder, '04-answer-during-take-over');
  return { said, toast };
}

/** On the new Master it is done, once, and the page says so. */
export async function endAnswer(
  page: Page,
  { session, comment }: BegunAnswer,
  sent: SentAnswer,
  folder: string,
): Promise<readonly Check[]> {
  const { said } = sent;
  const toast = (await sent.toast) ?? '';
  await page.getByTestId('operate-dialog').waitFor({ state: 'detached' });
  await shot(page, folder, '05-answer-after-take-over');
  const read = async <T>(path: string) => {
    const answer = await page.request.get(`${BASE}/api/v1/job-sessions/${session}${path}`);
    return answer.ok() ? ((await answer.json()) as T) : undefined;
  };
  const state = await until('the job that was approved has ended', async () => {
    const { jobs = [] } = (await read<{ jobs: readonly { job: string; state: string }[] }>('')) ?? {};
    return jobs.find(({ job }) => job === 'release')?.state === 'ended' ? 'ended' : undefined;
  });
  const lines = await until(
    'the history of the session',
    async () => await read<{ lines: readonly { text: string }[] }>('/history?limit=500'),
  );
  const times = lines.lines.filter(({ text }) => text.includes(comment)).length;
  await forgetUnit(page);
  return [
    check('a dialog that is open over a take-over says that no Master answers', said !== '', said),
    check('what was sent meanwhile is done by the new Master', toast !== '' && state === 'ended', toast),
    check('it is done once, although it was sent twice', times === 1, times),
  ];
}

async function forgetUnit(page: Page): Promise<void> {
  await page.request.delete(SETTING, { headers: { ...HEADERS, 'if-match': '*' } });
}
