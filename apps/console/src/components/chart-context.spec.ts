import type { EventRow, MonitorBody, Priority } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { isOf, limitBands, limitsOf, marksOf } from './chart-context.js';

const scale = { low: 0, high: 100 };
describe('the bands of limits', () => {
  it('are what is not info, as far as it is drawn', () => {
    expect(limitBands({ info: [0, 60], warning: [60, 90] }, scale)).toEqual([
      { from: 60, to: 90, priority: 'warning' },
      { from: 90, to: 100, priority: 'critical' },
    ]);
    expect(limitBands({ info: [0, 60], warning: [60, 90] }, { low: 0, high: 50 })).toEqual([]);
  });
  it('lie below, too, and what both ranges leave out is critical', () =>
    expect(limitBands({ info: [40, null], warning: [10, 30] }, scale)).toEqual([
      { from: 0, to: 10, priority: 'critical' },
      { from: 10, to: 30, priority: 'warning' },
      { from: 30, to: 40, priority: 'critical' },
    ]));
  it('a range that holds nothing is never it', () =>
    expect(limitBands({ info: [1, null], warning: [0, 0] }, { low: 0, high: 4 })).toEqual([
      { from: 0, to: 1, priority: 'critical' },
    ]));
  it('are those of the monitor, of packets lost their own ones, and none of what has no numbers', () => {
    const numeric = { info: [0, 1], warning: [1, 2] };
    const ping = { type: 'ping', numeric, loss: { info: [0, 5], warning: [5, 6] } } as unknown as MonitorBody;
    expect(limitsOf(ping, '')).toMatchObject(numeric);
    expect(limitsOf(ping, 'loss')).toEqual({ info: [0, 5], warning: [5, 6] });
    expect(limitsOf({ type: 'resource', numeric } as unknown as MonitorBody, 'loss')).toMatchObject(numeric);
    expect(limitsOf({ type: 'syslog', rules: [] } as unknown as MonitorBody, '')).toBeNull();
  });
});

describe('marks of events', () => {
  const event = (number: number, priority: Priority) => ({ number, priority }) as EventRow;
  it('that would lie upon each other are one, by the worst of them and its newest', () => {
    const at = new Map([1, 2, 3, 4, 5].map((number, place) => [number, [0, 10, 20, 30, 95][place]!]));
    const found = [event(1, 'critical'), event(2, 'critical'), event(3, 'info'), event(4, 'warning'), event(5, 'unknown')];
    expect(marksOf(found, ({ number }) => at.get(number)!, 96)).toEqual([
      { x: 12, priority: 'critical', event: found[1], count: 3 },
      { x: 36, priority: 'warning', event: found[3], count: 1 },
      { x: 84, priority: 'unknown', event: found[4], count: 1 },
    ]);
  });
  it('outside of what is drawn are none', () =>
    expect(marksOf([event(1, 'info'), event(2, 'info')], ({ number }) => number * 200 - 300, 96)).toEqual([]));
  it.each([
    ['', '', true],
    ['loss', '', true],
    ['eth0/loss', 'eth0', true],
    ['eth0', 'eth1', false],
    ['eth0', '', false],
  ])('a line %j has events of the item %j: %s', (item, of, is) => expect(isOf({ item }, { item: of })).toBe(is));
});
