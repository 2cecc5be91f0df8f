import 'reflect-metadata';
import { createHmac } from 'node:crypto';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { twoReceivers } from '../../../../apps/receiver/src/testing/two-receivers.js';
import { openBrowser } from '../browser.js';
import { axeFinds, consoleStage, hasBrowser, type Stage, shot } from './stage.js';

/*
 * Who may do what, along the ways of those whom it concerns: an administrator who lets somebody in, that somebody at their first login, and
 * whoever asks afterwards what was done.
 */
const receivers = await twoReceivers({ third: 95 });
let stage: Stage;
let browser: Browser;
let given = '';
const OWN = 'kenji-has-his-own-word';

describe.skipIf(!hasBrowser())('people in the console', { timeout: 600_000 }, () => {
  beforeAll(async () => {
    stage = await consoleStage(receivers);
    browser = await openBrowser({}, stage.flags);
  }, 600_000);
  afterAll(async () => {
    await browser?.close();
    await stage?.close();
  });

  it('a role is made as a table of what it may; whoever may change may read', async () => {
    const page = await stage.open('/users?tab=roles');
    await page.getByTestId('role-new').click();
    await page.getByTestId('role-id').fill('night');
    await page.getByTestId('role-name').fill('Night shift');
    await page.getByTestId('grant-event-modify').check();
    expect(await page.getByTestId('grant-event-read').isChecked()).toBe(true);
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'role');
    await page.getByTestId('role-save').click();
    await page.locator('[data-testid=role-row][data-id=night]').waitFor();
    const { body } = (await (await page.request.get(`${stage.base}/api/v1/settings/role/night`)).json()) as { body: object };
    expect(body).toEqual({ name: 'Night shift', grants: { event: ['read', 'modify'] }, reaches: [] });
  });
  it('a user is made with that role, and the first password is shown once', async () => {
    const page = await stage.open('/users');
    await page.getByTestId('user-new').click();
    await page.getByTestId('user-login').fill('kenji');
    await page.getByTestId('user-roles').fill('night');
    await page.getByRole('option', { name: 'Night shift (night)' }).click();
    await page.keyboard.press('Escape');
    await page.getByTestId('user-save').click();
    given = (await page.getByTestId('user-new-password').locator('pre').textContent()) ?? '';
    expect(given.length).toBeGreaterThan(9);
    expect(await axeFinds(page)).toEqual([]);
  });
  it('at the first login a password of one’s own is chosen; then only what the role allows is shown, and other addresses say so', async () => {
    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(stage.base);
    await logIn(page, given);
    await page.getByTestId('password-current').fill(given);
    await page.getByTestId('password-next').fill(OWN);
    await page.getByTestId('password-again').fill(OWN);
    await page.getByTestId('password-submit').click();
    await page.getByTestId('nav-events').waitFor();
    expect(
      await page.locator('[data-testid^=nav-]').evaluateAll((all) => all.map((each) => each.getAttribute('data-testid'))),
    ).toEqual([...['nav-overview', 'nav-events', 'nav-status']]);
    await page.goto(`${stage.base}/audit`);
    await page.getByText('Your roles do not allow that').or(page.getByRole('alert')).first().waitFor();
    await page.goto(`${stage.base}/users`);
    await page.getByRole('alert').first().waitFor();
    await page.context().close();
  });
  it('a second factor is set up with a QR code and asked for at the next login', async () => {
    const page = await (await browser.newContext({ locale: 'en-GB' })).newPage();
    page.setDefaultTimeout(120_000);
    await page.goto(`${stage.base}/profile`);
    await logIn(page, OWN);
    await page.getByTestId('totp-password').fill(OWN);
    await page.getByTestId('totp-begin').click();
    await page.getByTestId('qr').waitFor();
    const secret = (await page.getByTestId('totp-secret').textContent()) ?? '';
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'totp');
    await page.getByTestId('totp-code').fill(codeOf(secret, 0));
    await page.getByTestId('totp-confirm').click();
    await page.getByTestId('recovery-codes').waitFor();
    await page.getByTestId('user-menu').click();
    await page.getByTestId('logout').click();
    await logIn(page, OWN);
    await page.getByTestId('login-code').fill(codeOf(secret, 1));
    await page.getByTestId('login-submit').click();
    await page.getByTestId('profile-page').waitFor();
    await page.context().close();
  });
  it('a token is made, shown once, and withdrawn', async () => {
    const page = await stage.open('/profile');
    await page.getByTestId('token-name').fill('backup');
    await page.getByTestId('token-add').click();
    const secret = (await page.getByTestId('token-secret').locator('pre').textContent()) ?? '';
    expect((await stage.a.call('GET', '/api/v1/events', { bearer: secret })).status).toBe(200);
    await page.getByTestId('token-remove').click();
    await page.getByTestId('token-remove').click();
    await page.getByTestId('token-row').waitFor({ state: 'detached' });
    expect((await stage.a.call('GET', '/api/v1/events', { bearer: secret })).status).toBe(401);
  });
  it('language and time zone are those of the account, on every page', async () => {
    const page = await stage.open('/profile');
    await page.getByTestId('profile-language').click();
    await page.getByRole('option', { name: '日本語' }).click();
    await page.getByTestId('profile-save').click();
    await page.getByRole('heading', { name: 'アカウント設定' }).waitFor();
    const answer = await page.request.patch(`${stage.base}/api/me`, {
      headers: { 'x-yosugara': '1' },
      data: { language: 'en', timeZone: 'Asia/Tokyo' },
    });
    expect(answer.status()).toBe(200);
    const audit = await stage.open('/audit?what=user.');
    const time = audit.getByTestId('audit-row').first().locator('time');
    const iso = (await time.getAttribute('datetime')) ?? '';
    const tokyo = new Date(Date.parse(iso) + 9 * 3_600_000).toISOString().slice(0, 19).replace('T', ' ');
    expect(await time.textContent()).toBe(tokyo);
  });
  it('the audit log says who did what, and what was refused', async () => {
    const page = await stage.open('/audit?who=kenji');
    await page.getByTestId('audit-row').first().waitFor();
    const actions = await page.getByTestId('audit-row').evaluateAll((rows) => rows.map((row) => row.getAttribute('data-action')));
    expect(actions).toContain('login');
    expect(await axeFinds(page)).toEqual([]);
    await shot(page, 'audit');
  });
  it('says nothing that it should not', () => expect(stage.problems).toEqual([]));
});

async function logIn(page: Page, password: string): Promise<void> {
  await page.getByTestId('login-name').fill('kenji');
  await page.getByTestId('login-password').fill(password);
  await page.getByTestId('login-submit').click();
}

/** RFC 6238, as an authenticator does it. @param ahead steps of 30 s: a code is good once. */
function codeOf(secret: string, ahead: number): string {
  const bits = [...secret.replaceAll(/[\s=]/g, '')].map((each) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(each).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + ahead));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac.at(-1)! & 0xf;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
