import { describe, expect, it } from 'vitest';
import { DELTA_RULES, deltaOf } from './delta.js';

const difference = { delta: 'difference', counter: 'auto' } as const;
const rate = { delta: 'rate', counter: 'auto' } as const;
const at = (number: number, atMs: number, counter?: 32 | 64) => ({ number, atMs, counter });

describe('a difference', () => {
  it('needs a value before it', () => expect(deltaOf(difference, at(7, 1_000), null)).toEqual({ value: null, last: [7, 1_000] }));
  it('of what may fall is negative when it fell', () => expect(deltaOf(difference, at(3, 2_000), [7, 1_000]).value).toBe(-4));
  it('is a rate for each second of the time between', () => expect(deltaOf(rate, at(60, 61_000), [0, 1_000]).value).toBe(1));
  it('is nothing that is remembered when it is not asked for', () =>
    expect(deltaOf({ delta: 'none', counter: 'auto' }, at(7, 1_000), [1, 0])).toEqual({ value: 7, last: null }));
  it('of no time at all is none', () =>
    expect(deltaOf(rate, at(8, 1_000), [7, 1_000])).toEqual({ value: null, last: [8, 1_000] }));
  it('from a day ago is none', () => {
    expect(deltaOf(difference, at(8, 86_400_000), [7, 0]).value).toBe(1);
    expect(deltaOf(difference, at(8, 86_400_001), [7, 0]).value).toBeNull();
  });
});

it('what is beyond all numbers is no value', () => {
  expect(deltaOf({ delta: 'rate', counter: 'none' }, at(1e306, 1), [0, 0]).value).toBeNull();
  expect(deltaOf({ delta: 'difference', counter: 'none' }, at(1e308, 1), [-1e308, 0]).value).toBeNull();
});

describe('a counter', () => {
  it.each([
    ['grows', 100, 150, 32, 50],
    ['goes round at 32 bits', 4_294_967_290, 4, 32, 10],
    ['goes round at 64 bits', 2 ** 64 - 4_096, 4_096, 64, 8_192],
    ['begins anew when it was in its lower half', 1_000, 4, 32, null],
    ['begins anew when it would have gone more than half of its range', 2_147_483_648, 2_147_483_647, 32, null],
    ['of 64 bits does not go round at 32', 4_294_967_290, 4, 64, null],
  ] as const)('%s', (_, before, now, bits, value) =>
    expect(deltaOf(difference, at(now, 2_000, bits), [before, 1_000]).value).toBe(value),
  );
  it('has the bits of the setting when it says some', () => {
    const told = { delta: 'difference', counter: '32' } as const;
    expect(deltaOf(told, at(4, 2_000, 64), [4_294_967_290, 1_000]).value).toBe(10);
    expect(deltaOf({ ...told, counter: 'none' }, at(4, 2_000, 32), [10, 1_000]).value).toBe(-6);
  });
  it('counts on from where it began anew', () => {
    const { last } = deltaOf(difference, at(4, 2_000, 32), [1_000, 1_000]);
    expect(deltaOf(difference, at(9, 3_000, 32), last).value).toBe(5);
  });
});

it.each([
  ['of a value', 'none', -0],
  ['of a difference', 'difference', -0],
  ['of a rate that is too small for a number', 'rate', -5e-324],
] as const)('a nought has no sign: %s', (_, delta, number) => {
  const { value, last } = deltaOf({ delta, counter: 'none' }, { number, atMs: 3_000 }, [0, 1_000]);
  expect(value).toBe(0);
  expect(last?.[0] ?? 0).toBe(number + 0);
});

it('each rule says why', () => {
  for (const { why } of DELTA_RULES) expect(why.length).toBeGreaterThan(10);
  expect(DELTA_RULES.at(-1)!.when({ last: [0, 0], now: [0, 0], bits: 0 })).toBe(true);
});
