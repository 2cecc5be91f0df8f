import { DashboardBodySchema, type Widget } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { copied, freeId, moved, movedTo, resized, spanOf, spanQuery } from './board-model.js';

const some: readonly Widget[] = DashboardBodySchema.parse({
  name: 'Wall',
  widgets: [
    { type: 'counts', id: 'counts-1' },
    { type: 'events', id: 'events-1', width: 12 },
    { type: 'text', id: 'text-1', height: 1 },
  ],
}).widgets;
const ids = (widgets: readonly Widget[]) => widgets.map(({ id }) => id);

describe('the time of a dashboard', () => {
  it.each([
    ['', { kind: 'range', range: '6h' }],
    ['range=7d', { kind: 'range', range: '7d' }],
    ['range=7y', { kind: 'range', range: '6h' }],
    [
      'from=2026-11-22T09:00:00%2B09:00&to=2026-11-22T01:00:00Z',
      { kind: 'fixed', from: '2026-11-22T00:00:00.000Z', to: '2026-11-22T01:00:00.000Z' },
    ],
    ['from=2026-11-22T01:00:00Z&to=2026-11-22T00:00:00Z', { kind: 'range', range: '6h' }],
    ['from=yesterday&to=today', { kind: 'range', range: '6h' }],
  ])('of the address %j', (address, expected) => expect(spanOf(new URLSearchParams(address), '6h')).toEqual(expected));
  it('is asked for in the words of each route', () => {
    expect(spanQuery({ kind: 'range', range: '1h' }, ['since', 'until'])).toEqual({ since: '1h' });
    expect(spanQuery({ kind: 'fixed', from: 'A', to: 'B' }, ['from', 'to'])).toEqual({ from: 'A', to: 'B' });
  });
});

describe('a widget', () => {
  it('moves as far as there are places', () => {
    expect(ids(moved(some, 'counts-1', 1))).toEqual(['events-1', 'counts-1', 'text-1']);
    expect(moved(some, 'text-1', 1)).toBe(some);
    expect(moved(some, 'counts-1', -5)).toBe(some);
    expect(moved(some, 'none', 1)).toBe(some);
  });
  it('takes the place of another one, which makes room', () => {
    expect(ids(movedTo(some, 'counts-1', 'text-1'))).toEqual(['events-1', 'text-1', 'counts-1']);
    expect(ids(movedTo(some, 'text-1', 'counts-1'))).toEqual(['text-1', 'counts-1', 'events-1']);
  });
  it('is as wide as the dashboard at most, and never nothing', () => {
    expect(resized(some, 'events-1', 13, 0).find(({ id }) => id === 'events-1')).toMatchObject({ width: 12, height: 1 });
    expect(resized(some, 'text-1', 6.4, 1)).toBe(some);
  });
  it('is copied beside itself under an id of its own', () => {
    expect(ids(copied(some, 'events-1'))).toEqual(['counts-1', 'events-1', 'events-2', 'text-1']);
    expect(freeId(some, 'runs')).toBe('runs-1');
  });
});
