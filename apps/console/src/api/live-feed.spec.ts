import type { MessageRow, Messages } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { ApiError } from './client.js';
import { LiveFeed } from './live-feed.js';
import { emptyRows, merge, SeenIds } from './live-rows.js';
import { REFILL_OVERLAP_MS, refillSince } from './refill.js';

const START = Date.parse('2026-11-21T00:00:00Z');
const row = (number: number, atMs = START + number * 1_000): MessageRow => ({
  id: `m${String(number).padStart(6, '0')}`,
  receivedAt: `${new Date(atMs).toISOString().slice(0, -1)}000Z`,
  source: '10.0.0.1',
  kind: 'syslog',
  severity: 'info',
  host: 'h',
  app: null,
  text: `line ${number}`,
  seenBy: ['a', 'b'],
});
const span = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => row(from + index));
const numbers = (feed: LiveFeed) => feed.rows().map((shown) => Number(shown.id.slice(1)));
const downTo = (from: number, to: number) =>
  span(to, from)
    .map((one) => Number(one.id.slice(1)))
    .reverse();

/** A manager that keeps `stored` and answers as the API does: newest first, or oldest first, with pages. */
function manager(stored: MessageRow[], { oldestFirst = false, pageRows = 7 } = {}) {
  const asked: URLSearchParams[] = [];
  let failures = 0;
  const retries: (() => void)[] = [];
  const fetchPage = async (text: string): Promise<Messages> => {
    const query = new URLSearchParams(text);
    asked.push(query);
    if (failures > 0) {
      failures -= 1;
      throw new Error('no answer');
    }
    const since = query.get('since');
    const found = stored
      .filter((one) => since === null || one.receivedAt >= since)
      .sort((one, two) => (one.receivedAt < two.receivedAt ? -1 : 1) * (oldestFirst ? 1 : -1));
    const from = Number(query.get('after') ?? 0);
    return { rows: found.slice(from, from + pageRows), next: from + pageRows < found.length ? String(from + pageRows) : null };
  };
  const feed = new LiveFeed('host=h', {
    fetchPage,
    nowMs: () => START,
    after: (ms, run) => {
      if (ms >= 1_000) retries.push(run);
      return () => {};
    },
  });
  const settle = async () => {
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  };
  return {
    feed,
    asked,
    settle,
    failNext: (count: number) => (failures = count),
    retry: () => retries.splice(0).forEach((run) => void run()),
  };
}

describe('a live list whose filter is refused', () => {
  it('shows nothing of what comes without it, and says why', async () => {
    const retried: number[] = [];
    const feed = new LiveFeed('trap=nothing', {
      fetchPage: async () => {
        throw new ApiError(400, 'INVALID_INPUT', 'trap: "nothing" is no name');
      },
      nowMs: () => START,
      after: (ms) => {
        retried.push(ms);
        return () => {};
      },
    });
    feed.refuse();
    expect(feed.refusal()).toBe('');
    feed.onMessages({ rows: span(1, 3) });
    feed.onHello();
    await new Promise((resolve) => setImmediate(resolve));
    expect([feed.refusal(), feed.rows()]).toEqual(['trap: "nothing" is no name', []]);
    expect(retried.filter((ms) => ms >= 1_000)).toEqual([]);
  });
});

describe('the live list after a take-over', () => {
  it.each([[false], [true]])(
    'shows every row once, whatever came by the stream, the refill, or both (oldest first: %s)',
    async (oldestFirst) => {
      const stored = span(1, 5);
      const { feed, settle } = manager(stored, { oldestFirst });
      feed.onHello();
      await settle();
      feed.onMessages({ rows: span(6, 10) });
      stored.push(...span(6, 40));
      // The new Master's stream is already sending while the gap 11..35 is being read.
      feed.onHello();
      feed.onMessages({ rows: span(36, 42) });
      await settle();
      expect(numbers(feed)).toEqual(downTo(42, 1));
    },
  );

  it('finds a row that was stored late, with a time before the newest one shown', async () => {
    const stored = [...span(1, 5), ...span(7, 10)];
    const { feed, settle } = manager(stored);
    feed.onHello();
    await settle();
    stored.push(row(6));
    feed.onHello();
    await settle();
    expect(numbers(feed)).toEqual(downTo(10, 1));
  });

  it('asks with the filter, from before the newest known row', async () => {
    const { feed, asked, settle } = manager(span(1, 3));
    feed.onHello();
    await settle();
    feed.onHello();
    await settle();
    expect(asked[0]?.get('since')).toBeNull();
    expect(asked.at(-1)?.get('host')).toBe('h');
    expect(asked.at(-1)?.get('since')).toBe(new Date(START + 3_000 - REFILL_OVERLAP_MS).toISOString());
  });

  it('keeps the gap in mind while nobody answers, though newer rows come by the stream', async () => {
    const stored = span(1, 3);
    const { feed, settle, failNext, retry } = manager(stored, { pageRows: 50 });
    feed.onHello();
    await settle();
    stored.push(...span(4, 200));
    failNext(1);
    feed.onHello();
    feed.onMessages({ rows: [row(200)] });
    await settle();
    expect(numbers(feed)).toEqual([200, 3, 2, 1]);
    retry();
    await settle();
    expect(numbers(feed)).toEqual(downTo(200, 1));
  });

  it('remembers a gap whose refill was cut short by the next loss', async () => {
    const stored = span(1, 3);
    const { feed, settle, failNext } = manager(stored, { pageRows: 50 });
    feed.onHello();
    await settle();
    stored.push(...span(4, 300));
    failNext(1);
    feed.onHello();
    feed.onMessages({ rows: [row(300)] });
    await settle();
    feed.onHello();
    await settle();
    expect(numbers(feed)).toEqual(downTo(300, 1));
  });

  it('reads the gap again later: the new Master is still storing what came in meanwhile', async () => {
    const stored = [...span(1, 5), row(90)];
    const { feed, settle, retry } = manager(stored);
    feed.onHello();
    await settle();
    feed.onHello();
    await settle();
    stored.push(...span(40, 60));
    retry();
    await settle();
    expect(numbers(feed)).toEqual([90, ...downTo(60, 40), 5, 4, 3, 2, 1]);
  });

  it('reads what a burst left out of the stream', async () => {
    const stored = span(1, 5);
    const { feed, settle, retry } = manager(stored);
    feed.onHello();
    await settle();
    stored.push(...span(6, 30));
    feed.onMessages({ rows: span(20, 30), dropped: 14 });
    retry();
    await settle();
    expect(numbers(feed)).toEqual(downTo(30, 1));
  });

  it('counts a row once in the rate, however often it comes', async () => {
    const { feed, settle } = manager(span(1, 3));
    feed.onHello();
    await settle();
    feed.onHello();
    feed.onMessages({ rows: span(1, 3) });
    await settle();
    expect(feed.rate.bins(START + 5_000).reduce((sum, bin) => sum + bin.total, 0)).toBe(3);
  });

  it('says from when its counts are whole when the first read had to stop', async () => {
    const { feed, settle } = manager(span(1, 200));
    feed.onHello();
    await settle();
    expect(feed.rows()).toHaveLength(21);
    expect(feed.coveredFromMs()).toBe(START + 180_000);
  });
});

describe('the rows in memory', () => {
  it('are bounded: the oldest fall out', () => {
    const kept = merge(merge(emptyRows(3), span(1, 3)), [row(4)]);
    expect(kept.rows.map((one) => one.id)).toEqual(['m000004', 'm000003', 'm000002']);
  });
  it('stand in the same order whichever way rows of one instant came', () => {
    const twins = [row(1, START), row(2, START)];
    expect(merge(emptyRows(9), twins).rows).toEqual(merge(emptyRows(9), twins.toReversed()).rows);
  });
  it('forget the oldest ids first', () => {
    const seen = new SeenIds(2);
    expect(['x', 'y', 'x', 'z', 'x'].map((id) => seen.add(id))).toEqual([true, true, false, true, true]);
  });
  it('ask for everything when the newest time cannot be read', () =>
    expect(refillSince({ ...row(1), receivedAt: '?' })).toBeNull());
});
