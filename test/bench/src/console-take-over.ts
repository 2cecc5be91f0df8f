import { setTimeout as sleep } from 'node:timers/promises';
import { type ConsoleBrowser, nowMs } from './console-browser.js';
import type { RowCluster } from './row-cluster.js';
import { until } from './usage.js';

const TYPED = 'looked at it, the fan is';
const PATIENCE_MS = 120_000;

export interface SeenTakeOver {
  /** From the first 200 of the new Master's `/status/master` until its name is on the page, which is live again. */
  readonly liveMs: number;
  /** From the power cut to that 200. */
  readonly awayMs: number;
}

/**
 * The Master's power is cut while an operator types a comment on an event. What was typed is there on the new Master, is sent, and stored once.
 * @throws Error where it is not.
 */
export async function takeOverSeen(browser: ConsoleBrowser, cluster: RowCluster, event: number): Promise<SeenTakeOver> {
  const from = cluster.master;
  const to = from === 'a' ? 'b' : 'a';
  const page = await browser.fresh(from);
  try {
    await page.goto(`${browser.base(from)}/events?state=unconfirmed,confirming,confirmed&event=${event}`);
    const comment = page.getByTestId('event-comment');
    await comment.fill(TYPED);
    // As long as somebody looks at a page before anything happens: what other pages need is there by then, and the session has its pass.
    await sleep(6_000);
    const cutMs = nowMs();
    const serving = servesAt(cluster, to);
    await cluster.cluster.powerOff(from);
    const isLive = `document.querySelector('[data-testid=master-name]')?.textContent === '${to}' && document.querySelector('[data-testid=banner-reconnecting]') === null
      && document.querySelector('[data-testid=event-comment]') !== null`;
    let liveAtMs = 0;
    await until('the page is live on the new Master', PATIENCE_MS, async () => {
      const seen = await page.evaluate(`${isLive} ? performance.timeOrigin + performance.now() : 0`).catch(() => 0);
      liveAtMs = Number(seen);
      return liveAtMs > 0;
    });
    const servingMs = await serving;
    const text = await comment.inputValue();
    if (text !== TYPED) throw new Error(`the comment is ${JSON.stringify(text)} after the take-over`);
    await comment.press('Control+Enter');
    await page.getByTestId('event-history').filter({ hasText: TYPED }).waitFor();
    const { history } = JSON.parse(await cluster.get(`/api/v1/events/${event}`, to)) as {
      history: readonly { action: string }[];
    };
    const comments = history.filter(({ action }) => action === 'comment').length;
    if (comments !== 1) throw new Error(`the comment is stored ${comments} times`);
    return { liveMs: liveAtMs - servingMs, awayMs: servingMs - cutMs };
  } finally {
    await page.context().close();
  }
}

async function servesAt(cluster: RowCluster, node: string): Promise<number> {
  for (const endMs = performance.now() + PATIENCE_MS; performance.now() < endMs; await sleep(10))
    if ((await cluster.statusCode(node).catch(() => 0)) === 200) return nowMs();
  throw new Error(`${node} does not serve`);
}
