import { compileMonitor, judge, type NewestValue, type SeriesPoint } from '@yosugara/operations';
import { MonitorBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { derivedProbe, type ItemKey, type Readings } from './derived-probe.js';
import { NewestValues } from './newest-values.js';
import type { OperationsBatch } from './ports.js';

const NOON_MS = Date.UTC(2026, 10, 21, 12);
const NO_PATTERNS = { compile: () => ({ match: () => [], problems: [], at: () => ({ test: () => true, groups: () => ({}) }) }) };
const batch = (parts: Partial<Pick<OperationsBatch, 'collected' | 'results'>>) => ({ collected: [], results: [], ...parts });
const collected = (monitor: string, value: number | null, atMs = NOON_MS) => ({
  monitor,
  facility: 'web1',
  item: '',
  atMs,
  value,
});
const result = (monitor: string, priority: 'info' | 'critical', atMs = NOON_MS, trigger: 'monitor' | 'change' = 'monitor') => ({
  ...{ id: `${monitor}/${atMs}`, trigger, plugin: 'ping', monitor, facility: 'web1', sender: null, item: '', sub: '', priority },
  ...{ application: '', message: 'said', original: '', atMs, notifications: [] },
});
const of = (monitor: string): ItemKey => ({ monitor, facility: 'web1', item: '' });

describe('newest values', () => {
  it('are number and priority of the same look', () => {
    const newest = new NewestValues();
    newest.tell(
      batch({ collected: [collected('a', 7)], results: [result('a', 'critical'), result('a', 'info', NOON_MS, 'change')] }),
    );
    expect(newest.of(of('a'))).toEqual({ atMs: NOON_MS, number: 7, text: 'said', priority: 'critical' });
    newest.tell(batch({ results: [result('a', 'info', NOON_MS + 1)] }));
    expect(newest.of(of('a'))).toEqual({ atMs: NOON_MS + 1, number: null, text: 'said', priority: 'info' });
    newest.tell(batch({ collected: [collected('a', 3)] }));
    expect(newest.of(of('a'))?.atMs).toBe(NOON_MS + 1);
    expect(newest.of(of('b'))).toBeNull();
  });
});

describe('a monitor of what others saw', () => {
  const newest = new Map<string, NewestValue>([['load', { atMs: NOON_MS, number: 9, text: null, priority: null }]]);
  const asked: [string, number, number][] = [];
  const points: readonly SeriesPoint[] = [0, 1, 2, 3, 4].map((at) => [NOON_MS + at * 60_000, at]);
  const readings: Readings = {
    newest: ({ monitor, facility }) => (facility === 'web1' ? (newest.get(monitor) ?? null) : null),
    series: async ({ monitor, facility }, fromMs, toMs) => {
      asked.push([`${monitor} ${facility}`, toMs - fromMs, toMs]);
      return monitor === 'never' ? await new Promise(() => undefined) : points;
    },
    lines: async ({ monitor, facility }) =>
      facility === 'web1' ? { began: 'j:1', by: null, totals: [['', monitor.length]] } : null,
  };
  const probe = derivedProbe(readings);
  const look = async (body: { type: string; check: object } & Record<string, unknown>, deadlineMs = 10_000) => {
    const setting = { id: 'm', enabled: true, body: MonitorBodySchema.parse({ facility: 'web1', ...body }) };
    const request = { monitor: 'm', type: body.type, check: setting.body.check, facility: 'web1', node: null, dueAtMs: NOON_MS };
    const answers = await probe.run(request, deadlineMs, new AbortController().signal);
    const about = { origin: String(NOON_MS), monitor: 'm', facility: 'web1', sender: null, atMs: NOON_MS };
    return answers.flatMap(
      ({ item, value }) => judge(compileMonitor(setting, NO_PATTERNS), { ...about, item, value }, null).results,
    );
  };
  const condition = (monitor: string, facility: string | null = null) => ({
    monitor,
    facility,
    is: { by: 'number', operator: '>', than: 5 },
  });
  it('integrates their newest values, at its own node or at another one', async () => {
    expect(await look({ type: 'integration', check: { conditions: [condition('load')] } })).toMatchObject([{ priority: 'info' }]);
    expect(await look({ type: 'integration', check: { conditions: [condition('load', 'db1')] } })).toMatchObject([
      { priority: 'critical' },
    ]);
  });
  const numeric = { info: [0.5, 2], warning: [0, 0.5] };
  it('correlates their values of its time', async () => {
    const check = { first: { monitor: 'a' }, second: { monitor: 'b', facility: 'db1' }, rangeM: 30 };
    expect(await look({ type: 'correlation', check, numeric })).toMatchObject([{ priority: 'info', message: 'Correlation: 1' }]);
    expect(asked).toEqual([
      ['a web1', 30 * 60_000, NOON_MS],
      ['b db1', 30 * 60_000, NOON_MS],
    ]);
  });
  it('counts the lines that were stored', async () =>
    expect(await look({ type: 'log-count', check: { of: 'log' }, numeric: { info: [0, 1], warning: [1, 2] } })).toMatchObject([
      { priority: 'warning', message: 'Lines: 1' },
    ]));
  it('fails when they cannot be read in time', async () =>
    expect(
      await look({ type: 'correlation', check: { first: { monitor: 'never' }, second: { monitor: 'b' } }, numeric }, 20),
    ).toMatchObject([{ priority: 'unknown', message: expect.stringContaining('not read within 20 ms') }]));
});
