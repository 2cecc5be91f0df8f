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

describe('an integration of the next Master, which has seen nothing yet', () => {
  const stored = (state: unknown): unknown => JSON.parse(JSON.stringify(state));
  it('goes by what the last look knew, until that is seen again or too old', () => {
    const first = seen(monitor({}), 1, [HIGH, KILLED, DOWN]);
    expect(says(seen(monitor({}), 5, [null, null, null], stored(first.state)))).toEqual(['info: 3 of 3 conditions hold']);
    const again = seen(monitor({}), 6, [null, at(6, { text: 'fine' }), null], stored(first.state));
    expect(says(again)).toEqual(['critical: 2 of 3 conditions hold']);
    expect(says(seen(monitor({}), 7, [null, null, null], stored(again.state)))).toEqual(['critical: 2 of 3 conditions hold']);
    expect(says(seen(monitor({}), 11, [null, null, null], stored(first.state)))).toEqual(['critical: 0 of 3 conditions hold']);
  });
  it('takes nothing for what other conditions are about now', () => {
    const { state } = seen(monitor({}), 1, [HIGH, KILLED, DOWN]);
    const others = monitor({
      conditions: [{ ...conditions[0], monitor: 'another' }, { ...conditions[1], facility: 'web2' }, conditions[2]],
    });
    expect(says(seen(others, 2, [null, null, null], stored(state)))).toEqual(['critical: 1 of 3 conditions hold']);
  });
  it('remembers of each as much as is asked about, and nothing new when nothing came', () => {
    const both = [
      at(0, { number: 5, text: 'x'.repeat(99), priority: 'info' }),
      at(0, { text: 'y'.repeat(9_000), number: 1 }),
      null,
    ];
    const { state } = seen(monitor({}), 1, both);
    expect(state).toMatchObject({ newest: [{ value: { number: 5, text: null, priority: null } }] });
    expect((state as { newest: unknown[] }).newest).toHaveLength(1);
    expect(seen(monitor({}), 2, both, state).state).toBe(state);
    expect(seen(monitor({}), 3, [null, null, null], state).state).toBe(state);
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
    expect(third.state).not.toHaveProperty('sequence');
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
    expect(late.state).not.toHaveProperty('sequence');
  });
  it('is false when nothing has begun', () =>
    expect(says(seen(ordered, 1, [null, KILLED, DOWN]))).toEqual([expect.stringMatching(/^critical: 0 of 3/)]));
  it('has a rule for each state, and each says why', () => {
    expect(SEQUENCE_RULES.map(({ is }) => is)).toEqual(['complete', 'late', 'under way', 'not begun']);
    for (const { why } of SEQUENCE_RULES) expect(why.length).toBeGreaterThan(10);
  });
});
