import { type Benchmark, type BenchOptions, type Measure, median } from './benchmark.js';
import { type ConsoleBrowser, consoleBrowser } from './console-browser.js';
import { pageChanges } from './console-page-changes.js';
import { type FirstView, filterChanges, firstView, linesToRows, scrolledThrough } from './console-pages.js';
import { takeOverSeen } from './console-take-over.js';
import { EVENTS, eventEstate, fillEvents } from './events-million.js';
import { thisMachine } from './machine.js';
import { percentile } from './open-loop.js';
import { type RowCluster, startRowCluster } from './row-cluster.js';

const ROWS_OF_LINES = 120;
const SCROLL_ROWS = 100_000;
const SCROLL_S = 10;
const MONTH_MS = 30 * 24 * 3_600_000;

const goal = (value: number): NonNullable<Measure['goal']> => ({ of: 'ours', is: 'at most', value });
const sorted = (values: readonly number[]) => [...values].sort((one, other) => one - other);
/** Beside the figure: what the machine had to do besides. */
const load = () => `load ${thisMachine().load}`;

function measured(name: string, unit: string, ours: number, runs: readonly number[], more: Partial<Measure>): Measure {
  return {
    ...{ name: `console/${name}`, unit, ours, peer: null, peerName: '–', ratio: null, runs: { ours: runs, peer: [] } },
    ...more,
  };
}

async function views(browser: ConsoleBrowser, node: string, { runs, say }: BenchOptions): Promise<readonly Measure[]> {
  const seen: FirstView[] = [];
  for (let run = 0; run <= runs; run++) {
    const view = await firstView(browser, node);
    say(`console/first-view: ${view.paintMs.toFixed(0)} ms`);
    if (run > 0) seen.push(view);
  }
  const paints = seen.map(({ paintMs }) => paintMs);
  const { scriptBytes, sentBytes } = seen[0]!;
  return [
    measured('first-view', 'ms', median(paints), paints, {
      goal: goal(1_000),
      note: `largest contentful paint of the overview, a new browser profile each, nothing cached, loopback, processor not slowed; lowest ${Math.min(...paints).toFixed(0)} ms; ${load()}`,
    }),
    measured('first-view-scripts', 'kB', scriptBytes / 1_000, [scriptBytes / 1_000], {
      goal: goal(250),
      note: `all scripts that the overview loads before it is drawn, each gzip -9; ${(sentBytes / 1_000).toFixed(0)} kB of them were sent`,
    }),
  ];
}

async function rows(browser: ConsoleBrowser, cluster: RowCluster, { say }: BenchOptions): Promise<Measure> {
  const took = sorted(await linesToRows(browser, cluster, ROWS_OF_LINES));
  const [p50, p95] = [percentile(took, 0.5), percentile(took, 0.95)];
  say(`console/line-to-row: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`);
  return measured('line-to-row/p95', 'ms', p95, took, {
    goal: goal(700),
    note: `${took.length} lines over UDP to both nodes, 3 to 10 a second, until the frame with the row on Messages; p50 ${p50.toFixed(0)} ms, longest ${took.at(-1)!.toFixed(0)} ms; ${load()}`,
  });
}

async function pages(browser: ConsoleBrowser, node: string, { runs, say }: BenchOptions): Promise<readonly Measure[]> {
  const { first, again, flashed } = await pageChanges(browser, node, runs);
  return (
    [
      ['first', first],
      ['again', again],
    ] as const
  ).map(([name, all]) => {
    const took = sorted(all);
    const [p50, p95] = [percentile(took, 0.5), percentile(took, 0.95)];
    say(`console/page-change/${name}: p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms; ${flashed} flashed`);
    return measured(`page-change/${name}/p95`, 'ms', p95, took, {
      note: `${took.length} pages opened by the menu, programs fetched before, ${name === 'first' ? 'none of them shown before in this document' : 'all of them shown before'}, from the click to the frame with the page’s own elements; p50 ${p50.toFixed(0)} ms, longest ${took.at(-1)!.toFixed(0)} ms; in both rounds ${flashed} showed a loader in between; ${load()}`,
    });
  });
}

async function filters(
  browser: ConsoleBrowser,
  node: string,
  among: number,
  { runs, say }: BenchOptions,
): Promise<readonly Measure[]> {
  const found = await filterChanges(browser, node, runs);
  for (const [name, took] of found) say(`console/filter/${name}: ${took.map((ms) => ms.toFixed(0)).join(' ')} ms`);
  const all = sorted([...found.values()].flat());
  const each = [...found].map(([name, took]) => `${name} ${median(took).toFixed(0)}`).join(', ');
  return [
    measured('filter/p95', 'ms', percentile(all, 0.95), all, {
      goal: goal(300),
      note: `${all.length} changes of the filter among ${among} events, from the click or the last letter to the frame with the rows; medians: ${each}; longest ${all.at(-1)!.toFixed(0)} ms; ${load()}`,
    }),
  ];
}

async function scrolls(browser: ConsoleBrowser, node: string, { say }: BenchOptions): Promise<Measure> {
  const found = await scrolledThrough(browser, node, SCROLL_ROWS, SCROLL_S);
  say(`console/scroll: ${JSON.stringify(found)}`);
  return measured('scroll/p95-frame', 'ms', found.p95Ms, [found.p95Ms], {
    goal: goal(50),
    note: `${found.rows} rows, down and up again within ${SCROLL_S} s: ${found.frames} frames, ${found.long} longer than 50 ms, the longest ${found.worstMs.toFixed(0)} ms; of each the page itself takes ${found.ownMs.all.toFixed(1)} ms of a processor (script ${found.ownMs.script.toFixed(1)}, style and layout ${found.ownMs.styleAndLayout.toFixed(1)}); ${load()}`,
  });
}

async function takeOver(browser: ConsoleBrowser, cluster: RowCluster, { say }: BenchOptions): Promise<Measure> {
  const event = Number(cluster.sql('select max(number) from event'));
  const { liveMs, awayMs } = await takeOverSeen(browser, cluster, event);
  say(`console/take-over: live after ${liveMs.toFixed(0)} ms`);
  return measured('take-over', 'ms', liveMs, [liveMs], {
    goal: goal(2_000),
    note: `from the first 200 of the new Master’s /status/master, ${awayMs.toFixed(0)} ms after the power cut, until its name is on the page; no floating address: the page goes to the other node’s with its session and the comment that was being typed, which is stored once; ${load()}`,
  });
}

export const CONSOLE_BENCH: Benchmark = {
  name: 'console',
  what: 'the console in a browser on a cluster of two nodes, among N events (--rows, default 1 000 000): first view, line to row, filters, scrolling, a take-over',
  async run(options) {
    const cluster = await startRowCluster('replicated');
    let browser: ConsoleBrowser | null = null;
    try {
      browser = await consoleBrowser(cluster);
      if (browser === null) throw new Error('console: no Chromium here');
      const among = options.rows ?? EVENTS;
      await cluster.apply(eventEstate());
      await fillEvents(cluster, among, Date.now() - MONTH_MS, options.say);
      return [
        ...(await views(browser, cluster.master, options)),
        await rows(browser, cluster, options),
        ...(await pages(browser, cluster.master, options)),
        ...(await filters(browser, cluster.master, among, options)),
        await scrolls(browser, cluster.master, options),
        await takeOver(browser, cluster, options),
      ];
    } finally {
      await browser?.close();
      await cluster.stop();
    }
  },
};
