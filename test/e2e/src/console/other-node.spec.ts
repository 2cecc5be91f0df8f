import 'reflect-metadata';
import { freePort, startTestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, Eras, startNode, type TestNode } from '../../../../apps/manager/src/testing/harness.js';
import { openBrowser } from '../browser.js';
import { builtConsole } from './built-console.js';
import { hasBrowser } from './stage.js';

/*
 * Two nodes and no address that goes with the Master: whoever has opened the console at one of them is at the Master's, before and after a
 * take-over, with the session and with what was being typed.
 */
const TYPED = 'looked at it, the fan is';
const DESCRIBED = 'whom it tells at ni';
const closers: (() => unknown)[] = [];
const eras = new Eras();
let a: TestNode;
let b: TestNode;
let pool: pg.Pool;
let browser: Browser;

describe.skipIf(!hasBrowser())('the console of two nodes without a floating address', { timeout: 300_000 }, () => {
  beforeAll(async () => {
    const { host, port: postgresPort, stop } = await startTestPostgres();
    closers.push(stop);
    pool = new pg.Pool({ host, port: postgresPort, user: 'postgres', database: 'postgres' });
    closers.push(() => pool.end());
    const { folder, remove } = await builtConsole();
    closers.push(remove);
    const port = await freePort();
    const common = { vip: null, port, postgres: { host, port: postgresPort }, console: folder };
    a = await startNode({ ...common, node: 'a', address: '127.0.96.1', other: '127.0.96.2' });
    closers.push(() => a.stop());
    b = await startNode({ ...common, node: 'b', address: '127.0.96.2', other: '127.0.96.1' });
    closers.push(() => b.stop());
    await eras.becomeActive(a, 'a');
    eras.become(b, 'b', { mode: 'passive', master: 'a' });
    browser = await openBrowser();
    closers.push(() => browser.close());
  }, 300_000);
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it('who comes to the Standby logs in at the Master', async () => {
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(100_000);
    await page.goto(`${b.url}/status`);
    await expect.poll(() => page.url(), { timeout: 60_000 }).toBe(`${a.url}/status`);
    await page.getByTestId('login-form').waitFor();
    await page.context().close();
  });

  it('a comment that is being typed at a take-over is typed on and stored once on the new Master; a form that was begun is saved there, also after another login', async () => {
    const cookie = await a.login();
    const { rows } = await pool.query<{ number: string }>(
      `insert into event (key, id, at, stored_at, last_at, priority, state, facility, scope, monitor, plugin, trigger, notification, item, sub, application, message, original, why)
       values ('\\x01', 'one', now(), now(), now(), 0, 0, 'n1', 'n1', 'm1', 'syslog', 'monitor', 'events', '', '1', '', 'the fan stands', 'the fan stands', 'first') returning number`,
    );
    const number = Number(rows[0]!.number);
    const context = await browser.newContext({ locale: 'en-GB' });
    const [name = '', value = ''] = cookie.split(/=(.*)/s);
    await context.addCookies([{ name, value, url: a.url }]);
    const page = await context.newPage();
    page.setDefaultTimeout(100_000);
    const passed = page.waitForResponse(`${a.url}/api/v1/pass`);
    await page.goto(`${a.url}/events?event=${number}`);
    await page.getByTestId('event-comment').fill(TYPED);
    expect((await passed).status()).toBe(200);
    const form = await formBegun(context, cookie);

    await a.stop();
    await page.getByTestId('banner-reconnecting').waitFor();
    await eras.becomeActive(b, 'b');
    await page.waitForURL(`${b.url}/events?event=${number}`);
    const comment = page.getByTestId('event-comment');
    await expect.poll(() => comment.inputValue()).toBe(TYPED);
    await expect.poll(() => page.evaluate('location.hash')).toBe('');
    await comment.press('End');
    await comment.pressSequentially(' replaced');
    await comment.press('Control+Enter');
    await page
      .getByTestId('event-history')
      .filter({ hasText: `${TYPED} replaced` })
      .waitFor();
    const history = await pool.query(`select 1 from event_history where detail->>'to' = $1`, [`${TYPED} replaced`]);
    expect(history.rowCount).toBe(1);
    await page.close();
    await formSaved(form);
    await context.close();
  });
});

/** A form of a setting in which somebody has begun to write. */
async function formBegun(context: BrowserContext, cookie: string): Promise<Page> {
  const body = { kind: 'event', priorities: { critical: {} } };
  const made = await a.call('PUT', '/api/v1/settings/notification/night', {
    ...{ cookie, body: { body }, headers: { 'if-none-match': '*' } },
  });
  expect(made.status).toBeLessThan(300);
  const page = await context.newPage();
  page.setDefaultTimeout(100_000);
  const passed = page.waitForResponse(`${a.url}/api/v1/pass`);
  await page.goto(`${a.url}/notifications?id=night`);
  await page.getByTestId('field-description').fill(DESCRIBED);
  expect((await passed).status()).toBe(200);
  return page;
}

/** It is at the other node; whoever has to log in meanwhile finds it, too. */
async function formSaved(page: Page): Promise<void> {
  await page.waitForURL(`${b.url}/notifications?id=night`);
  const description = page.getByTestId('field-description');
  await description.waitFor();
  await expect.poll(() => description.inputValue()).toBe(DESCRIBED);
  await page.getByTestId('setting-begun').waitFor();
  await description.press('End');
  await description.pressSequentially('ght');

  await page.context().clearCookies();
  await page.reload();
  await page.getByTestId('login-name').fill('admin');
  await page.getByTestId('login-password').fill(ADMIN_PASSWORD);
  await page.getByTestId('login-submit').click();
  await description.waitFor();
  await expect.poll(() => description.inputValue()).toBe(`${DESCRIBED}ght`);
  await page.getByTestId('setting-save').click();
  await page.getByTestId('setting-editor').waitFor({ state: 'detached' });
  const stored = await pool.query(`select description from setting where kind = 'notification' and id = 'night'`);
  expect(stored.rows).toEqual([{ description: `${DESCRIBED}ght` }]);
}
