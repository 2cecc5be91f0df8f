import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Result } from '../monitors/result.js';
import { MOST_ITEMS, type Observation, SELF_BEGIN, SELF_GAP_MS, type Seen, type SelfRules, selfStep } from './step.js';
import { SELF_LEVELS, type SelfLevel, type Watch } from './watch.js';

const EVERY_MS = 5_000;
const NOON_MS = Date.UTC(2026, 10, 21, 12);
const watch = (change: Partial<Watch> = {}): Watch => ({
  ...{ id: 'queue', what: 'what waits', unit: 'count', worse: 'above', by: 10, afterMs: 15_000, of: 'own', todo: 'wait' },
  limits: { warning: 100, critical: 1_000 },
  say: (value, item) => `${value} wait${item === '' ? '' : ` at ${item}`}`,
  over: () => 'nothing waits',
  ...change,
});

/** What is told of these values, one every five seconds; null = it was not looked at, [] = there is nothing any more. */
function told(values: readonly (number | null | readonly Seen[])[], rules: SelfRules, everyMs = EVERY_MS) {
  let state = SELF_BEGIN;
  const results: (readonly [at: number, result: Result])[] = [];
  values.forEach((value, at) => {
    const seen: readonly Seen[] | null = typeof value === 'number' ? [{ item: '', value }] : value;
    const observation: Observation = {
      ...{ node: 'a', monotonicMs: at * everyMs, wallMs: NOON_MS + at * everyMs },
      seen: new Map(seen === null ? [] : [['queue', seen]]),
    };
    const step = selfStep(rules, state, observation);
    state = step.state;
    results.push(...step.results.map((result) => [at, result] as const));
  });
  return { results, state };
}
const levels = (values: Parameters<typeof told>[0], change: Partial<Watch> = {}) =>
  told(values, { watches: [watch(change)] }).results.map(([at, { priority }]) => `${at} ${priority}`);

describe('something that gets worse', () => {
  it('is told once when it has lasted, and once when it is over for as long', () => {
    expect(levels([0, 100, 100, 100])).toEqual([]);
    expect(levels([0, 100, 100, 100, 100, 500, 500, 0, 0, 0, 0, 0])).toEqual(['4 warning', '10 info']);
  });
  it('is told at once when it need not last', () =>
    expect(levels([100, 0, 0, 2_000], { afterMs: 0 })).toEqual(['0 warning', '1 info', '3 critical']));
  it('is told again when it gets worse still, and less bad when it gets better', () =>
    expect(levels([100, 100, 100, 100, 2_000, 2_000, 2_000, 2_000, 200, 200, 200, 200])).toEqual([
      '3 warning',
      '7 critical',
      '11 warning',
    ]));
  it('is told as the worst that has lasted, not as what it just is', () =>
    expect(levels([100, 2_000, 100, 2_000, 2_000])).toEqual(['3 warning']));
  it('need not become better again at the limit that it crossed: it has to go beyond it', () => {
    expect(levels([100, 100, 100, 100, 91, 91, 91, 91, 91, 91])).toEqual(['3 warning']);
    expect(levels([100, 100, 100, 100, 89, 89, 89, 89, 89, 89])).toEqual(['3 warning', '7 info']);
  });
  it('that comes and goes is one thing, where it has to be better for longer than it had to be bad', () => {
    const comesAndGoes = [100, 0, 0, 100, 0, 0, 100, 0, 0, 0, 0, 0];
    expect(levels(comesAndGoes, { afterMs: 0, clearMs: 15_000 })).toEqual(['0 warning', '10 info']);
    expect(levels(comesAndGoes, { afterMs: 0 })).toHaveLength(6);
  });
  it('gets as good as it was at its worst meanwhile, and better only when that lasts, too', () =>
    expect(levels([2_000, 2_000, 2_000, 2_000, 0, 500, 0, 0, 0, 0, 0, 0])).toEqual(['3 critical', '7 warning', '10 info']));
  it('is not told when nobody looked for a while in between: nobody knows what was', () => {
    const state = selfStep({ watches: [watch()] }, SELF_BEGIN, {
      ...{ node: 'a', monotonicMs: 0, wallMs: NOON_MS, seen: new Map([['queue', [{ item: '', value: 500 }]]]) },
    }).state;
    const later = (ms: number) =>
      selfStep({ watches: [watch()] }, state, {
        ...{ node: 'a', monotonicMs: ms, wallMs: NOON_MS + ms, seen: new Map([['queue', [{ item: '', value: 500 }]]]) },
      }).results.length;
    expect(later(SELF_GAP_MS)).toBe(1);
    expect(later(SELF_GAP_MS + 1)).toBe(0);
  });
  it('stays as it was told while it cannot be looked at', () =>
    expect(levels([100, 100, 100, 100, null, null, null, null, null, null, 100])).toEqual(['3 warning']));
  it('is over when it is no longer among what was looked at', () =>
    expect(levels([100, 100, 100, 100, [], [], [], []])).toEqual(['3 warning', '7 info']));
  it('is not what cannot be: a value that is no number was not seen', () =>
    expect(levels([Number.NaN, Number.POSITIVE_INFINITY], { afterMs: 0 })).toEqual([]));
});

it('what gets worse by falling is told below its limits', () => {
  const certificate = { worse: 'below', by: 1, afterMs: 0, limits: { notice: 60, warning: 30, critical: 7 } } as const;
  expect(levels([61, 60, 30, 7, -5, 365], certificate)).toEqual(['1 info', '2 warning', '3 critical', '5 info']);
});

it('limits and durations of the configuration count in place of the table’s', () => {
  const limits = { queue: { warning: 5, afterMs: 0 } };
  expect(told([5, 5_000], { watches: [watch()], limits }).results.map(([at, { priority }]) => [at, priority])).toEqual([
    [0, 'warning'],
  ]);
  expect(told([5_000], { watches: [watch({ afterMs: 0 })], limits: { queue: { warning: null } } }).results).toEqual([]);
});

it('a result says what, how much, since which limit, where help is, and has an id of what it came from', () => {
  const rules = { watches: [watch({ afterMs: 0 })], notifications: ['ops'] };
  const seen: readonly Seen[] = [{ item: 'disk/1', value: 1_234 }];
  const [first] = told([seen], rules).results;
  expect(first![1]).toEqual({
    id: 'INTERNAL/INTERNAL/a disk%2F1/queue/critical:1795262400000',
    ...{ trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null },
    ...{ item: 'a disk/1', sub: 'queue', priority: 'critical', application: 'yosugara' },
    message: 'a: 1234 wait at disk/1',
    original: 'what waits: 1 234; critical from 1 000 on; before: ok. What to do: docs/runbooks/queue.md',
    ...{ atMs: NOON_MS, notifications: ['ops'] },
  });
  expect(told([seen], rules).results).toEqual([[0, first![1]]]);
});

it('only so many items are bad at once; those that there is no room for are counted', () => {
  const items = (many: number) => Array.from({ length: many }, (_, at) => ({ item: `i${at}`, value: 500 }));
  const { results, state } = told([items(MOST_ITEMS + 7)], { watches: [watch({ afterMs: 0 })] });
  expect(results).toHaveLength(MOST_ITEMS);
  expect(state).toMatchObject({ leftOut: 7 });
  expect(state.entries.size).toBe(MOST_ITEMS);
});

describe('whatever is seen', () => {
  const value = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(0, 50, 89, 90, 91, 99, 100, 500, 989, 991, 999, 1_000, 5_000) },
    { weight: 1, arbitrary: fc.constant(null) },
  );
  const history = fc.array(value, { maxLength: 60 });
  const after = fc.constantFrom(0, 5_000, 15_000, 30_000);
  const rank = (priority: Result['priority']) => ({ info: 0, warning: 2, critical: 3, unknown: 9 })[priority];

  it('nothing is told twice in a row', () =>
    fc.assert(
      fc.property(history, after, (values, afterMs) => {
        const said = told(values, { watches: [watch({ afterMs })] }).results.map(([, { priority }]) => priority);
        for (const [at, each] of said.entries()) expect(each).not.toBe(said[at - 1] ?? 'info');
      }),
    ));

  it('what is told was so, or worse, all the time that it has to last; what is told as better never as bad', () =>
    fc.assert(
      fc.property(history, after, (values, afterMs) => {
        const limits: Readonly<Record<SelfLevel, number>> = { ok: 0, notice: 0, warning: 100, critical: 1_000 };
        let before = 0;
        for (const [at, { priority }] of told(values, { watches: [watch({ afterMs })] }).results) {
          // Looks that told nothing (null) say nothing.
          const looked = values.slice(0, at + 1).flatMap((each, index) => (each === null ? [] : [[index, each] as const]));
          const window = looked.filter(([index]) => (at - index) * EVERY_MS <= afterMs);
          const level = rank(priority);
          if (level > before) {
            const lasting = window.every(([, each]) => each >= limits[SELF_LEVELS[level]!] - 10);
            expect(lasting, `${at}: ${priority}`).toBe(true);
          } else {
            const left = limits[SELF_LEVELS[before]!];
            expect(
              window.every(([, each]) => each < left),
              `${at}: ${priority}`,
            ).toBe(true);
          }
          before = level;
        }
      }),
      { numRuns: 500 },
    ));

  it('what is bad for long enough is always told, and what is well for long enough always over', () =>
    fc.assert(
      fc.property(history, after, fc.constantFrom(0, 500, 5_000), (values, afterMs, end) => {
        // To go down two steps takes twice as long.
        const lasting = Array.from({ length: 3 * (afterMs / EVERY_MS + 1) }, () => end);
        const said = told([...values, ...lasting], { watches: [watch({ afterMs })] }).results.at(-1)?.[1].priority ?? 'info';
        expect(said).toBe(end === 0 ? 'info' : end === 500 ? 'warning' : 'critical');
      }),
      { numRuns: 500 },
    ));

  it('nothing is remembered of what is well', () =>
    fc.assert(
      fc.property(history, after, (values, afterMs) => {
        const lasting = Array.from({ length: 3 * (afterMs / EVERY_MS + 1) }, () => 0);
        expect(told([...values, ...lasting], { watches: [watch({ afterMs })] }).state.entries.size).toBe(0);
      }),
    ));
});

it('what is not well is told with since when it is so, and with the limits that hold here', () => {
  const rules: SelfRules = { watches: [watch()], limits: { queue: { warning: 50, afterMs: 0 } } };
  let state = SELF_BEGIN;
  const look = (monotonicMs: number, value: number) => {
    const step = selfStep(rules, state, {
      ...{ node: 'a', monotonicMs, wallMs: NOON_MS },
      seen: new Map([['queue', [{ item: '', value }]]]),
    });
    state = step.state;
    return step.levels[0];
  };
  const limits = { warning: 50, afterMs: 0 };
  expect(look(0, 10)).toEqual({ watch: 'queue', item: '', level: 'ok', sinceMs: null, limits });
  expect(look(5_000, 60)).toEqual({ watch: 'queue', item: '', level: 'warning', sinceMs: 5_000, limits });
  expect(look(10_000, 90)).toMatchObject({ level: 'warning', sinceMs: 5_000 });
  expect(look(15_000, 10)).toMatchObject({ level: 'ok', sinceMs: null });
});
