import { createSocket } from 'node:dgram';
import type { Page } from 'playwright-core';
import { inLanguage, shot } from './browser.js';
import { type Check, check } from './check.js';
import { until } from './local-cluster.js';

const BOTH = 40;
const ONLY_A = 10;
const A = '127.0.1.1';
const B = '127.0.1.2';
const PORT = 5514;

/** Listeners, counts by source and span, and what came to one node only, in both languages. */
export async function receivingPage(page: Page, folder: string): Promise<readonly Check[]> {
  const source = `127.0.${2 + Math.floor(Math.random() * 250)}.${1 + Math.floor(Math.random() * 254)}`;
  await page.getByTestId('nav-receiving').click();
  await page.getByTestId('receiving-page').waitFor();
  await sendLines(source);

  const row = page.locator(`[data-testid=source-row][data-source="${source}"]`);
  const cells = async () => (await row.getByRole('cell').allTextContents()).map((text) => text.trim());
  const wanted = [
    source,
    String(BOTH + ONLY_A),
    String(BOTH),
    `+${ONLY_A}`,
    String(BOTH),
    String(ONLY_A),
    '0',
    '20.0 %',
    '0',
    '',
  ];
  // What came to one node only is said once the other one's copy has been waited for.
  const counted = await until('the counts of the source', async () => {
    const now = await cells();
    return now.join() === wanted.join() ? now : undefined;
  }).catch(cells);
  await page.getByTestId('receiving-range').getByText('1 hour', { exact: true }).click();
  const ofAnHour = await until('the counts of the last hour', async () => {
    const now = await cells();
    return now.join() === wanted.join() ? now : undefined;
  }).catch(cells);
  const panel = (node: string) => page.locator(`[data-testid=receiver-panel][data-node=${node}]`);
  const listeners = [(await panel('a').textContent()) ?? '', (await panel('b').textContent()) ?? ''];
  const away = await awayShown(page);
  const chart = (await page.getByTestId('receipt-chart').getByRole('img').getAttribute('aria-label')) ?? '';
  await shot(page, folder, '14-receiving');
  const japanese = await inLanguage(page, 'ja', async () => {
    await page.getByRole('heading', { name: '受信状況' }).waitFor();
    await shot(page, folder, '15-receiving-japanese');
    return (await page.getByTestId('source-table').textContent()) ?? '';
  });
  await row.getByRole('link').click();
  await page.getByTestId('message-row').filter({ hasText: 'e2e-receiving' }).first().waitFor();
  const address = new URL(page.url()).searchParams.get('source');

  return [
    check(
      'each receiver is shown with its listeners',
      isListed(listeners[0]!, A) && isListed(listeners[1]!, B),
      listeners.join(' | '),
    ),
    check('a listener that is not open is named with the reason', away.includes(TAKEN.why) && away.includes('6514'), away),
    check(
      'a source is shown with the counts of both nodes and what came to one only',
      counted.join() === wanted.join(),
      counted.join(' | '),
    ),
    check('likewise over the last hour', ofAnHour.join() === wanted.join(), ofAnHour.join(' | ')),
    check('the chart says how many came to one node only', (Number(/(\d+) came to one/.exec(chart)?.[1]) || 0) >= ONLY_A, chart),
    check('the page says so in Japanese, too', japanese.includes('a のみ') && japanese.includes(source), japanese.slice(0, 80)),
    check('a source leads to its messages', address === source, address),
  ];
}

const TAKEN = { protocol: 'tls', address: A, port: 6514, listener: 'own', why: 'listen EADDRINUSE', forSeconds: 12.3 };

/** Nothing of this cluster lacks a listener: one is put into what the API says. */
async function awayShown(page: Page): Promise<string> {
  const summary = /\/api\/v1\/ingest\/summary/;
  await page.route(summary, async (route) => {
    const response = await route.fetch();
    const body = (await response.json()) as { receivers: { state: object | null }[] };
    const receivers = body.receivers.map((each) => ({
      ...each,
      state: each.state === null ? null : { ...each.state, listenersAway: [TAKEN] },
    }));
    await route.fulfill({ response, json: { ...body, receivers } });
  });
  const row = page.getByTestId('receiver-away').first();
  await row.waitFor({ timeout: 60_000 });
  const text = (await row.textContent()) ?? '';
  await page.unroute(summary);
  return text;
}

const isListed = (panel: string, address: string): boolean =>
  ['udp', 'tcp', 'relp'].every((protocol) => panel.includes(`${protocol} ${address}:`));

/** Numbered lines of one address: all to a, the first ones to b, too. */
async function sendLines(source: string): Promise<void> {
  const socket = createSocket('udp4');
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, source, resolve);
    });
    for (let number = 1; number <= BOTH + ONLY_A; number++) {
      const line = `<165>1 ${new Date().toISOString()} e2e-host e2e - - - e2e-receiving ${source} number ${number}`;
      for (const address of number <= BOTH ? [A, B] : [A])
        await new Promise<void>((resolve, reject) =>
          socket.send(line, PORT, address, (error) => (error === null ? resolve() : reject(error))),
        );
    }
  } finally {
    socket.close();
  }
}
