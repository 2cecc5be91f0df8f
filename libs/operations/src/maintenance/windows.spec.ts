import { MaintenanceBodySchema } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { MaintenanceWindows, maintenanceSentence } from './windows.js';

type Input = z.input<typeof MaintenanceBodySchema>;
const ONCE: Input['when'] = { kind: 'once', from: '2026-11-21T22:00', to: '2026-11-22T02:00' };
const setting = (id: string, change: Partial<Input> = {}, enabled = true) => ({
  ...{ kind: 'maintenance' as const, id, enabled },
  body: MaintenanceBodySchema.parse({ facilities: ['web1'], timeZone: 'Asia/Tokyo', when: ONCE, reason: 'new disks', ...change }),
});
const at = (utc: string) => Date.parse(`2026-${utc}:00Z`);
/** Of a node that is in these. */
const isIn =
  (...facilities: readonly string[]) =>
  (facility: string) =>
    facilities.includes(facility);
const under = (windows: MaintenanceWindows, utc: string, ...facilities: string[]) =>
  windows.under(facilities.length === 0 ? isIn('web1') : isIn(...facilities), at(utc))?.window ?? null;

describe('a window that is there once', () => {
  const windows = MaintenanceWindows.of([setting('disks')]);
  it('lasts from its beginning to its end, on its own clock', () => {
    expect(['11-21T12:59', '11-21T13:00', '11-21T16:59', '11-21T17:00'].map((utc) => under(windows, utc))).toEqual([
      null,
      'disks',
      'disks',
      null,
    ]);
  });
  it('says why, what it takes away, and until when', () => {
    const found = windows.under(isIn('web1'), at('11-21T15:00'));
    expect(found).toEqual({ window: 'disks', suppresses: 'notifications', reason: 'new disks', endsAtMs: at('11-21T17:00') });
    expect(maintenanceSentence(found!)).toBe('in the maintenance window disks until 2026-11-21T17:00:00.000Z: new disks');
  });
  it('counts for a node by any of the scopes that it is in, and for nobody else', () => {
    const scope = MaintenanceWindows.of([setting('rack', { facilities: ['rack7', 'rack8'] })]);
    expect(under(scope, '11-21T15:00', 'web1', 'linux', 'rack8', 'REGISTERED')).toBe('rack');
    expect(under(scope, '11-21T15:00', 'web1', 'linux', 'REGISTERED')).toBeNull();
  });
  it('may be whole days', () => {
    const days = MaintenanceWindows.of([setting('days', { when: { kind: 'once', from: '2026-11-21', to: '2026-11-22' } })]);
    expect(['11-20T14:59', '11-20T15:00', '11-22T14:59', '11-22T15:00'].map((utc) => under(days, utc))).toEqual([
      null,
      'days',
      'days',
      null,
    ]);
  });
  it('disabled is none', () => expect(under(MaintenanceWindows.of([setting('disks', {}, false)]), '11-21T15:00')).toBeNull());
  it('lasts through a clock that is put back, and is not there twice', () => {
    const night = MaintenanceWindows.of([
      setting('night', { timeZone: 'Europe/Berlin', when: { kind: 'once', from: '2026-10-25T02:30', to: '2026-10-25T04:00' } }),
    ]);
    expect(['10-25T00:29', '10-25T00:30', '10-25T01:15', '10-25T02:59', '10-25T03:00'].map((utc) => under(night, utc))).toEqual([
      ...[null, 'night', 'night', 'night', null],
    ]);
  });
});

describe('a window that comes again', () => {
  it('each week, beyond midnight', () => {
    const weekly = MaintenanceWindows.of([
      setting('week', { when: { kind: 'weekly', weekdays: ['sat'], from: '23:00', to: '26:00' } }),
    ]);
    expect(['11-21T13:59', '11-21T14:00', '11-21T16:59', '11-21T17:00', '11-28T14:00'].map((utc) => under(weekly, utc))).toEqual([
      ...[null, 'week', 'week', null, 'week'],
    ]);
  });
  it('each month, on the day after the second Tuesday or on the last day', () => {
    const monthly = (days: Extract<Input['when'], { kind: 'monthly' }>['days']) =>
      MaintenanceWindows.of([setting('month', { timeZone: 'UTC', when: { kind: 'monthly', days, from: '24:00', to: '30:00' } })]);
    const patch = monthly({ kind: 'weekday', weekdays: ['tue'], week: 2 });
    expect(['11-10T12:00', '11-11T05:59', '11-11T06:00', '12-09T00:00'].map((utc) => under(patch, utc))).toEqual([
      null,
      'month',
      null,
      'month',
    ]);
    expect(under(monthly({ kind: 'day', day: 'last' }), '12-01T03:00')).toBe('month');
  });
  it('to the second, whatever was asked before', () => {
    const weekly = MaintenanceWindows.of([
      setting('week', { when: { kind: 'weekly', weekdays: ['sat'], from: '23:00:30', to: '23:00:31' } }),
    ]);
    const second = (text: string) => weekly.under(isIn('web1'), Date.parse(`2026-11-21T14:00:${text}Z`))?.window ?? null;
    expect(['29.999', '30', '30.999', '31', '30.5'].map(second)).toEqual([null, 'week', 'week', null, 'week']);
  });
  it('within its validity only', () => {
    const week = { kind: 'weekly' as const, weekdays: ['sat' as const], from: '22:00', to: '23:00' };
    const windows = MaintenanceWindows.of([setting('week', { when: week, validTo: '2026-11-21' })]);
    expect([under(windows, '11-21T13:00'), under(windows, '11-28T13:00')]).toEqual(['week', null]);
  });
});

describe('of several windows', () => {
  const later = { when: { kind: 'once' as const, from: '2026-11-21T22:00', to: '2026-11-22T03:00' } };
  it('the one that takes away most counts, then the one that ends last', () => {
    const [short, long] = [setting('short'), setting('long', later)];
    const blind = setting('blind', { suppresses: 'monitoring', facilities: ['rack7'] });
    expect(under(MaintenanceWindows.of([long, short]), '11-21T15:00')).toBe('long');
    expect(under(MaintenanceWindows.of([short, long]), '11-21T15:00')).toBe('long');
    expect(under(MaintenanceWindows.of([short, long, blind]), '11-21T15:00', 'web1', 'rack7')).toBe('blind');
  });
  it('what was not changed is not compiled again, and what was is', () => {
    const [first, second] = [setting('first'), setting('second')];
    const before = MaintenanceWindows.of([first, second]);
    const after = MaintenanceWindows.of([first, setting('second', later)], before);
    expect(under(after, '11-21T17:30')).toBe('second');
    expect(under(before, '11-21T17:30')).toBeNull();
  });
});

describe('before a window ends', () => {
  const windows = (change: Partial<Input> = {}) =>
    MaintenanceWindows.of([setting('disks', { warnBeforeEndMinutes: 30, ...change })]);
  const warned = (its: MaintenanceWindows, ...steps: string[]) =>
    steps
      .slice(1)
      .flatMap((step, index) =>
        its
          .ending(at(steps[index]!), at(step))
          .map(({ endsAtMs }) => `${step} of ${new Date(endsAtMs).toISOString().slice(5, 16)}`),
      );
  it('somebody is told once, when the time has come', () => {
    expect(warned(windows(), '11-21T12:00', '11-21T16:29', '11-21T16:30', '11-21T16:31', '11-21T16:59', '11-21T17:05')).toEqual([
      '11-21T16:30 of 11-21T17:00',
    ]);
    expect(windows().ending(at('11-21T16:29'), at('11-21T16:30'))).toEqual([
      {
        ...{ id: `maintenance/disks/${at('11-21T17:00')}`, window: 'disks', facilities: ['web1'], reason: 'new disks' },
        ...{
          endsAtMs: at('11-21T17:00'),
          message: 'maintenance window disks ends in 30 min, at 2026-11-21T17:00:00.000Z: new disks',
        },
      },
    ]);
  });
  it('late when nobody looked, as long as it lasts', () => {
    expect(warned(windows(), '11-21T12:00', '11-21T16:50')).toEqual(['11-21T16:50 of 11-21T17:00']);
    expect(warned(windows(), '11-21T12:00', '11-21T17:00')).toEqual([]);
  });
  it('at its beginning, when it is shorter than that', () =>
    expect(warned(windows({ warnBeforeEndMinutes: 1_000 }), '11-21T12:59', '11-21T13:00', '11-21T13:01', '11-21T16:59')).toEqual([
      '11-21T13:00 of 11-21T17:00',
    ]));
  it('each time that it comes', () => {
    const weekly = windows({ when: { kind: 'weekly', weekdays: ['sat'], from: '22:00', to: '26:00' } });
    expect(warned(weekly, '11-21T16:00', '11-21T16:40', '11-28T16:20', '11-28T16:40')).toEqual([
      '11-21T16:40 of 11-21T17:00',
      '11-28T16:40 of 11-28T17:00',
    ]);
  });
  it('of one that does not ask for it nobody is', () =>
    expect(warned(windows({ warnBeforeEndMinutes: null }), '11-21T12:00', '11-21T16:40')).toEqual([]));
});
