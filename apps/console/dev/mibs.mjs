// Pictures of the page of MIB modules and of a trap with names: node apps/console/dev/mibs.mjs <folder> [port]
import { onStage } from './stage.mjs';

await onStage(async ({ newPage, login, shot, problems }) => {
  const must = (holds, says) => holds || problems.push(says);
  const page = await newPage(1440);
  await login(page);
  await page.getByTestId('nav-mibs').click();
  await page.locator('[data-testid=mib-row][data-name=SWITCH-FAN-MIB] .expander').click();
  await page.getByTestId('mib-problems').waitFor();
  await shot(page, '30-mibs');
  await page.getByTestId('mib-files').setInputFiles([
    { name: 'corp-smi.txt', mimeType: 'text/plain', buffer: Buffer.from('CORP-SMI DEFINITIONS ::= BEGIN\nEND\n') },
    { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('nothing of it') },
  ]);
  await page.getByTestId('mib-uploaded').waitFor();
  await page.locator('[data-testid=mib-row][data-name=CORP-SMI]').waitFor();
  await shot(page, '31-mibs-uploaded');
  await page.locator('[data-testid=mib-row][data-name=VENDOR-SMI]').getByTestId('mib-delete').click();
  await page.getByTestId('mib-delete-confirm').click();
  await page.getByTestId('mib-delete-dialog').getByRole('alert').waitFor();
  await shot(page, '32-mibs-delete-refused');
  await page.keyboard.press('Escape');
  await page.locator('[data-testid=mib-row][data-name=UPS-MIB]').getByTestId('mib-delete').click();
  await page.getByTestId('mib-delete-confirm').click();
  await page.locator('[data-testid=mib-row][data-name=UPS-MIB]').waitFor({ state: 'detached' });

  const japanese = await newPage(1440, { locale: 'ja-JP', timezoneId: 'Asia/Tokyo' });
  await login(japanese);
  await japanese.getByTestId('nav-mibs').click();
  await japanese.locator('[data-testid=mib-row][data-name=SWITCH-FAN-MIB] .expander').click();
  await japanese.getByTestId('mib-problems').waitFor();
  await shot(japanese, '33-mibs-japanese');

  const dark = await newPage(1440, { colorScheme: 'dark' });
  await login(dark);
  await dark.getByTestId('nav-messages').click();
  await dark.getByText('Search', { exact: true }).click();
  await dark.getByTestId('filter-text').fill('ifOperStatus.14=down');
  await dark.getByTestId('message-row').filter({ hasText: 'fanMac.14' }).first().click();
  await dark.getByTestId('varbinds').waitFor();
  must((await dark.getByTestId('varbinds').textContent()).includes('down(2)'), 'the varbinds have no names');
  await shot(dark, '34-trap-with-names');
});
