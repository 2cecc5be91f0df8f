import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { type ConsoleBrowser, nowMs } from './console-browser.js';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';

const LATEST_MS = 30_000;
/** The page fetches what other pages need once it has been quiet for 3 s: that is none of the first view. */
const SETTLED_MS = 1_500;

export interface FirstView {
  readonly paintMs: number;
  /** Of scripts, by gzip -9. */
  readonly scriptBytes: number;
  /** What the manager sent, headers included. */
  readonly sentBytes: number;
}

/** The first page, with nothing in the browser's cache. */
export async function firstView(browser: ConsoleBrowser, node: string): Promise<FirstView> {
  const page = await browser.fresh(node);
  try {
    await page.addInitScript(
      "new PerformanceObserver((list) => { for (const each of list.getEntries()) globalThis.largestMs = each.startTime }).observe({ type: 'largest-contentful-paint', buffered: true })",
    );
    await page.goto(`${browser.base(node)}/`);
    await page.getByTestId('overview-health').waitFor();
    await sleep(SETTLED_MS);
    const [paintMs, scripts, sentBytes] = (await page.evaluate(
      `[globalThis.largestMs, ...(() => {
        const all = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('.js'));
        return [all.map(({ name }) => name), all.reduce((sum, { transferSize }) => sum + transferSize, 0)];
      })()]`,
    )) as [number, string[], number];
    let scriptBytes = 0;
    for (const url of scripts) scriptBytes += gzipSync(await (await page.context().request.get(url)).body(), { level: 9 }).length;
    return { paintMs, scriptBytes, sentBytes };
  } finally {
    await page.context().close();
  }
}

/** @returns ms from the call that sends a line until its row is drawn, of `count` lines at their own times. */
export async function linesToRows(browser: ConsoleBrowser, cluster: RowCluster, count: number): Promise<readonly number[]> {
  const page = await browser.fresh(cluster.master);
  const socket = createSocket('udp4');
  try {
    await page.goto(`${browser.base(cluster.master)}/messages?text=bench-row`);
    await page.getByTestId('follow-state').waitFor();
    await watchRows(page, 'message-row', 'bench-row (\\d+) end');
    const sentMs: number[] = [];
    for (let number = 0; number < count; number++) {
      // At no beat of the stream's own.
      await sleep(100 + ((number * 97) % 250));
      const line = `<165>1 ${new Date().toISOString()} bench bench - - - bench-row ${number} end`;
      sentMs.push(nowMs());
      for (const { address, port } of cluster.targets) socket.send(line, port, address);
    }
    const seen = async () => (await page.evaluate('globalThis.seenRows')) as Record<string, number>;
    await until('every line is a row', LATEST_MS, async () => Object.keys(await seen()).length === count);
    const atMs = await seen();
    return sentMs.map((ms, number) => atMs[number]! - ms);
  } finally {
    socket.close();
    await page.context().close();
  }
}

/** `seenRows`: when each number was drawn first, in ms since 1970. */
async function watchRows(page: Page, testId: string, pattern: string): Promise<void> {
  await page.evaluate(`(() => {
    globalThis.seenRows = {};
    const pattern = new RegExp(${JSON.stringify(pattern)});
    const look = () => requestAnimationFrame(() => {
      for (const row of document.querySelectorAll('[data-testid=${testId}]')) {
        const number = pattern.exec(row.textContent)?.[1];
        if (number !== undefined) seenRows[number] ??= performance.timeOrigin + performance.now();
      }
    });
    new MutationObserver(look).observe(document.body, { childList: true, subtree: true });
  })()`);
}

type Change = (page: Page, run: number) => Promise<void>;
const typed =
  (field: string, text: (run: number) => string): Change =>
  async (page, run) =>
    await page.getByTestId(field).fill(text(run));
const pressed =
  (chip: string): Change =>
  async (page) =>
    await page.getByTestId(chip).click();

/** What an operator changes of the list of events, each on top of the one before. */
const CHANGES: readonly (readonly [name: string, change: Change])[] = [
  ['confirmed', pressed('state-confirmed')],
  ['text-common', typed('event-text', () => 'failed')],
  ['text-rare', typed('event-text', (run) => `needle${run % 10}`)],
  ['text-none', typed('event-text', () => '')],
  ['node', typed('event-facility', (run) => `n${run * 7 + 3}`)],
  ['scope', typed('event-facility', (run) => `scope${run % 10}`)],
  ['scope-none', typed('event-facility', () => '')],
  ['monitor', typed('event-monitor', (run) => `m${run}`)],
  ['monitor-none', typed('event-monitor', () => '')],
  ['only-open', pressed('state-confirmed')],
];

/** @returns by change: ms from the click or the last letter until the rows of it are drawn. */
export async function filterChanges(
  browser: ConsoleBrowser,
  node: string,
  runs: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const page = await browser.fresh(node);
  const took = new Map<string, number[]>();
  try {
    await page.goto(`${browser.base(node)}/events`);
    await page.getByTestId('event-row').first().waitFor();
    await watchChanges(page);
    for (let run = 0; run <= runs; run++)
      for (const [name, change] of CHANGES) {
        await page.evaluate('changes.begin()');
        await change(page, run);
        const ms = (await page.evaluate('changes.done()')) as number;
        // The first round only warms up.
        if (run > 0) took.set(name, [...(took.get(name) ?? []), ms]);
      }
    return took;
  } finally {
    await page.context().close();
  }
}

/** From the last thing that the operator did until the frame after the last change of the list; it is over when nothing changes for a while. */
async function watchChanges(page: Page): Promise<void> {
  await page.evaluate(`(() => {
    let begunMs = 0, drawnMs = 0;
    for (const kind of ['click', 'input'])
      document.addEventListener(kind, () => { begunMs = performance.now(); drawnMs = 0; }, true);
    new MutationObserver(() => requestAnimationFrame(() => { drawnMs = performance.now(); }))
      // Rows are written anew where they stand: that adds no element.
      .observe(document.querySelector('[data-testid=events-page] .virtual, [data-testid=event-table]'), { childList: true, subtree: true, characterData: true });
    globalThis.changes = {
      begin: () => { begunMs = 0; drawnMs = 0; },
      done: () => new Promise((resolve, reject) => {
        const askedMs = performance.now();
        const look = () => {
          const nowMs = performance.now();
          if (begunMs > 0 && drawnMs > 0 && nowMs - drawnMs > 900) resolve(drawnMs - begunMs);
          else if (nowMs - askedMs > 20000) reject(new Error('the list did not change'));
          else setTimeout(look, 50);
        };
        look();
      }),
    };
  })()`);
}

export interface Scrolled {
  readonly rows: number;
  readonly frames: number;
  /** Longer than 50 ms: whoever scrolls sees it stand. */
  readonly long: number;
  readonly worstMs: number;
  readonly p95Ms: number;
  /** Of one frame, what the page itself takes of a processor; the rest is waiting for one, and drawing. */
  readonly ownMs: { readonly script: number; readonly styleAndLayout: number; readonly all: number };
}

/** Through the whole list and back, in frames, after it was read to `rows` rows. */
export async function scrolledThrough(browser: ConsoleBrowser, node: string, rows: number, seconds: number): Promise<Scrolled> {
  const page = await browser.fresh(node);
  page.setDefaultTimeout(600_000);
  try {
    await page.goto(`${browser.base(node)}/events?state=unconfirmed,confirming,confirmed`);
    await page.getByTestId('event-row').first().waitFor();
    const there = (await page.evaluate(`(async () => {
      const box = document.querySelector('.virtual');
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const rowPx = document.querySelector('[data-testid=event-row]').offsetHeight;
      const all = () => Math.round(document.querySelector('.virtual-body').offsetHeight / rowPx);
      for (const endMs = performance.now() + 500000; all() < ${rows} && performance.now() < endMs; await frame()) box.scrollTop = box.scrollHeight;
      return all();
    })()`)) as number;
    const spent = await spentBy(page);
    const found = (await page.evaluate(`(async () => {
      const box = document.querySelector('.virtual');
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const gaps = [];
      const length = box.scrollHeight - box.clientHeight;
      box.scrollTop = 0;
      await frame();
      const begunMs = performance.now();
      for (let beforeMs = begunMs; beforeMs - begunMs < ${seconds * 1_000}; ) {
        const part = (beforeMs - begunMs) / ${seconds * 1_000};
        box.scrollTop = length * (part < 0.5 ? part * 2 : 2 - part * 2);
        await frame();
        const nowMs = performance.now();
        gaps.push(nowMs - beforeMs);
        beforeMs = nowMs;
      }
      gaps.sort((one, other) => one - other);
      return { frames: gaps.length, long: gaps.filter((ms) => ms > 50).length, worstMs: gaps.at(-1), p95Ms: gaps[Math.floor(gaps.length * 0.95)] };
    })()`)) as Omit<Scrolled, 'rows' | 'ownMs'>;
    return { ...found, rows: there, ownMs: await spent(found.frames) };
  } finally {
    await page.context().close();
  }
}

/** @returns asked later: what the page itself has taken since then, of each of so many frames. */
async function spentBy(page: Page): Promise<(frames: number) => Promise<Scrolled['ownMs']>> {
  const session = await page.context().newCDPSession(page);
  // By how long its threads really ran: a page that waits for a processor takes none.
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const now = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return (name: string) => (metrics.find((each) => each.name === name)?.value ?? 0) * 1_000;
  };
  const before = await now();
  return async (frames) => {
    const after = await now();
    const each = (...names: readonly string[]) => names.reduce((sum, name) => sum + after(name) - before(name), 0) / frames;
    return {
      script: each('ScriptDuration'),
      styleAndLayout: each('RecalcStyleDuration', 'LayoutDuration'),
      all: each('TaskDuration'),
    };
  };
}
