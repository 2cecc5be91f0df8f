import type { Page } from 'playwright-core';
import { inLanguage, shot } from './browser.js';
import { type Check, check } from './check.js';
import { sendLinkDown } from './link-down.js';
import { until } from './local-cluster.js';

/** Traps looked for by name and by what they carry, in both languages; a name that nobody knows. */
export async function trapSearch(page: Page, folder: string): Promise<readonly Check[]> {
  const index = 1_000 + Math.floor(Math.random() * 9_000);
  const rows = page.getByTestId('message-row');
  const refused = page.getByTestId('filter-refused');
  const look = async (trap: string, varbind: string) => {
    await page.getByTestId('filter-trap').fill(trap);
    await page.getByTestId('filter-trap').press('Enter');
    await page.getByTestId('filter-varbind').fill(varbind);
    await page.getByTestId('filter-varbind').press('Enter');
  };
  await page.getByTestId('nav-messages').click();
  await page.getByTestId('message-mode').getByText('Search', { exact: true }).click();
  await look('linkDown', `ifOperStatus[${index}]=down`);
  await sendLinkDown(index);
  const found = await until('the trap', async () => {
    await page.getByTestId('refresh-button').click();
    return (await rows.count()) > 0 ? ((await rows.first().textContent()) ?? '') : undefined;
  });
  const only = await rows.count();
  await shot(page, folder, '16-trap-by-name');
  const japanese = await inLanguage(page, 'ja', async () => {
    await shot(page, folder, '17-trap-by-name-japanese');
    return [(await page.locator('.filters').textContent()) ?? '', (await rows.count()) === 1 ? 'one row' : 'other rows'].join(
      ': ',
    );
  });
  await look('linkDown', `ifOperStatus[${index}]=up`);
  await page.getByText('No message matches the filters.').waitFor();

  await look('noSuchTrap', '');
  const inSearch = (await refused.textContent()) ?? '';
  await page.getByTestId('message-mode').getByText('Live', { exact: true }).click();
  await refused.filter({ hasText: 'noSuchTrap' }).waitFor();
  const isLost = await page.getByTestId('banner-reconnecting').isVisible();
  await shot(page, folder, '18-trap-unknown');
  await look('linkDown', `ifOperStatus[${index}]`);
  // Of the list with the first filter alone a row may be seen for a moment; then it begins anew.
  const wanted = rows.filter({ hasText: `ifOperStatus[${index}]=down(2)` });
  const live = await until('the trap in the live list', async () =>
    (await wanted.count()) === 1 && (await rows.count()) === 1 ? 1 : undefined,
  );
  await page.getByTestId('filter-clear').click();

  return [
    check(
      'a trap is found by its name and by what it carries, and read with the names of its MIB',
      only === 1 && found.includes(`linkDown ifOperStatus[${index}]=down(2)`),
      found,
    ),
    check('the page asks so in Japanese, too', /トラップ.*変数.*one row/.test(japanese), japanese),
    check('a name that nobody knows is said, in the search and live', inSearch.includes('noSuchTrap') && !isLost, inSearch),
    check('the live list takes the same filters', live === 1, live),
  ];
}
