import type { Events } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { ApiError, UnreachableError } from './client.js';
import { EventFeed } from './event-feed.js';
import { anEvent } from './testing/an-event.js';

/** A manager that has the numbers from 1 to `newest`, and timers that a spec lets run out. */
function onStage(newest: number) {
  const manager = { newest, fail: null as Error | null, asked: [] as string[] };
  const timers: (() => void)[] = [];
  const feed = new EventFeed('state=unconfirmed', (row) => row.state === 'unconfirmed', {
    fetchPage: async (query): Promise<Events> => {
      manager.asked.push(query);
      if (manager.fail !== null) throw manager.fail;
      const asked = new URLSearchParams(query);
      const from = Number(asked.get('after') ?? manager.newest + 1) - 1;
      const count = Math.min(from, Number(asked.get('limit')));
      const rows = Array.from({ length: count }, (_, at) => anEvent(from - at));
      return { rows, next: from > count ? String(from - count + 1) : null };
    },
    after: (_, run) => {
      timers.push(run);
      return () => void timers.splice(timers.indexOf(run), 1);
    },
  });
  const settle = async () => await new Promise((resolve) => setTimeout(resolve, 0));
  const run = async () => {
    for (const timer of timers.splice(0)) timer();
    await settle();
  };
  const numbers = () => feed.state().rows.map(({ number }) => number);
  return { manager, feed, settle, run, numbers };
}
const downTo = (newest: number, oldest: number) => Array.from({ length: newest - oldest + 1 }, (_, at) => newest - at);

describe('the feed of events', () => {
  it('goes on page by page to the first event ever, each once', async () => {
    const { feed, settle, numbers } = onStage(1_250);
    feed.reload();
    await settle();
    expect(feed.state()).toMatchObject({ isLoaded: true, hasMore: true });
    while (await feed.more());
    expect(numbers()).toEqual(downTo(1_250, 1));
    expect(feed.state().hasMore).toBe(false);
  });
  it('has what the stream told before the first page was there, and what came between both', async () => {
    const { feed, manager, settle, numbers } = onStage(3);
    feed.reload();
    feed.onEvents({ rows: [anEvent(6)] });
    await settle();
    manager.newest = 6;
    feed.onHello();
    await settle();
    expect(numbers()).toEqual([6, 5, 4, 3, 2, 1]);
  });
  it('shows its first page at once, also where the stream comes up while it is read, and then what came between both', async () => {
    const { feed, manager, settle, numbers } = onStage(3);
    const shown: number[] = [];
    feed.watch(() => shown.push(feed.state().rows.length));
    feed.reload();
    feed.onHello();
    manager.newest = 6;
    await settle();
    expect(shown[0]).toBe(3);
    expect(numbers()).toEqual([6, 5, 4, 3, 2, 1]);
    expect(manager.asked).toHaveLength(2);
  });
  it('begins anew when more than a page came while nobody listened: a list with a gap would hide them', async () => {
    const { feed, manager, settle, numbers } = onStage(300);
    feed.reload();
    await settle();
    manager.newest = 900;
    feed.onHello();
    await settle();
    expect(numbers()).toEqual(downTo(900, 701));
    while (await feed.more());
    expect(numbers()).toEqual(downTo(900, 1));
  });
  it('asks again while nobody serves, and stays as it is meanwhile', async () => {
    const { feed, manager, settle, run, numbers } = onStage(3);
    feed.reload();
    await settle();
    manager.fail = new UnreachableError('/api/v1/events', null);
    feed.onHello();
    await settle();
    await run();
    expect(numbers()).toEqual([3, 2, 1]);
    [manager.fail, manager.newest] = [null, 4];
    await run();
    expect(numbers()).toEqual([4, 3, 2, 1]);
  });
  it('says why a filter is refused, and does not ask again', async () => {
    const { feed, manager, settle, run } = onStage(3);
    manager.fail = new ApiError(400, 'INVALID_INPUT', 'no such state');
    feed.reload();
    await settle();
    await run();
    expect(feed.state()).toMatchObject({ refusal: 'no such state', isLoaded: true });
    expect(manager.asked).toHaveLength(1);
  });
  it('hears nothing of an answer that belongs to the list of before', async () => {
    const { feed, manager, settle, numbers } = onStage(3);
    feed.reload();
    manager.newest = 5;
    feed.reload();
    await settle();
    expect(numbers()).toEqual([5, 4, 3, 2, 1]);
    feed.stop();
  });
});
