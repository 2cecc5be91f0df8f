import { describe, expect, it } from 'vitest';
import { renderHistogram } from '../commands/histogram.js';
import { chart, squeeze } from './chart.js';

const at = (minute: number) => `2026-11-22T03:${String(minute).padStart(2, '0')}:00.000Z`;
const points = (...values: readonly (number | null)[]) => values.map((value, minute) => ({ at: at(minute), value }));

describe('a chart of text', () => {
  it('is as high as the most, from zero, with its scale and its times', () =>
    expect(chart(points(0, 25, 50, 100, null, 100), { columns: 40, rows: 2 })).toBe(
      ['100 ┤   █ █', '  0 ┤▁▄██ █', '     2026-11-22T03:00 – 2026-11-22T03:05'].join('\n'),
    ));
  it('shows values below zero from their least on', () =>
    expect(
      chart(points(-4, 4), { columns: 40, rows: 2 })
        .split('\n')
        .map((line) => line.slice(0, 4)),
    ).toEqual([' 4 ┤', '-4 ┤', '    ']));
  it('says that there is nothing', () => expect(chart(points(null, null), { columns: 40, rows: 3 })).toBe('no value was kept'));
  it('is no wider than the terminal: what falls together is shown by its mean', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => ({ at: at(index % 60), value: index }));
    const lines = chart(many, { columns: 60, rows: 4 }).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
    expect(squeeze(points(1, 3, null, 5, null, null), 3).map(({ value }) => value)).toEqual([2, 5, null]);
  });
});

describe('a histogram of messages', () => {
  const binMs = 60_000;
  it('has the steps in which nothing came, too', () => {
    const bins = [{ at: at(1), error: 1, trap: 3 }].map((bin) => ({ ...TALLY, ...bin }));
    const text = renderHistogram({ from: at(0), to: at(4), binMs, countedFrom: null, bins }, 80);
    expect(text).toMatch(/^4 messages, in steps of 60 s\n4 ┤ █\n/);
  });
  it('says what was not counted', () =>
    expect(renderHistogram({ from: at(0), to: at(4), binMs, countedFrom: at(2), bins: [] }, 80)).toContain(
      `what came before ${at(2)} is not counted`,
    ));
});
const TALLY = { error: 0, warning: 0, info: 0, debug: 0, trap: 0 };
