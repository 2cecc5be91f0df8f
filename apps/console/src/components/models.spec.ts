import type { ScopeView, SeriesPoint, StatusRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { bandPath, linePath, momentsOf, nearest, runsOf, scaleOf, short } from './line-model.js';
import { daysOfMonth, isMonth, leadingDays, monthAfter, spanOf } from './month-model.js';
import { shownScopes } from './scope-model.js';
import { statusLines } from './status-model.js';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-11-21T00:00:00Z');
const point = (minute: number, mean: number | null): SeriesPoint => ({
  ...{
    at: new Date(START + minute * MINUTE_MS).toISOString(),
    mean,
    count: mean === null ? 0 : 1,
    missing: mean === null ? 1 : 0,
  },
  ...{ least: mean === null ? null : mean - 1, most: mean === null ? null : mean + 1 },
});

describe('a line chart', () => {
  it.each([
    [[], [0, 1]],
    [[0], [0, 1]],
    [
      [3, 7, 12.3],
      [0, 12.5],
    ],
    [
      [98.1, 99.4],
      [98, 99.5],
    ],
    [
      [-5, 5],
      [-6, 6],
    ],
    [
      [1e9, 2.2e9],
      [0, 2.5e9],
    ],
    [[42], [0, 50]],
  ])('of %j has a scale of round figures that holds them', (values, [low, high]) => {
    const scale = scaleOf(values);
    expect([scale.low, scale.high]).toEqual([low, high]);
    expect(scale.ticks.length).toBeLessThanOrEqual(8);
  });
  it('is broken where nothing was measured, and where steps are missing', () => {
    const points = [point(0, 1), point(1, 2), point(2, null), point(3, 3), point(10, 4), point(11, 5)];
    expect(runsOf(points, MINUTE_MS).map((run) => run.length)).toEqual([2, 1, 2]);
    const frame = { fromMs: START, toMs: START + 12 * MINUTE_MS, scale: scaleOf([0, 10]), width: 120, height: 100 };
    expect(linePath(points, MINUTE_MS, frame)).toBe('M5.0,90.0L15.0,80.0M35.0,70.0 h1.5M105.0,60.0L115.0,50.0');
    expect(bandPath(points, MINUTE_MS, frame).match(/Z/g)).toHaveLength(2);
    expect(linePath([], MINUTE_MS, frame)).toBe('');
  });
  it('finds the point next to the pointer', () => {
    const points = [point(0, 1), point(5, 2), point(10, 3)];
    for (const [minute, mean] of [
      [-3, 1],
      [2, 1],
      [3, 2],
      [9, 3],
      [99, 3],
    ] as const)
      expect(nearest(points, START + minute * MINUTE_MS)?.mean, `${minute}`).toBe(mean);
    expect(nearest([], START)).toBeNull();
  });
  it('writes figures short', () =>
    expect([0, 0.1234, 999, 999.9, 12_345, 2_500_000_000].map(short)).toEqual(['0', '0.123', '999', '1 k', '12.3 k', '2.5 G']));
  it('writes round moments of the local clock', () => {
    const day = momentsOf(START, START + 24 * 60 * MINUTE_MS, -540);
    expect(day.map((ms) => new Date(ms + 540 * MINUTE_MS).toISOString().slice(11, 16))).toEqual([
      '12:00',
      '18:00',
      '00:00',
      '06:00',
    ]);
  });
});

describe('the view of statuses', () => {
  const row = (scope: string, priority: StatusRow['priority'], since = 0) =>
    ({
      scope,
      priority,
      facility: 'n',
      sender: null,
      since: new Date(START + since).toISOString(),
      message: `${scope} ${priority}`,
    }) as unknown as StatusRow;
  const rows = [
    row('B>', 'info'),
    row('A>', 'warning', 1),
    row('C>', 'critical'),
    row('A>', 'critical'),
    row('A>', 'warning', 2),
  ];
  const shown = (folded: readonly string[]) =>
    statusLines(rows, new Set(folded)).map((line) => (line.kind === 'group' ? `[${line.scope} ${line.size}]` : line.row.message));
  it('groups by scope, the worst first; where all is well, only the group is shown', () =>
    expect(shown([])).toEqual(['[A> 3]', 'A> critical', 'A> warning', 'A> warning', '[C> 1]', 'C> critical', '[B> 1]']));
  it('folds and unfolds', () => expect(shown(['A>', 'B>'])).toEqual(['[A> 3]', '[C> 1]', 'C> critical', '[B> 1]', 'B> info']));
  it('counts by priority in each group', () =>
    expect(statusLines(rows, new Set())[0]).toMatchObject({
      worst: 'critical',
      counts: { critical: 1, warning: 2, info: 0, unknown: 0 },
    }));
});

describe('the tree of scopes', () => {
  const scope = (id: string, parent: string | null) => ({ id, parent }) as ScopeView;
  const scopes = [scope('a', null), scope('a1', 'a'), scope('a11', 'a1'), scope('b', null)];
  it('indents each below the one that it lies in', () =>
    expect(shownScopes(scopes, new Set()).map((line) => `${line.scope.id} ${line.depth} ${line.hasBelow}`)).toEqual([
      'a 0 true',
      'a1 1 true',
      'a11 2 false',
      'b 0 false',
    ]));
  it('leaves out all that lies in a folded one', () =>
    expect(shownScopes(scopes, new Set(['a'])).map((line) => line.scope.id)).toEqual(['a', 'b']));
});

describe('the month of a calendar', () => {
  it('goes over the end of a year, and knows leap years', () => {
    expect([monthAfter('2026-12', 1), monthAfter('2026-01', -1), monthAfter('2026-11', 14)]).toEqual([
      '2027-01',
      '2025-12',
      '2028-01',
    ]);
    expect(daysOfMonth('2028-02')).toEqual({ first: '2028-02-01', last: '2028-02-29' });
    expect(daysOfMonth('2026-12').last).toBe('2026-12-31');
  });
  it('begins with Monday', () =>
    expect([leadingDays('2026-06'), leadingDays('2026-11'), leadingDays('2026-08')]).toEqual([0, 6, 5]));
  it('shows a span where it lies in its day', () => {
    expect(spanOf('06:00:00', '12:00:00')).toEqual({ left: 25, width: 25 });
    expect(spanOf('00:00:00', '24:00:00')).toEqual({ left: 0, width: 100 });
  });
  it('is not what somebody wrote into the address', () =>
    expect([isMonth('2026-13'), isMonth(null), isMonth('2026-11')]).toEqual([false, false, true]));
});
