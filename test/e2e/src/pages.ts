import { logIn, openBrowser, openPage } from './browser.js';
import { type Check, check } from './check.js';
import { BASE, firstLogin, until } from './local-cluster.js';
import { mibsPage } from './mibs-page.js';
import { operationsPages } from './operations-page.js';
import { receivingPage } from './receiving-page.js';
import { trapSearch } from './trap-search.js';

/** The pages of which nothing changes at a take-over. @param folder for the pictures. */
export async function throughPages(folder: string): Promise<readonly Check[]> {
  const browser = await openBrowser();
  try {
    const { page, problems } = await openPage(browser);
    const { user, password } = firstLogin();
    await until('the console answers', () => page.goto(BASE));
    await logIn(page, BASE, user, password);
    const checks = [
      ...(await mibsPage(page, folder)),
      ...(await operationsPages(page, folder)),
      ...(await receivingPage(page, folder)),
      ...(await trapSearch(page, folder)),
    ];
    return [...checks, check('these pages report no error', problems.length === 0, problems.join('; '))];
  } finally {
    await browser.close();
  }
}
