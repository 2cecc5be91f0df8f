import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { ANY_OWNER, FUNCTIONS } from '@yosugara/protocol';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { placesFor } from './collected-hours.js';
import { LINES, SETTINGS } from './looks-data.js';
import { axeFinds, consoleStage, hasBrowser, put, type Stage } from './stage.js';

/* What is done on most days on the pages of watching and of settings, and what of it is open to somebody who may only read. */
const receivers = await twoReceivers({ third: 90 });
const soon = { timeout: 120_000, interval: 100 };
const READER = 'who-reads-has-this-word';
let stage: Stage;
let reader: Page;

describe.skipIf(!hasBrowser())('a day at the console', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers, { capacityEveryMs: 5_000 });
    await put(stage.a, SETTINGS(receivers.address.sender));
    await stage.say(...LINES);
    await vi.waitFor(() => oneGraph(stage), soon);
    await vi.waitFor(async () => {
      const { open } = await stage.a.get<{ open: Record<string, number> }>('/api/v1/events/counts');
      expect(open['critical']).toBeGreaterThan(1);
    }, soon);
  }, 600_000);
  afterAll(async () => await stage?.close());

  it('a monitor is made, its rules are tried on a line before anybody is told, and it is saved and deleted again', async () => {
    const page = await stage.open('/monitors');
    await page.getByTestId('setting-new').click();
    await page.getByTestId('field-id').fill('fans');
    await page.getByTestId('field-type').click();
    await page.getByRole('option', { name: 'Syslog' }).click();
    await page.getByTestId('field-facility').fill('tokyo');
    await page.getByTestId('add-rules').click();
    await page.getByTestId('field-rules.0.pattern').fill('.*fan (\\d+) stands.*');
    await page.getByTestId('field-rules.0.message').fill('no air: #[1]');
    await page.getByRole('tab', { name: 'Try' }).click();
    await page.getByTestId('try-text').fill('<34>1 2026-11-21T22:14:15.003Z web1 fan 812 - - fan 7 stands');
    await page.getByTestId('try-go').click();
    await expect.poll(() => page.getByTestId('try-result').textContent()).toContain('no air: 7');
    await page.getByTestId('setting-save').click();
    await row(page, 'fans').waitFor();
    await row(page, 'fans').getByRole('button').first().click();
    await page.getByTestId('setting-delete').click();
    await page.getByTestId('setting-delete-confirm').click();
    await row(page, 'fans').waitFor({ state: 'detached' });
    await page.context().close();
  });
  it('a notification is changed, switched off and on, and its history tells by whom', async () => {
    const page = await stage.open('/notifications');
    await row(page, 'events').getByRole('button').first().click();
    await page.getByTestId('field-description').fill('for the night shift');
    await page.getByTestId('setting-save').click();
    await page.getByTestId('setting-editor').waitFor({ state: 'detached' });
    await row(page, 'events').filter({ hasText: 'for the night shift' }).waitFor();
    const enabled = async () => (await stage.a.get<{ enabled: boolean }>('/api/v1/settings/notification/events')).enabled;
    const toggle = row(page, 'events').getByTestId('setting-enabled');
    const isSeen = async () => ({ isOn: await toggle.isChecked(), isBusy: await toggle.getAttribute('aria-busy') });
    for (const is of [false, true]) {
      await toggle.click({ force: true });
      await expect.poll(isSeen).toEqual({ isOn: is, isBusy: 'false' });
      expect(await enabled()).toBe(is);
    }
    await row(page, 'events').getByRole('button').first().click();
    await page.getByRole('tab', { name: 'History' }).click();
    await expect.poll(() => page.getByRole('tabpanel').textContent()).toContain('admin');
    await page.context().close();
  });
  it('a switch stands as it was asked to before that is done, is at work so long, and keeps the focus; a press meanwhile asks for nothing', async () => {
    const page = await stage.open('/notifications');
    const toggle = row(page, 'events').getByTestId('setting-enabled');
    await toggle.waitFor({ state: 'attached' });
    const { promise: goOn, resolve: letGo } = Promise.withResolvers<void>();
    let asked = 0;
    await page.route('**/api/v1/settings/notification/events', async (route) => {
      if (route.request().method() !== 'GET') {
        asked += 1;
        await goOn;
      }
      await route.continue();
    });
    const seen = async () => ({
      isOn: await toggle.isChecked(),
      isBusy: await toggle.getAttribute('aria-busy'),
      hasFocus: await toggle.evaluate((one) => one.matches(':focus')),
    });
    await toggle.focus();
    await page.keyboard.press('Space');
    await expect.poll(seen).toEqual({ isOn: false, isBusy: 'true', hasFocus: true });
    await page.keyboard.press('Space');
    expect(await seen()).toEqual({ isOn: false, isBusy: 'true', hasFocus: true });
    letGo();
    await expect.poll(seen).toEqual({ isOn: false, isBusy: 'false', hasFocus: true });
    expect(asked).toBe(1);
    await page.keyboard.press('Space');
    await expect.poll(seen).toEqual({ isOn: true, isBusy: 'false', hasFocus: true });
    expect(asked).toBe(2);
    await page.context().close();
  });
  it('a calendar shows its month, and a day that was put on its list of holidays is closed', async () => {
    const page = await stage.open('/calendars?show=office&month=2026-12');
    const day = page.locator('[data-testid=calendar-day][data-date="2026-12-25"]');
    await expect.poll(() => day.getAttribute('data-state')).toBe('partly');
    await page.getByTestId('calendar-kinds').getByText('Day patterns').or(page.getByText('Calendar patterns')).first().click();
    await row(page, 'jp').getByRole('button').first().click();
    await page.getByTestId('field-dates').fill('2026-12-25');
    await page.getByTestId('field-dates').press('Enter');
    await page.getByTestId('setting-save').click();
    await page.getByTestId('setting-editor').waitFor({ state: 'detached' });
    await page.goto(`${stage.base}/calendars?show=office&month=2026-12`);
    await expect.poll(() => day.getAttribute('data-state')).toBe('closed');
    await page.context().close();
  });
  it('what a node measured is a graph, is found by its name, and comes as a table', async () => {
    const page = await stage.open('/graphs');
    await page.getByTestId('line-chart').first().waitFor();
    await page.getByTestId('graphs-range').getByText('6 h', { exact: true }).or(page.getByText('6 hours')).first().click();
    await page.getByTestId('graphs-text').fill('Round');
    await expect.poll(() => page.getByTestId('line-chart').count()).toBe(1);
    await expect.poll(() => new URL(page.url()).searchParams.get('text')).toBe('Round');
    const coming = page.waitForEvent('download');
    await page.getByTestId('csv').click();
    expect((await coming).suggestedFilename()).toMatch(/\.csv$/);
    await page.getByTestId('graphs-text').fill('nothing like it');
    await expect.poll(() => page.getByTestId('graphs-page').textContent()).toContain('No values are kept of this');
    await page.context().close();
  });
  it('a line stands before what is usual and its limits, is saved as a picture, and what was told of it leads to its event', async () => {
    await fiveWeeks(stage);
    const page = await stage.open('/graphs?range=6h&shape=baseline&facility=web1&text=ROOM');
    const chart = page.getByTestId('line-chart');
    const drawn = async (what: string) => (await chart.locator(what).getAttribute('d')) ?? '';
    await expect.poll(() => drawn('.baseline'), soon).toMatch(/^M[\d.-]+,[\d.-]+L/);
    expect(await drawn('.baseline-band')).toMatch(/Z$/);
    // Half an hour of them is beyond twice the deviation, of six hours as usual.
    await expect.poll(() => chart.textContent()).toMatch(/unusual values: \d+/);
    const bands = () => chart.getByTestId('limit-band').evaluateAll((all) => all.map((band) => band.getAttribute('class')));
    await expect.poll(bands).toEqual(['limit-band limit-warning', 'limit-band limit-critical']);
    const coming = page.waitForEvent('download');
    await chart.getByTestId('chart-picture').click();
    const picture = await coming;
    expect(picture.suggestedFilename()).toBe('ports-ROOM-web1.svg');
    const text = readFileSync(await picture.path(), 'utf8');
    expect(text).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"/);
    expect(text).toContain('ports · ROOM · web1');
    // As it is seen, without the page's style sheet.
    expect(text).toMatch(/stroke="rgb\(/);
    expect(text).not.toContain('class=');

    await page.goto(`${stage.base}/graphs?range=1h&facility=web1&text=disks`);
    const mark = page.getByTestId('chart-mark').first();
    await expect.poll(() => mark.getAttribute('data-priority'), soon).toBe('critical');
    expect(await axeFinds(page)).toEqual([]);
    await mark.click();
    await expect.poll(() => new URL(page.url()).searchParams.get('event')).toMatch(/^\d+$/);
    await page.getByTestId('event-drawer').filter({ hasText: 'disks' }).waitFor();
    await page.context().close();
  });
  it('the statuses of a scope are folded, narrowed by priority, and lead to their events', async () => {
    const page = await stage.open('/status');
    const rows = page.getByTestId('status-row');
    await rows.first().waitFor();
    const before = await rows.count();
    const group = page.getByTestId('status-group').first();
    await group.getByRole('button').click();
    await expect.poll(() => rows.count()).toBeLessThan(before);
    await group.getByRole('button').click();
    await page.getByRole('button', { name: /Warning/ }).click();
    await expect.poll(() => new URL(page.url()).searchParams.get('priority')).toBe('warning');
    await expect.poll(async () => (await rows.allTextContents()).every((text) => text.includes('Warning'))).toBe(true);
    await rows.first().getByRole('link', { name: 'disks' }).click();
    await page.getByTestId('event-row').first().waitFor();
    expect(new URL(page.url()).searchParams.get('monitor')).toBe('disks');
    await page.context().close();
  });
  it('messages come in by themselves, stand still while they are read, and go on', async () => {
    const page = await stage.open('/messages?text=everyday');
    await page.getByTestId('follow-state').waitFor();
    await stage.say('everyday one');
    const rows = page.getByTestId('message-row');
    await rows.filter({ hasText: 'everyday one' }).first().waitFor();
    await rows.first().click();
    await page.getByTestId('message-detail').waitFor();
    const shown = await rows.count();
    await stage.say('everyday two');
    await expect.poll(() => page.getByTestId('pause-button').textContent(), soon).toMatch(/\d/);
    expect(await rows.count()).toBe(shown);
    await page.getByTestId('pause-button').click();
    await rows.filter({ hasText: 'everyday two' }).first().waitFor();
    await page.context().close();
  });

  /** What changes something, where it is to be seen; each is open to whoever may do everything. */
  const WRITES = [
    ['/monitors', 'setting-row', ['setting-new', 'setting-enabled']],
    ['/monitors?id=disks', 'setting-save', ['setting-save', 'setting-delete', 'field-description']],
    ['/notifications', 'setting-row', ['setting-new', 'setting-enabled']],
    ['/calendars', 'setting-row', ['setting-new', 'setting-enabled']],
    ['/repository', 'setting-row', ['setting-new', 'import-open']],
    ['/repository/node/web1', 'node-about', ['node-enabled']],
    ['/dashboards', 'dashboards-page', ['setting-new', 'board-import']],
    ['/dashboards/night', 'dashboard-page', ['board-edit']],
    ['/cluster', 'topology', ['govern', 'switchover-button']],
    ['/retention', 'kept', ['days-events', 'clean-all', 'clean-events']],
    ['/mibs', 'mibs-page', ['mib-upload']],
    ['/users', 'user-row', ['user-new']],
    ['/users?tab=roles', 'role-row', ['role-new']],
    ['/jobs', 'jobs-page', ['jobs-run']],
    ['/jobs?view=units', 'jobs-page', ['unit-new']],
  ] as const;
  it.each(WRITES)(
    'who may only read finds nothing on %s that writes, and who may do everything does',
    async (path, ready, ids) => {
      const all = await stage.open(path);
      reader ??= await whoReads(stage);
      await reader.goto(`${stage.base}${path}`);
      for (const page of [all, reader]) await page.getByTestId(ready).first().waitFor();
      await expect.poll(() => open(all, ids)).toEqual(ids);
      expect(await open(reader, ids)).toEqual([]);
      await all.context().close();
    },
  );
  it('nor on an event, and is refused by the API whatever a page shows', async () => {
    const all = await stage.open('/events');
    reader ??= await whoReads(stage);
    await reader.goto(`${stage.base}/events`);
    for (const page of [all, reader]) {
      await page.getByTestId('event-row').first().click();
      await page.getByTestId('event-original').waitFor();
    }
    const ids = ['event-confirm', 'event-own'];
    await expect.poll(() => open(all, ids)).toEqual(ids);
    expect(await open(reader, ids)).toEqual([]);
    const number = Number(new URL(reader.url()).searchParams.get('event'));
    const headers = { 'x-yosugara': '1' };
    for (const [path, data] of [
      ['events/changes', { numbers: [number], state: 'confirmed' }],
      ['cluster/switchover', { to: 'b' }],
      ['job-units/night/sessions', {}],
    ] as const)
      expect([path, (await reader.request.post(`${stage.base}/api/v1/${path}`, { headers, data })).status()]).toEqual([
        path,
        403,
      ]);
    await all.context().close();
  });
  it('a button that writes, pressed twice at once, writes once and says so once; nor is what asks whether one is sure answered by the same double click', async () => {
    const page = await stage.open('/profile');
    const written: string[] = [];
    page.on('request', (request) => void (request.method() === 'GET' || written.push(request.method())));
    await page.getByTestId('profile-name').fill('The operator');
    await page.getByTestId('profile-save').dblclick();
    await page.getByTestId('toast').first().waitFor();
    expect(written.length).toBe(1);
    expect(await page.getByTestId('toast').count()).toBe(1);
    await page.goto(`${stage.base}/calendars?id=office`);
    written.length = 0;
    await page.getByTestId('setting-delete').dblclick();
    await page.getByTestId('setting-delete-confirm').waitFor();
    expect(written).toEqual([]);
    await page.context().close();
  });
  it('a page whose program could not be fetched says so, and is there by itself once somebody serves, also where the browser keeps in mind that it failed', async () => {
    const page = await stage.open('/profile');
    const away = (url: URL) => url.pathname === '/' || /^\/assets\/calendars?-/.test(url.pathname);
    await page.route(away, (route) => route.abort('connectionfailed'));
    // What it fetched before nobody served is forgotten.
    await page.reload();
    await page.getByTestId('profile-save').waitFor();
    await page.getByTestId('nav-calendars').click();
    await page.getByTestId('page-late-again').waitFor();
    expect(await axeFinds(page)).toEqual([]);
    await page.unroute(away);
    await row(page, 'office').waitFor();
    expect(new URL(page.url()).pathname).toBe('/calendars');
    await page.context().close();
  });
  it('a page whose program was fetched before is there with the press, and nothing is seen in between', async () => {
    const page = await stage.open('/profile');
    await page.getByTestId('profile-save').waitFor();
    await fetched(page, 'calendars');
    await page.evaluate(`(() => {
      const main = document.querySelector('main');
      globalThis.seen = [];
      new MutationObserver(() => seen.push(main.querySelector('h1')?.textContent ?? 'no page')).observe(main, { childList: true });
    })()`);
    await page.getByTestId('nav-calendars').click();
    await row(page, 'office').waitFor();
    expect(await page.evaluate('seen')).toEqual(['Calendars']);
    await page.context().close();
  });
  it('what fills up is told with its course, what to do, and its graph', async () => {
    const page = await stage.open('/capacity');
    const first = page.getByTestId('capacity-row').first();
    await first.waitFor();
    await first.getByRole('button').click();
    await expect.poll(() => first.textContent()).toContain('What to change');
    await page.getByTestId('capacity-only-filling').click({ force: true });
    await expect.poll(() => new URL(page.url()).searchParams.get('filling')).toBe('true');
    await page.context().close();
  });
  it('says nothing that it should not', () => expect(stage.problems).toEqual([]));
});

const row = (page: Page, id: string) => page.locator(`[data-testid=setting-row][data-id="${id}"]`);

/** Until the program of that page, which is fetched some time after the first one, is there. */
async function fetched(page: Page, name: string): Promise<void> {
  const url = `performance.getEntriesByType('resource').map((one) => one.name).find((one) => one.includes('/assets/${name}-') && one.endsWith('.js'))`;
  await expect.poll(() => page.evaluate(url), soon).toContain(name);
  // Asked for later than by the page: it is there sooner for the page than here.
  await page.evaluate(`import(${url})`);
}

/** Of these, those that can be used. */
async function open(page: Page, ids: readonly string[]): Promise<readonly string[]> {
  const found: string[] = [];
  for (const id of ids) {
    const one = page.getByTestId(id).first();
    if ((await one.count()) > 0 && (await one.isVisible()) && (await one.isEnabled())) found.push(id);
  }
  return found;
}

/** Logged in; may read everything, and do nothing. */
async function whoReads({ open: openPage, base }: Stage): Promise<Page> {
  const admin = await openPage('/');
  const headers = { 'x-yosugara': '1' };
  const grants = Object.fromEntries(FUNCTIONS.map((each) => [each, ['read']]));
  const role = await admin.request.put(`${base}/api/v1/settings/role/reader`, {
    headers: { ...headers, 'if-none-match': '*' },
    data: { body: { name: 'Reader', grants, reaches: [{ owner: ANY_OWNER, modes: ['read'] }] } },
  });
  expect([role.status(), await role.text()]).toEqual([200, expect.anything()]);
  const made = await admin.request.post(`${base}/api/v1/users`, { headers, data: { login: 'rika', roles: ['reader'] } });
  const { password } = (await made.json()) as { password: string };
  const page = await (await admin.context().browser()!.newContext({ locale: 'en-GB' })).newPage();
  const post = async (path: string, data: object) =>
    expect((await page.request.post(`${base}${path}`, { headers, data })).status()).toBe(200);
  await post('/api/login', { login: 'rika', password });
  await post('/api/password', { current: password, next: READER });
  await post('/api/login', { login: 'rika', password: READER });
  await admin.context().close();
  page.setDefaultTimeout(soon.timeout);
  return page;
}

/** Values of a node, as its monitor would have left them. */
async function oneGraph({ postgres: { host, port } }: Stage): Promise<void> {
  const pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres', max: 1 });
  try {
    await placesFor(pool, 1);
    for (const item of ['Round trip, ms', 'Lost, %'])
      await pool.query(
        `with made as (insert into series (key, monitor, facility, item, since)
           values (decode(md5($1), 'hex'), 'ping', 'web1', $1, now() - interval '6 hours')
           on conflict (key) do update set since = excluded.since returning id)
         insert into collected (series, at, value)
         select id, now() - make_interval(mins => n), n from made, generate_series(0, 60) n on conflict do nothing`,
        [item],
      );
  } finally {
    await pool.end();
  }
}

/** The same hours of this week and the four before it, of which the last half hour is none like it; and a line of what only events are told of. */
async function fiveWeeks({ postgres: { host, port } }: Stage): Promise<void> {
  const pool = new pg.Pool({ host, port, user: 'postgres', database: 'postgres', max: 1 });
  const nowMs = Date.now();
  const made = async (monitor: string, item: string) => {
    const { rows } = await pool.query<{ id: number }>(
      `insert into series (key, monitor, facility, item, since)
         values (decode(md5($1 || '/' || $2), 'hex'), $1, 'web1', $2, now() - interval '5 weeks') returning id`,
      [monitor, item],
    );
    return rows[0]!.id;
  };
  try {
    const rooms = await made('ports', 'ROOM');
    for (const week of [0, 1, 2, 3, 4]) {
      const endMs = nowMs - week * 7 * 86_400_000;
      await placesFor(pool, 6, endMs);
      await pool.query(
        `insert into collected (series, at, value)
           select $1, to_timestamp($2 / 1000.0) - make_interval(mins => n), case when $3 = 0 and n < 30 then 3200 else 500 + 10 * $3 + n % 7 end
             from generate_series(0, 360) n on conflict do nothing`,
        [rooms, endMs, week],
      );
    }
    await pool.query(
      `insert into collected (series, at, value) select $1, now() - make_interval(mins => n), 20 from generate_series(0, 55) n on conflict do nothing`,
      [await made('disks', '')],
    );
  } finally {
    await pool.end();
  }
}
