import type { PriorityTally, ScopeHealth } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { healthLines, jobCounts, tallied, worstOf, worstOfScope } from './overview-model.js';

const tally = (change: Partial<PriorityTally> = {}): PriorityTally => ({
  critical: 0,
  unknown: 0,
  warning: 0,
  info: 0,
  ...change,
});
const scope = (id: string, parent: string | null, change: Partial<ScopeHealth> = {}): ScopeHealth => ({
  ...{ id, name: id, parent, builtIn: false, nodes: 1, open: tally(), now: tally() },
  ...change,
});
const ids = (lines: ReturnType<typeof healthLines>) => lines.map(({ scope: { id }, depth }) => `${'.'.repeat(depth)}${id}`);

describe('how a scope is', () => {
  it('is the worst of what is there, and nothing where nothing is', () => {
    expect(worstOf(tally({ info: 9, warning: 1 }))).toBe('warning');
    expect(worstOf(tally())).toBeNull();
    expect(tallied(tally({ info: 2, critical: 1 }))).toBe(3);
  });
  it('is the worse of now and of what nobody has confirmed', () => {
    expect(worstOfScope({ now: tally({ info: 1 }), open: tally({ critical: 1 }) })).toBe('critical');
    expect(worstOfScope({ now: tally({ unknown: 1 }), open: tally({ warning: 1 }) })).toBe('unknown');
  });
});

describe('the tree of health', () => {
  const all = [
    scope('tokyo', null, { now: tally({ warning: 1 }) }),
    scope('web', 'tokyo', { now: tally({ warning: 1 }) }),
    scope('db', 'tokyo', { now: tally({ info: 1 }) }),
    scope('osaka', null),
    scope('REGISTERED', null, { builtIn: true, now: tally({ warning: 1 }) }),
    scope('UNREGISTERED', null, { builtIn: true, open: tally({ warning: 1 }) }),
    scope('INTERNAL', null, { builtIn: true }),
  ];
  it('has each scope below the one it is in; of the built-in ones those that tell what no made one does', () =>
    expect(ids(healthLines(all, new Set(), false))).toEqual(['tokyo', '.web', '.db', 'osaka', 'UNREGISTERED']));
  it('folds', () => expect(ids(healthLines(all, new Set(['tokyo']), false))).toEqual(['tokyo', 'osaka', 'UNREGISTERED']));
  it('shows trouble only, with what it lies in', () =>
    expect(ids(healthLines(all, new Set(), true))).toEqual(['tokyo', '.web', 'UNREGISTERED']));
});

it('sessions that wait for people are told apart from those that go by themselves', () =>
  expect(jobCounts({ running: 3, waiting: 1, held: 2, error: 1, scheduled: 9 })).toEqual({ running: 4, needsPeople: 3 }));
