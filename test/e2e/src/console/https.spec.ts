import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';
import type { Status } from '@yosugara/protocol';
import { freePort, startTestPostgres } from '@yosugara/testkit';
import pg from 'pg';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADMIN_PASSWORD, Eras, startNode, type TestNode } from '../../../../apps/manager/src/testing/harness.js';
import { openBrowser } from '../browser.js';
import { certificateOf } from './believing.js';
import { builtConsole } from './built-console.js';
import { hasBrowser } from './stage.js';

/*
 * As it is installed: the console speaks https with the node's own certificate, as `yosugara init` makes it, and the browser knows the
 * cluster's authority and takes no exception.
 */
const CERTUTIL = '/usr/bin/certutil';
const ADDRESS = '127.0.98.1';
const closers: (() => unknown)[] = [];
let node: TestNode;
let browser: Browser;
let page: Page;
let ca = '';

describe.skipIf(!hasBrowser() || !existsSync(CERTUTIL))('the console over https (with certutil of libnss3-tools)', () => {
  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), 'yosugara-https-'));
    closers.push(() => rmSync(dir, { recursive: true, force: true }));
    const certificate = await certificateOf(dir, 98);
    ca = certificate.caFile;
    const { host, port: postgresPort, stop } = await startTestPostgres();
    closers.push(stop);
    const { folder, remove } = await builtConsole();
    closers.push(remove);
    node = await startNode({
      ...{ node: 'a', address: ADDRESS, vip: null, port: await freePort(), postgres: { host, port: postgresPort } },
      ...{ console: folder, tls: certificate },
    });
    closers.push(() => node.stop());
    tls.setDefaultCACertificates([await readFile(ca, 'utf8')]);
    const eras = new Eras();
    await eras.becomeActive(node, 'a');
    await node.login();
    const pool = new pg.Pool({ host, port: postgresPort, user: 'postgres', database: 'postgres' });
    await pool.query(
      `insert into event (key, id, at, stored_at, last_at, priority, state, facility, scope, monitor, plugin, trigger, notification, item, sub, application, message, original, why)
       values ('\\x01', 'one', now(), now(), now(), 0, 0, 'n1', 'n1', 'm1', 'syslog', 'monitor', 'events', '', '1', '', '換気扇が停止', 'fan', 'first')`,
    );
    await pool.end();
    browser = await openBrowser({ HOME: believing(dir) });
    closers.push(() => browser.close());
    page = await (await browser.newContext({ locale: 'en-GB', acceptDownloads: true })).newPage();
    page.setDefaultTimeout(100_000);
  }, 300_000);
  afterAll(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  it('a browser that does not know the authority is not let through', async () => {
    const stranger = await openBrowser({ HOME: join(tmpdir(), 'nobody-is-at-home') });
    try {
      const lone = await stranger.newPage();
      lone.setDefaultTimeout(100_000);
      await expect(lone.goto(node.url)).rejects.toThrow('ERR_CERT_AUTHORITY_INVALID');
    } finally {
      await stranger.close();
    }
  });
  it('who logs in has a cookie that only this host gets, by https, and no script reads', async () => {
    await page.goto(`${node.url}/events`);
    await page.getByTestId('login-name').fill('admin');
    await page.getByTestId('login-password').fill(ADMIN_PASSWORD);
    await page.getByTestId('login-submit').click();
    await page.getByTestId('event-row').waitFor();
    const cookies = await page.context().cookies();
    expect(
      cookies.map(({ name, domain, path, secure, httpOnly, sameSite }) => ({ name, domain, path, secure, httpOnly, sameSite })),
    ).toEqual([
      { name: '__Host-yosugara_session', domain: ADDRESS, path: '/', secure: true, httpOnly: true, sameSite: 'Strict' },
    ]);
    expect(await page.evaluate('[isSecureContext, document.cookie]')).toEqual([true, '']);
  });
  it('what changes comes by the stream', async () => {
    await page.locator('[data-testid=link-state]', { hasText: 'Live' }).waitFor();
    const status = node.controller.status as Status;
    node.controller.status = { ...status, epoch: status.epoch + 41 };
    await page.locator('[data-testid=header-epoch]', { hasText: String(status.epoch + 41) }).waitFor();
  });
  it('a list is saved as CSV', async () => {
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('csv').click()]);
    expect(await readFile(await download.path(), 'utf8')).toContain('換気扇が停止');
  });
});

/** @returns the home of a browser that believes the cluster's authority. */
function believing(dir: string): string {
  const home = join(dir, 'home');
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  const run = (...args: readonly string[]) => execFileSync(CERTUTIL, [...args, '-d', `sql:${database}`], { stdio: 'pipe' });
  run('-N', '--empty-password');
  run('-A', '-n', 'cluster', '-t', 'C,,', '-i', ca);
  return home;
}
