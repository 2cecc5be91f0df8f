import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Lease, PermittedLoop } from './permitted-loop.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** The clock stands at 0 ms and goes with the fake timers. */
const beganAtMs = () => Date.now();
function loopOf(turn: (at: number) => number | Error, lease: Lease | null = { leaseUntilMs: Number.POSITIVE_INFINITY }) {
  const zeroMs = beganAtMs();
  const turnsAt: number[] = [];
  const failures: string[] = [];
  let ends = 0;
  const loop = new PermittedLoop<Lease>({
    ...{ permit: () => lease, clock: { monotonicMs: () => Date.now() - zeroMs } },
    turn: async () => {
      turnsAt.push(Date.now() - zeroMs);
      const answer = turn(turnsAt.length);
      if (answer instanceof Error) throw answer;
      return answer;
    },
    onFailure: (error) => void failures.push((error as Error).message),
    onEnd: () => void ends++,
    backoffMs: { first: 100, most: 300 },
  });
  return { loop, turnsAt, failures, ends: () => ends };
}
const passMs = async (ms: number) => await vi.advanceTimersByTimeAsync(ms);

describe('turns', () => {
  it('come as soon as the one before asked for', async () => {
    const { loop, turnsAt } = loopOf((at) => (at < 3 ? 0 : 50));
    loop.start();
    await passMs(100);
    expect(turnsAt).toEqual([0, 0, 0, 50, 100]);
    await loop.stop();
  });

  it('come at once when somebody pokes, also when that was during a turn', async () => {
    let loop: PermittedLoop<Lease> | null = null;
    const seen = loopOf((at) => {
      if (at === 1) loop!.poke();
      return 1_000;
    });
    loop = seen.loop;
    loop.start();
    await passMs(200);
    loop.poke();
    await passMs(0);
    expect(seen.turnsAt).toEqual([0, 0, 200]);
    await loop.stop();
  });

  it('that fail come again later and later, whoever pokes, until one goes well', async () => {
    const { loop, turnsAt, failures } = loopOf((at) => (at === 5 ? 10 : new Error(`no ${at}`)));
    loop.start();
    for (let ms = 0; ms < 1_000; ms += 5) {
      loop.poke();
      await passMs(5);
    }
    expect(turnsAt.slice(0, 5)).toEqual([0, 100, 300, 600, 900]);
    expect(failures.slice(0, 4)).toEqual(['no 1', 'no 2', 'no 3', 'no 4']);
    expect(turnsAt[5]).toBeLessThanOrEqual(905);
    await loop.stop();
  });

  it('come no more once it is stopped, out of whichever wait', async () => {
    for (const answer of [1_000_000, new Error('no')]) {
      const { loop, turnsAt, ends } = loopOf(() => answer);
      loop.start();
      await passMs(50);
      await loop.stop();
      await loop.stop();
      await passMs(2_000_000);
      expect(turnsAt).toEqual([0]);
      expect(ends()).toBe(1);
      expect(loop.isStopped).toBe(true);
    }
  });

  it('that hang hold up a stop for a second only', async () => {
    const loop = new PermittedLoop<Lease>({
      ...{ permit: () => null, clock: { monotonicMs: () => 0 }, turn: async () => await new Promise<number>(() => undefined) },
      ...{ onFailure: () => undefined, backoffMs: { first: 1, most: 1 } },
    });
    loop.start();
    let isOver = false;
    const stopping = loop.stop().then(() => (isOver = true));
    await passMs(999);
    expect(isOver).toBe(false);
    await passMs(1);
    await stopping;
  });
});

describe('what is permitted', () => {
  it.each([
    [1_000, 750, true],
    [1_000, 751, false],
  ])('under a lease until %d ms, at %d ms: %s', async (leaseUntilMs, atMs, expected) => {
    const { loop } = loopOf(() => 1_000, { leaseUntilMs });
    await passMs(atMs);
    expect(loop.permitNow() !== null).toBe(expected);
  });

  it('is nothing without a permit, nor once it is stopped', async () => {
    expect(loopOf(() => 1_000, null).loop.permitNow()).toBeNull();
    const { loop } = loopOf(() => 1_000);
    await loop.stop();
    expect(loop.permitNow()).toBeNull();
  });
});
