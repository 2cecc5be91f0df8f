import { createSocket } from 'node:dgram';
import type { Page } from 'playwright-core';
import { inLanguage, shot } from './browser.js';
import { type Check, check } from './check.js';
import { BASE, until } from './local-cluster.js';

const NODES = ['127.0.1.1', '127.0.1.2'];
const PORT = 5514;
const MONITOR = 'e2e-lines';
const NOTIFICATION = 'e2e-events';
const SCOPE = 'e2e-scope';
const NODE = 'e2e-node';
/** What is made here, each after what it refers to. */
const MADE = [`notification/${NOTIFICATION}`, `monitor/${MONITOR}`, `scope/${SCOPE}`, `node/${NODE}`];

/** Repository and events, along the way that an operator takes. Leaves no setting behind. */
export async function operationsPages(page: Page, folder: string): Promise<readonly Check[]> {
  const answer = await page.request.get(`${BASE}/api/v1/events?limit=1`);
  if (answer.status() === 404)
    return [check('events: skipped, since this manager has no /api/v1/events yet', true, answer.status())];
  await forget(page);
  try {
    return [...(await repositoryPage(page, folder)), ...(await eventsPage(page, folder))];
  } finally {
    await forget(page);
  }
}

/** A scope and a node by import, with the difference first; then found, opened, changed and disabled. */
async function repositoryPage(page: Page, folder: string): Promise<readonly Check[]> {
  await page.getByTestId('nav-repository').click();
  await page.getByTestId('repository-page').waitFor();
  await page.getByTestId('import-open').click();
  await page
    .getByTestId('import-text')
    .fill(
      [
        `{kind: scope, id: ${SCOPE}, body: {name: End to end}}`,
        '---',
        `{kind: node, id: ${NODE}, body: {name: ${NODE}, addresses: [192.0.2.77], scopes: [${SCOPE}], snmp: {community: hidden-one}}}`,
      ].join('\n'),
    );
  await page.getByTestId('import-look').click();
  const difference = (await page.getByTestId('difference').textContent()) ?? '';
  const isThere = async () => (await page.request.get(`${BASE}/api/v1/settings/node/${NODE}`)).status();
  const before = await isThere();
  await shot(page, folder, '16-import-difference');
  await page.getByTestId('import-do').click();
  await page.getByTestId('import-dialog').waitFor({ state: 'detached' });
  await page.locator(`[data-testid=scope][data-id=${SCOPE}]`).click();
  const row = page.locator(`[data-testid=setting-row][data-id=${NODE}]`);
  await row.waitFor();
  await row.getByRole('button').first().click();
  await page.getByTestId('node-snmp').waitFor();
  const snmp = (await page.getByTestId('node-snmp').textContent()) ?? '';
  await page.getByTestId('node-edit').click();
  await page.getByTestId('field-administrator').fill('Suzuki');
  await page.getByTestId('setting-save').click();
  await page.getByTestId('setting-editor').waitFor({ state: 'detached' });
  const about = page.getByTestId('node-about').filter({ hasText: 'Suzuki' });
  await about.waitFor();
  await page.getByTestId('node-enabled').click({ force: true });
  await page.getByText('Maintenance: not monitored').waitFor();
  await shot(page, folder, '17-node');
  // The switch stands as it was asked to before that is stored.
  let stored = '';
  await until('the node is stored as disabled', async () => {
    stored = await (await page.request.get(`${BASE}/api/v1/settings/node/${NODE}`)).text();
    return stored.includes('"enabled":false') || undefined;
  });
  return [
    check(
      'an import shows its difference and changes nothing before',
      before === 404 && difference.includes('2 added'),
      difference,
    ),
    check('the page of a node does not show its secrets', snmp.includes('set') && !snmp.includes('hidden-one'), snmp),
    check(
      'a node is changed and disabled, and keeps the secrets that nobody named',
      stored.includes('"administrator":"Suzuki"') && stored.includes('"enabled":false') && stored.includes('"snmp.community"'),
      stored,
    ),
  ];
}

/** A line becomes an event in front of the operator, who comments on it and confirms it with a key. */
async function eventsPage(page: Page, folder: string): Promise<readonly Check[]> {
  await put(page, `notification/${NOTIFICATION}`, { kind: 'event', priorities: { critical: {} } });
  await put(page, `monitor/${MONITOR}`, {
    ...{ type: 'syslog', facility: 'UNREGISTERED', notifications: [NOTIFICATION] },
    rules: [{ pattern: 'e2e-operations (\\S+)', mode: 'regex', message: 'it says #[1]' }],
  });
  const mark = `mark-${Date.now()}`;
  await page.getByTestId('nav-events').click();
  await page.getByTestId('event-monitor').fill(MONITOR);
  await until('the filter is in the address', async () => page.url().includes(`monitor=${MONITOR}`) || undefined);
  await sendLine(`e2e-operations ${mark}`);
  const row = page.getByTestId('event-row').filter({ hasText: mark });
  await row.waitFor();
  await row.click();
  const original = (await page.getByTestId('event-original').textContent()) ?? '';
  await page.getByTestId('event-comment').fill('looked at it');
  await page.getByTestId('event-comment').press('Control+Enter');
  await page.getByTestId('event-history').filter({ hasText: 'looked at it' }).waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('a');
  // A text is looked for in any case, and "Unconfirmed" has it, too.
  await page
    .getByTestId('event-detail-state')
    .filter({ hasText: /^Confirmed$/ })
    .waitFor();
  await shot(page, folder, '18-event');
  const history = (await page.getByTestId('event-history').textContent()) ?? '';
  const count = await row.count();
  const japanese = await inLanguage(page, 'ja', async () => {
    await page.getByRole('heading', { name: 'イベント', exact: true }).waitFor();
    await shot(page, folder, '19-events-japanese');
    return (await page.getByTestId('event-detail-state').textContent()) ?? '';
  });
  await page.getByTestId('drawer-close').click();
  return [
    check('a line is an event on the page by itself, once', count === 1, count),
    check('the event has the line that it comes from', original.includes(mark), original),
    check(
      'its history has the comment and the confirmation',
      history.includes('looked at it') && history.includes('Confirmed'),
      history,
    ),
    check('the page says so in Japanese, too', japanese === '確認済', japanese),
  ];
}

async function put(page: Page, path: string, body: object): Promise<void> {
  const headers = { 'x-yosugara': '1', ...(await madeFrom(page, path)) };
  const answer = await page.request.put(`${BASE}/api/v1/settings/${path}`, { headers, data: { body } });
  if (!answer.ok()) throw new Error(`${path}: ${answer.status()} ${await answer.text()}`);
}

/** As it is read now, or new. */
async function madeFrom(page: Page, path: string): Promise<Record<string, string>> {
  const { etag } = (await page.request.get(`${BASE}/api/v1/settings/${path}`)).headers();
  return etag === undefined ? { 'if-none-match': '*' } : { 'if-match': etag };
}

/** What refers to others goes first. */
async function forget(page: Page): Promise<void> {
  for (const path of MADE.toReversed())
    await page.request.delete(`${BASE}/api/v1/settings/${path}`, { headers: { 'x-yosugara': '1', 'if-match': '*' } });
}

/** One line, the same to both nodes. */
async function sendLine(text: string): Promise<void> {
  const socket = createSocket('udp4');
  const line = `<34>1 ${new Date().toISOString()} e2e-host e2e - - - ${text}`;
  try {
    for (const address of NODES)
      await new Promise<void>((resolve, reject) =>
        socket.send(line, PORT, address, (error) => (error === null ? resolve() : reject(error))),
      );
  } finally {
    socket.close();
  }
}
