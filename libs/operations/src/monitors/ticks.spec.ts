import { describe, expect, it } from 'vitest';
import { newestDueMs, planTick, scheduleOf } from './ticks.js';

/** Numbers that look like chance and are the same each time (mulberry32). */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const MINUTE = 60_000;
const START = Date.UTC(2026, 10, 21);

describe('due times', () => {
  it('are spread over the interval', () => {
    const buckets = new Array<number>(60).fill(0);
    for (let node = 0; node < 6_000; node++)
      buckets[Math.floor(scheduleOf('ping', `node-${node}`, MINUTE).anchorMs / 1_000)]! += 1;
    expect(Math.min(...buckets)).toBeGreaterThan(60);
    expect(Math.max(...buckets)).toBeLessThan(150);
  });
  it('are a function of the setting alone', () =>
    expect(scheduleOf('ping', 'web1', MINUTE)).toEqual(scheduleOf('ping', 'web1', MINUTE)));
  it('are a whole number of intervals apart', () => {
    const schedule = scheduleOf('ping', 'web1', MINUTE);
    expect(newestDueMs(schedule, START + 10 * MINUTE) - newestDueMs(schedule, START)).toBe(10 * MINUTE);
    expect(newestDueMs(schedule, START)).toBeLessThanOrEqual(START);
    expect(newestDueMs(schedule, START)).toBeGreaterThan(START - MINUTE);
  });
});

describe('what is to be done', () => {
  const schedule = scheduleOf('ping', 'web1', MINUTE);
  const due = newestDueMs(schedule, START);
  it('is the newest due tick when the one before it was done', () =>
    expect(planTick(schedule, due - MINUTE, START)).toEqual({ kind: 'run', dueAtMs: due, lateMs: START - due, skipped: 0 }));
  it('is nothing until the next one when that was done', () =>
    expect(planTick(schedule, due, START)).toEqual({ kind: 'wait', untilMs: due + MINUTE }));
  it('is the newest one only after a standstill, and those before it are counted', () =>
    expect(planTick(schedule, due - 8 * MINUTE, START)).toMatchObject({ kind: 'run', dueAtMs: due, skipped: 7 }));
  it('is the newest one also of another interval than the one that was done', () => {
    const other = scheduleOf('ping', 'web1', 5 * MINUTE);
    const dueAtMs = newestDueMs(other, START);
    expect(planTick(other, dueAtMs - 1, START)).toEqual({ kind: 'run', dueAtMs, lateMs: START - dueAtMs, skipped: 0 });
  });
  it('is not put off by a tick that was done by a clock a year ahead', () =>
    expect(planTick(schedule, due + 525_600 * MINUTE, START)).toEqual({ kind: 'wait', untilMs: due + MINUTE }));
});

it('no tick is done twice, and each is done or counted, over any sequence of owners, crashes and standstills', () => {
  for (let seed = 1; seed <= 300; seed++) {
    const next = chance(seed);
    const intervalMs = [10_000, MINUTE, 300_000][Math.floor(next() * 3)]!;
    const schedule = scheduleOf(`m${seed}`, 'n', intervalMs);
    const sinceMs = START + Math.floor(next() * intervalMs);
    const firstMs = newestDueMs(schedule, sinceMs) + intervalMs;
    /** In the database: what was due when it was set up is nobody's. */
    let done = newestDueMs(schedule, sinceMs);
    let skipped = 0;
    const ran = new Map<number, number>();
    let nowMs = sinceMs;
    for (let owners = 0; owners < 8; owners++) {
      // Nobody serves for a while.
      nowMs += Math.floor(next() * (next() < 0.5 ? intervalMs : 20 * intervalMs));
      let known = done;
      for (let turns = Math.floor(next() * 12); turns > 0; turns--) {
        const plan = planTick(schedule, known, nowMs);
        if (plan.kind === 'wait') {
          expect(plan.untilMs).toBeGreaterThan(nowMs);
          nowMs = plan.untilMs + Math.floor(next() * 500);
          continue;
        }
        expect(plan.dueAtMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs - plan.dueAtMs).toBeLessThan(intervalMs);
        nowMs += Math.floor(next() * intervalMs * 1.5);
        // It dies before the commit, which undoes all of it; or just behind it, which its successor sees.
        if (next() < 0.2) break;
        known = plan.dueAtMs;
        done = plan.dueAtMs;
        skipped += plan.skipped;
        ran.set(plan.dueAtMs, (ran.get(plan.dueAtMs) ?? 0) + 1);
        if (next() < 0.1) break;
      }
    }
    expect([...ran.values()].every((times) => times === 1)).toBe(true);
    expect(ran.size + skipped).toBe((done - firstMs) / intervalMs + 1);
  }
});
