import { describe, expect, it } from 'vitest';
import { RequestRate } from './request-rate.js';

function rate(perSecond: number, most?: number) {
  const clock = { nowMs: 0, monotonicMs: () => clock.nowMs };
  const requests = new RequestRate(perSecond, clock, most);
  const taken = (whose: string, times: number) =>
    Array.from({ length: times }, () => requests.take(whose)).filter(Boolean).length;
  return { clock, taken };
}

describe('requests of one of them', () => {
  it('are taken ten times as many at once, and then so many a second', () => {
    const { clock, taken } = rate(5);
    expect(taken('user/1', 60)).toBe(50);
    clock.nowMs = 1_000;
    expect(taken('user/1', 60)).toBe(5);
    clock.nowMs = 1_199;
    expect(taken('user/1', 1)).toBe(0);
    clock.nowMs = 1_200;
    expect(taken('user/1', 1)).toBe(1);
  });
  it('are not more after a long silence than at the beginning', () => {
    const { clock, taken } = rate(5);
    taken('user/1', 60);
    clock.nowMs = 3_600_000;
    expect(taken('user/1', 60)).toBe(50);
  });
  it('are nobody else’s', () => {
    const { taken } = rate(5);
    taken('user/1', 60);
    expect(taken('user/2', 1)).toBe(1);
  });
  it('are forgotten when too many others came since', () => {
    const { taken } = rate(1, 2);
    taken('user/1', 20);
    taken('user/2', 1);
    expect(taken('user/1', 1)).toBe(0);
    taken('user/3', 1);
    expect(taken('user/2', 20)).toBe(10);
  });
});
