// The mock and a browser for pictures: everything is closed when `play` ends.
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** `node <script> [folder] [port]`: plays, prints what the browser reported, and ends with 1 if it reported anything. */
export async function onStage(play) {
  const [folder = '/tmp/yosugara-shots', port = '8099'] = process.argv.slice(2);
  const base = `http://127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true });
  const mock = spawn(process.execPath, [join(import.meta.dirname, 'mock-server.mjs'), port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => mock.stdout.once('data', resolve));
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
  const problems = [];
  const newPage = async (width, options = {}) => {
    const context = await browser.newContext({ viewport: { width, height: 900 }, locale: 'en-GB', ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(`page: ${error.message}`));
    page.on('console', (message) => {
      // Refused connections are the take-over itself; 401 before the login is an answer.
      if (message.type() === 'error' && !/ERR_|401|Failed to load/.test(message.text()))
        problems.push(`console: ${message.text()}`);
    });
    return page;
  };
  const login = async (page) => {
    await page.goto(base);
    await page.getByTestId('login-name').fill('operator');
    await page.getByTestId('login-password').fill('secret-1');
    await page.getByTestId('login-submit').click();
    await page.getByTestId('nav-cluster').click();
    await page.getByTestId('node-a-role').waitFor();
    await page.waitForTimeout(400);
  };
  const post = async (path, body) =>
    await fetch(base + path, { method: 'POST', ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const shot = async (page, name, whole = false) => await page.screenshot({ path: join(folder, `${name}.png`), fullPage: whole });
  try {
    await play({ base, newPage, login, post, shot, problems });
  } finally {
    await browser.close();
    mock.kill();
  }
  for (const problem of problems) console.log(`PROBLEM ${problem}`);
  process.exit(problems.length === 0 ? 0 : 1);
}
