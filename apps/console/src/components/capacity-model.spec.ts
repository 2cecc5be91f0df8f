import type { CapacityRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { advisedOf, sparkOf } from './capacity-model.js';

const points = (...values: readonly number[]): CapacityRow['points'] =>
  values.map((value, at) => ({ at: new Date(at * 60_000).toISOString(), value }));
const full = (kind: CapacityRow['full']['kind']) => ({ kind }) as CapacityRow['full'];

describe('the small drawing of what fills up', () => {
  it('goes from left to right, and up to the limit where that is near', () =>
    expect(sparkOf({ points: points(50, 75, 100), limit: 100 }, 100, 22)).toBe('0.0,11.0 50.0,6.0 100.0,1.0'));
  it('leaves some room above where the limit is far or there is none', () => {
    expect(sparkOf({ points: points(0, 4), limit: 1_000 }, 100, 22)).toBe('0.0,21.0 100.0,5.0');
    expect(sparkOf({ points: points(0, 0), limit: null }, 100, 22)).toBe('0.0,21.0 100.0,21.0');
  });
  it('is nothing of a single value', () => expect(sparkOf({ points: points(1), limit: 2 }, 100, 22)).toBe(''));
});

describe('something is to be done', () => {
  it.each([
    ['full', 0.1, true],
    ['never', 0.8, true],
    ['never', 0.79, false],
    ['unknown', null, false],
  ] as const)('of what is %s and used to %s: %s', (kind, share, is) => expect(advisedOf({ full: full(kind), share })).toBe(is));
});
