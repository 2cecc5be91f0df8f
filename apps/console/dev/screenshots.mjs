// Plays the console's life against the mock and takes pictures of it: node apps/console/dev/screenshots.mjs <folder> [port]
// Ends with 1 when a row was shown twice or lost over the take-over, or when the browser reported an error.
import { onStage } from './stage.mjs';

const idsOf = async (page) => await page.getByTestId('message-row').evaluateAll((rows) => rows.map((row) => row.dataset.id));

await onStage(async ({ base, newPage, login, post, shot, problems }) => {
  const page = await newPage(1440);
  await page.goto(base);
  await page.getByTestId('login-form').waitFor();
  await shot(page, '01-login');
  await login(page);
  await shot(page, '02-cluster-healthy');
  await page.setViewportSize({ width: 1024, height: 900 });
  await page.waitForTimeout(300);
  await shot(page, '03-cluster-1024', true);
  await page.setViewportSize({ width: 1440, height: 900 });
  await post('/mock/partition');
  await page.getByTestId('link-a-b').and(page.locator('[data-state=relayed]')).waitFor();
  await shot(page, '04-cluster-relayed');
  await post('/mock/heal');

  // A second page follows messages over the same take-over, never reloaded.
  const live = await newPage(1440);
  await login(live);
  await live.getByTestId('nav-messages').click();
  await live.getByTestId('message-row').first().waitFor();
  await live.waitForTimeout(1_500);
  await shot(live, '05-messages-live');
  const before = new Set(await idsOf(live));

  await post('/mock/takeover?downMs=4000');
  await page.getByTestId('banner-reconnecting').waitFor();
  await page.waitForTimeout(2_200);
  await shot(page, '06-during-take-over');
  await shot(live, '07-messages-during-take-over');
  const lostAt = Date.now();
  await page.getByTestId('toast-master').waitFor({ timeout: 15_000 });
  console.log(
    `toast ${Date.now() - lostAt} ms after the picture; banner gone: ${(await page.getByTestId('banner-reconnecting').count()) === 0}`,
  );
  await page.waitForTimeout(500);
  await shot(page, '08-after-take-over', true);
  await live.waitForTimeout(2_500);
  const shown = await idsOf(live);
  const stored = (await (await live.request.get(`${base}/api/messages?limit=1000`)).json()).rows.map((row) => row.id);
  const oldest = stored.indexOf(shown.at(-1));
  const newest = stored.indexOf(shown[0]);
  const missing = stored.slice(newest, oldest + 1).filter((id) => !shown.includes(id));
  const doubled = shown.length - new Set(shown).size;
  console.log(
    `live list: ${shown.length} rows, ${shown.filter((id) => !before.has(id)).length} new since before, missing ${missing.length}, doubled ${doubled}`,
  );
  if (missing.length > 0 || doubled > 0) problems.push(`missing ${missing.length}, doubled ${doubled}`);
  await shot(live, '09-messages-after-take-over');

  await page.getByTestId('recover-button').click();
  await page.getByTestId('plan-discards').waitFor();
  await page.waitForTimeout(300);
  await shot(page, '10-recover-dialog');
  await page.getByTestId('recover-confirm').click();
  await page.getByTestId('recover-progress').waitFor();
  await page.waitForTimeout(6_500);
  await shot(page, '11-recover-progress');
  await page.locator('[data-testid=node-a-role][data-role=STANDBY_SYNC]').waitFor({ timeout: 20_000 });
  await page.waitForTimeout(300);
  await shot(page, '12-recovered');

  await live.getByTestId('filter-text').fill('timed out');
  await live.waitForTimeout(1_500);
  await live.getByTestId('message-row').first().click();
  await live.waitForTimeout(1_500);
  await shot(live, '13-messages-filtered-paused');
  await live.getByTestId('filter-clear').click();
  await live.getByText('Search', { exact: true }).click();
  await live.getByTestId('filter-source').fill('192.168.30.1');
  await live.waitForTimeout(1_200);
  await live.getByTestId('message-row').nth(2).click();
  await shot(live, '14-messages-search');
  await live.setViewportSize({ width: 1024, height: 900 });
  await live.waitForTimeout(300);
  await shot(live, '15-messages-1024');

  const japanese = await newPage(1440, { locale: 'ja-JP', timezoneId: 'Asia/Tokyo' });
  await login(japanese);
  await shot(japanese, '16-japanese-cluster');
  await japanese.getByTestId('nav-messages').click();
  await japanese.getByTestId('message-row').first().waitFor();
  await shot(japanese, '17-japanese-messages');
  await post('/mock/takeover?downMs=3000');
  await japanese.getByTestId('banner-reconnecting').waitFor();
  await japanese.waitForTimeout(1_200);
  await shot(japanese, '18-japanese-take-over');
  await japanese.getByTestId('nav-cluster').click();
  await japanese.getByTestId('toast-master').waitFor({ timeout: 15_000 });
  await japanese.waitForTimeout(400);
  await shot(japanese, '19-japanese-after', true);

  const dark = await newPage(1440, { colorScheme: 'dark' });
  await login(dark);
  await shot(dark, '20-dark-cluster', true);
  await dark.getByTestId('nav-messages').click();
  await dark.getByTestId('message-row').first().waitFor();
  await dark.waitForTimeout(800);
  await shot(dark, '21-dark-messages');
});
