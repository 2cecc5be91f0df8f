import type { Locator, Page } from 'playwright-core';
import { inLanguage, shot } from './browser.js';
import { type Check, check } from './check.js';

const GOOD = 'YOSUGARA-E2E-FAN-MIB';
const BAD = 'YOSUGARA-E2E-PUMP-MIB';
const module = (name: string, arc: number, ...lines: readonly string[]) =>
  [
    `${name} DEFINITIONS ::= BEGIN`,
    'IMPORTS enterprises FROM SNMPv2-SMI;',
    `thing${arc} OBJECT IDENTIFIER ::= { enterprises 32473 ${arc} }`,
    ...lines,
    'END',
    '',
  ].join('\n');
const FAN = module(
  GOOD,
  91,
  'e2eFanState OBJECT-TYPE SYNTAX INTEGER { ok(1), stopped(2) } ::= { thing91 1 }',
  'e2eFanFailed NOTIFICATION-TYPE OBJECTS { e2eFanState } ::= { thing91 0 1 }',
);
/** What hangs in the air stands in line 5. */
const PUMP = module(
  BAD,
  92,
  'e2ePumpState OBJECT-TYPE SYNTAX INTEGER { ok(1) } ::= { thing92 1 }',
  'e2ePumpSpeed OBJECT-TYPE SYNTAX INTEGER ::= { nowhere 2 }',
);

/** Upload, what became of it, mistakes with their lines, and deletion, in both languages. Leaves no module behind. */
export async function mibsPage(page: Page, folder: string): Promise<readonly Check[]> {
  await page.getByTestId('nav-mibs').click();
  await page.getByTestId('mibs-page').waitFor();
  const row = (name: string, state?: string) =>
    page.locator(`[data-testid=mib-row][data-name=${name}]${state === undefined ? '' : `[data-state=${state}]`}`);
  for (const left of [GOOD, BAD]) if (await row(left).isVisible()) await deleted(page, row(left));

  await upload(page, 'fan.txt', FAN);
  await row(GOOD, 'compiled').waitFor();
  const cells = (await row(GOOD).getByRole('cell').allTextContents()).map((text) => text.trim());
  const trap = await opened(page, row(GOOD), (detail) => detail.getByRole('row').filter({ hasText: 'e2eFanFailed' }));
  await shot(page, folder, '11-mib-uploaded');

  await upload(page, 'pump.txt', PUMP);
  await row(BAD, 'errors').waitFor();
  const mistake = await opened(page, row(BAD), (detail) => detail.getByTestId('mib-problems'));
  const file = await opened(page, row(BAD), (detail) => detail.getByRole('link'));
  await upload(page, 'letter.txt', 'Dear operator,\nthis is no module.\n');
  const refused = page.getByTestId('mib-uploaded').filter({ hasText: 'letter.txt' });
  const refusal = (await refused.textContent()) ?? '';
  await shot(page, folder, '12-mib-with-a-mistake');
  const japanese = await inLanguage(page, 'ja', async () => {
    await page.getByRole('heading', { name: 'MIB モジュール' }).waitFor();
    await shot(page, folder, '13-mibs-japanese');
    return [(await row(BAD).textContent()) ?? '', await opened(page, row(BAD), (detail) => detail.getByTestId('mib-problems'))];
  });

  await deleted(page, row(BAD));
  await deleted(page, row(GOOD));
  return [
    check(
      'an uploaded module is listed with how many names and traps it has',
      cells[3] === '3' && cells[4] === '1',
      cells.join(' | '),
    ),
    check(
      'its traps are shown with OID and what they carry',
      trap.includes('1.3.6.1.4.1.32473.91.0.1') && trap.includes('e2eFanState'),
      trap,
    ),
    check(
      'a mistake in a module is shown with file and line',
      /line 5(?!\d)/.test(mistake) && mistake.includes('nowhere') && file === 'pump.txt',
      `${file}: ${mistake}`,
    ),
    check('a file that is no module is refused with its name and line', /line \d/.test(refusal), refusal),
    check(
      'the page says so in Japanese, too',
      japanese[0]!.includes('エラーあり') && japanese[1]!.includes('5 行目'),
      japanese.join(' | '),
    ),
    check('deleted modules are gone', (await row(GOOD).count()) + (await row(BAD).count()) === 0, await row(GOOD).count()),
  ];
}

async function upload(page: Page, name: string, text: string): Promise<void> {
  await page.getByTestId('mib-files').setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) });
}

/** @returns the text of a part of the module's details. */
async function opened(page: Page, row: Locator, part: (detail: Locator) => Locator): Promise<string> {
  const expander = row.locator('.expander');
  await expander.click();
  const text = (await part(page.getByTestId('mib-detail')).first().textContent()) ?? '';
  await expander.click();
  await page.getByTestId('mib-detail').waitFor({ state: 'detached' });
  return text.trim();
}

async function deleted(page: Page, row: Locator): Promise<void> {
  await row.getByTestId('mib-delete').click();
  await page.getByTestId('mib-delete-confirm').click();
  await row.waitFor({ state: 'detached' });
}
