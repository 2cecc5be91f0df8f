import type { Page } from 'playwright-core';
import { shot } from './browser.js';
import { status, until } from './local-cluster.js';

export interface PageRecover {
  /** What the plan said beforehand: method, and how many phases. */
  readonly planned: { readonly method: string; readonly phases: number };
  /** The page showed it running, with its step. */
  readonly step: string;
  /** The page's own word that the node is back. */
  readonly toast: string;
  /** The method in the report; '' where the report is not a new one. */
  readonly reported: string;
}

/** The node that waits for a recover is brought back with the page alone: the plan is read, then confirmed, then followed to its report. */
export async function recoverFromPage(page: Page, node: string, folder: string): Promise<PageRecover> {
  const button = page.getByTestId(`recover-${node}`).getByTestId('recover-button');
  await until('the node waits for a recover', async () => {
    const out = (await status()).nodes.find((one) => one.name === node);
    return (await button.isVisible()) && out?.needsRecover === true ? true : undefined;
  });
  const report = page.getByTestId(`recover-report-${node}`);
  const lastReport = await textOf(report.locator('summary'));
  await button.click();
  const planned = await planOf(page);
  await shot(page, folder, '06-recover-plan');

  const progress = page.locator('[data-testid=recover-progress][data-state=running] .recover-step strong').first();
  const toast = page.getByTestId('toast').filter({ hasText: `Node ${node} is back` });
  // Waited for and read in one: neither stays.
  const [step, said] = await Promise.all([
    progress.textContent().then(async (text) => {
      await shot(page, folder, '07-recover-running');
      return text ?? '';
    }),
    toast.first().textContent(),
    page.getByTestId('recover-confirm').click(),
  ]);
  await page.locator(`[data-testid=node-${node}-role][data-role=STANDBY_SYNC]`).waitFor();

  const reported = await until('a new report', async () =>
    (await textOf(report.locator('summary'))) === lastReport ? undefined : report,
  ).then(
    async () => {
      await report.locator('summary').click();
      return await textOf(page.getByTestId(`report-method-${node}`));
    },
    () => '',
  );
  await shot(page, folder, '08-recover-report');
  return { planned, step, toast: said ?? '', reported };
}

/** A node that has just started again is not heard yet, or has not looked at its database: the page says so, and asks again on demand. */
async function planOf(page: Page): Promise<PageRecover['planned']> {
  await until('a plan without a refusal', async () => {
    // A node that has just started again may be seen in another state for a moment.
    if (!(await page.getByTestId('recover-dialog').isVisible())) {
      await page.getByTestId('recover-button').click({ timeout: 1_000 });
      return undefined;
    }
    const isKnown = (await page.getByTestId('plan-method').count()) > 0;
    if (isKnown && (await page.getByTestId('recover-confirm').isEnabled())) return true;
    const again = page.getByTestId('recover-check');
    if (await again.isEnabled()) await again.click();
    return undefined;
  }).catch(async (cause: unknown) => {
    throw new Error(`the plan is refused: ${await textOf(page.getByTestId('recover-dialog'))}`, { cause });
  });
  const method = (await textOf(page.getByTestId('plan-method'))).split(' (')[0] ?? '';
  return { method, phases: await page.locator('.plan-phases li').count() };
}

const textOf = async (found: ReturnType<Page['locator']>): Promise<string> =>
  (await found.count()) === 0 ? '' : ((await found.first().textContent()) ?? '').trim();
