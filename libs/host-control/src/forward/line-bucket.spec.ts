import { describe, expect, it } from 'vitest';
import { BURST_MS, LineBucket } from './line-bucket.js';

const RATE = 100_000;

/** Each taker asks again as soon as what he took has passed, as a stream does. @returns when how many bytes passed. */
function passed(takers: number, bytes: number, rounds: number) {
  const bucket = new LineBucket(RATE);
  const next = Array.from({ length: takers }, () => 0);
  const found: { readonly atMs: number; readonly taker: number }[] = [];
  for (let round = 0; round < rounds; round++) {
    const taker = next.indexOf(Math.min(...next));
    const atMs = next[taker]! + bucket.take(bytes, next[taker]!);
    found.push({ atMs, taker });
    next[taker] = atMs;
  }
  return found;
}

describe('the bound of a line', () => {
  it('lets pass at once what a rest has saved, and no more', () => {
    const bucket = new LineBucket(RATE);
    expect(bucket.take((RATE * BURST_MS) / 1_000, 50_000)).toBe(0);
    expect(bucket.take(RATE / 10, 50_000)).toBe(100);
    // The rest afterwards was an hour: what is saved is the same.
    expect(bucket.take((RATE * BURST_MS) / 1_000, 3_650_000)).toBe(0);
    expect(bucket.take(1_000, 3_650_000)).toBe(10);
  });

  it.each([1, 2, 7])('holds in every stretch of time, however many streams share it: %d', (takers) => {
    const bytes = 16_384;
    const all = passed(takers, bytes, 300);
    for (const [from, { atMs: fromMs }] of all.entries())
      for (const [to, { atMs }] of all.entries())
        if (to > from) expect((to - from) * bytes).toBeLessThanOrEqual(Math.ceil(RATE * ((atMs - fromMs + BURST_MS) / 1_000)));
    const shares = Array.from({ length: takers }, (_, at) => all.filter(({ taker }) => taker === at).length);
    expect(Math.max(...shares) - Math.min(...shares), `${shares}`).toBeLessThanOrEqual(1);
  });

  it('lets pass as much as it says, also when timers are late', () => {
    const bucket = new LineBucket(RATE);
    let nowMs = 0;
    for (let taken = 0; taken < 10 * RATE; taken += 10_000) nowMs += bucket.take(10_000, nowMs) + (taken % 20_000 === 0 ? 40 : 0);
    expect(nowMs).toBeLessThanOrEqual(10_000 + BURST_MS);
  });
});
