import { describe, expect, it } from 'vitest';
import { SenderClocks } from './sender-delay.js';

const NOW_US = Date.UTC(2026, 10, 21, 10) * 1_000;
const line = (saidUs: number, host = 'web1') => {
  const iso = new Date(Math.floor(saidUs / 1_000)).toISOString();
  return new TextEncoder().encode(`<13>1 ${iso.slice(0, -1)}000Z ${host} app - - - x`);
};
/** How late a line is taken to be that is read `atS` seconds from the start and was said `lateS` before, by that clock. */
const lateBy = (clocks: SenderClocks, atS: number, lateS: number, kernelUs?: number, host?: string) => {
  const receivedAtUs = NOW_US + atS * 1e6;
  const stamp = { receivedAtUs, monotonicMs: atS * 1e3, ...(kernelUs === undefined ? {} : { lateByUs: kernelUs }) };
  return clocks.late(stamp, '10.0.0.7', line(receivedAtUs - lateS * 1e6, host)).lateByUs;
};

describe('a line that waited at its sender', () => {
  it.each([
    [0.9, undefined],
    [1, 1_000_000],
    [60, 60_000_000],
    [900, 900_000_000],
    [901, undefined],
    [-5, undefined],
  ])('and was said %d s ago is late by %s µs', (lateS, us) => expect(lateBy(new SenderClocks(), 0, lateS)).toBe(us));
  it('is late by what the kernel kept it when that is more', () => {
    expect(lateBy(new SenderClocks(), 0, 2, 5_000_000)).toBe(5_000_000);
    expect(lateBy(new SenderClocks(), 0, 5, 2_000_000)).toBe(5_000_000);
  });
  it('without an exact stamp says nothing', () => {
    const raw = new TextEncoder().encode('<13>Nov 21 09:00:00 web1 app: x');
    const stamp = { receivedAtUs: NOW_US, monotonicMs: 0 };
    expect(new SenderClocks().late(stamp, '10.0.0.7', raw)).toBe(stamp);
  });
});

describe('a sender whose clock is behind', () => {
  it('is believed for a minute; then its usual distance is taken off', () => {
    const clocks = new SenderClocks();
    expect([0, 30, 59, 60, 61].map((atS) => lateBy(clocks, atS, 40))).toEqual([40e6, 40e6, 40e6, undefined, undefined]);
    expect(lateBy(clocks, 70, 45)).toBe(5e6);
  });
  it('behind a relay does not change what is known of others', () => {
    const clocks = new SenderClocks();
    for (let atS = 0; atS <= 120; atS += 10) lateBy(clocks, atS, 40, undefined, 'slow');
    expect(lateBy(clocks, 130, 10, undefined, 'web1')).toBe(10e6);
  });
  it('and is set right is known anew after ten minutes at most', () => {
    const clocks = new SenderClocks();
    for (let atS = 0; atS <= 120; atS += 10) lateBy(clocks, atS, 0);
    const seen = Array.from({ length: 80 }, (_, at) => lateBy(clocks, 130 + at * 10, 20));
    expect(seen[0]).toBe(20e6);
    expect(seen.at(-1)).toBe(undefined);
  });
});
