import type { SelfWatchView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { amountOf, fullness, matching, nextLimit } from './self-model.js';

const watch = (change: Partial<SelfWatchView> = {}): SelfWatchView => ({
  ...{ watch: 'disk-used', what: 'how full a volume is', unit: 'ratio', item: 'data', value: 0.5, level: 'ok', since: null },
  ...{
    limits: { notice: null, warning: 0.8, critical: 0.9 },
    worse: 'above',
    of: 'own',
    note: '',
    says: null,
    todo: '',
    runbook: '',
  },
  ...change,
});

describe('a value of a watch', () => {
  it.each([
    [0.935, 'ratio', '93.5 %'],
    [3 * 1024 * 1024, 'bytes', '3.0 MiB'],
    [0.25, 'seconds', '0.25 s'],
    [300, 'seconds', '5 min'],
    [90_000, 'seconds', '25 h'],
    [8_640_000, 'seconds', '100 d'],
    [-30, 'seconds', '-30 s'],
    [1_234_567, 'count', '1,234,567'],
  ])('%d as %s: %s', (value, unit, text) => expect(amountOf(value, unit, 'en')).toBe(text));
});

describe('the limit that a value is compared with', () => {
  it('is the one that would be reached next while all is well', () =>
    expect(nextLimit(watch())).toEqual({ level: 'warning', value: 0.8 }));
  it('is the one that was reached when it is not', () =>
    expect(nextLimit(watch({ level: 'critical' }))).toEqual({ level: 'critical', value: 0.9 }));
  it('is none where nobody gave one', () =>
    expect(nextLimit(watch({ limits: { notice: null, warning: null, critical: null } }))).toBeNull());
});

describe('how near the worst limit is', () => {
  it('is a share of it, and never more than all', () => {
    expect(fullness(watch({ value: 0.45 }))).toBe(0.5);
    expect(fullness(watch({ value: 5 }))).toBe(1);
  });
  it('is not drawn for what gets worse below, nor where nothing was seen', () => {
    expect(fullness(watch({ worse: 'below' }))).toBeNull();
    expect(fullness(watch({ value: null }))).toBeNull();
  });
});

it('watches are found by any of their words', () => {
  const all = [watch(), watch({ watch: 'heap', item: '', what: 'memory', level: 'warning', says: 'the heap is 90 % full' })];
  expect(matching(all, 'DISK', false)).toHaveLength(1);
  expect(matching(all, '90 %', false)).toHaveLength(1);
  expect(matching(all, '', true).map(({ watch: id }) => id)).toEqual(['heap']);
});
