import { describe, expect, it } from 'vitest';
import { judge } from './judge.js';
import type { NewestValue } from './result.js';
import { SEQUENCE_RULES } from './sequence.js';
import { aMonitor, aSample, NOON_MS } from './testing/monitors.js';

const MINUTE_MS = 60_000;
const at = (minute: number, parts: Partial<NewestValue>): NewestValue => ({
  atMs: NOON_MS + minute * MINUTE_MS,
  number: null,
  text: null,
  priority: null,
  ...parts,
});
const conditions = [
  { monitor: 'load', is: { by: 'number', operator: '>=', than: 5 } },
  { monitor: 'log', is: { by: 'text', pattern: '.*out of memory.*' } },
  { monitor: 'web', is: { by: 'priority', anyOf: ['critical', 'unknown'] } },
];
const monitor = (check: object) => aMonitor({ type: 'integration', check: { conditions, timeoutM: 10, ...check } });
const seen = (of: ReturnType<typeof monitor>, minute: number, values: readonly (NewestValue | null)[], state: unknown = null) =>
  judge(of, aSample({ kind: 'newest', values }, NOON_MS + minute * MINUTE_MS), state);
const says = (judgement: ReturnType<typeof seen>) =>
  judgement.results.map(({ priority, original }) => `${priority}: ${original}`);

const HIGH = at(0, { number: 5 });
const KILLED = at(0, { text: 'kernel: out of memory' });
const DOWN = at(0, { priority: 'unknown' });

describe('an integration', () => {
  it.each([
    ['all', [HIGH, KILLED, DOWN], 'info: 3 of 3 conditions hold'],
    ['all', [HIGH, KILLED, null], 'critical: 2 of 3 conditions hold'],
    ['all', [at(0, { number: 4 }), KILLED, DOWN], 'critical: 2 of 3 conditions hold'],
    ['any', [null, KILLED, null], 'info: 1 of 3 conditions hold'],
    ['any', [null, at(0, { text: 'fine' }), at(0, { priority: 'info' })], 'critical: 0 of 3 conditions hold'],
  ] as const)('of %s conditions', (match, values, what) => expect(says(seen(monitor({ match }), 1, values))).toEqual([what]));
  it('takes no value that is older than its time', () => {
    expect(says(seen(monitor({}), 10, [HIGH, KILLED, DOWN]))).toEqual(['info: 3 of 3 conditions hold']);
    expect(says(seen(monitor({}), 10.1, [HIGH, KILLED, DOWN]))).toEqual(['critical: 0 of 3 conditions hold']);
  });
});

describe('an integration in order', () => {
  const ordered = monitor({ ordered: true });
  it('waits while it is under way, and is true when each came after the one before', () => {
    const first = seen(ordered, 1, [HIGH, null, null]);
    expect(says(first)).toEqual([]);
    const second = seen(ordered, 3, [at(3, { number: 0 }), at(2, { text: 'out of memory' }), null], first.state);
    expect(says(second)).toEqual([]);
    const third = seen(ordered, 5, [null, null, at(4, { priority: 'critical' })], second.state);
    expect(says(third)).toEqual([expect.stringMatching(/^info: 3 of 3 conditions came true in order/)]);
    expect(third.state).toBeNull();
  });
  it('does not take what came before', () => {
    const judgement = seen(ordered, 3, [at(2, { number: 9 }), at(1, { text: 'out of memory' }), at(2, { priority: 'critical' })]);
    expect(says(judgement)).toEqual([]);
    expect(judgement.state).toMatchObject({ sequence: { done: 1 } });
  });
  it('is false when the next one is late, and begins anew', () => {
    const first = seen(ordered, 1, [HIGH, null, null]);
    expect(seen(ordered, 10, [null, null, null], first.state).state).toBe(first.state);
    const late = seen(ordered, 10.1, [null, null, null], first.state);
    expect(says(late)).toEqual([expect.stringMatching(/^critical: 1 of 3/)]);
    expect(late.state).toBeNull();
  });
  it('is false when nothing has begun', () =>
    expect(says(seen(ordered, 1, [null, KILLED, DOWN]))).toEqual([expect.stringMatching(/^critical: 0 of 3/)]));
  it('has a rule for each state, and each says why', () => {
    expect(SEQUENCE_RULES.map(({ is }) => is)).toEqual(['complete', 'late', 'under way', 'not begun']);
    for (const { why } of SEQUENCE_RULES) expect(why.length).toBeGreaterThan(10);
  });
});
