import type { RawRecord } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { LateLines } from './late-lines.js';

const NOW_US = Date.UTC(2026, 10, 21, 10) * 1_000;
/** A datagram that is read `atS` seconds from the start and was said `lateS` before, by its sender's clock. */
const datagram = (atS: number, lateS: number, change: Partial<RawRecord> = {}): RawRecord => {
  const receivedAtUs = NOW_US + atS * 1e6;
  const iso = new Date((receivedAtUs - lateS * 1e6) / 1_000).toISOString().replace('Z', '000+00:00');
  return {
    ...{ seq: 1, receivedAtUs, kind: 'syslog', transport: 'udp', flags: 0, raw: Buffer.from(`<134>1 ${iso} web1 app - - - x`) },
    ...{ source: { address: '10.0.0.7', port: 1 }, listener: { kind: 'own', address: '10.0.0.1' } },
    ...change,
  };
};
const late = (lines: LateLines, record: RawRecord) => lines.lateByUs(record, 'a') / 1e6;

describe('a datagram with an exact stamp', () => {
  it.each([
    [0.5, 0],
    [1, 1],
    [7.25, 7.25],
    [900, 900],
    [901, 0],
    [-5, 0],
  ])('that says it was said %d s ago may have come %d s earlier', (lateS, by) =>
    expect(late(new LateLines(), datagram(0, lateS))).toBe(by),
  );
  it('of a clock that is always wrong is not late for long', () => {
    const lines = new LateLines();
    for (let atS = 0; atS < 60; atS += 5) expect(late(lines, datagram(atS, 300))).toBe(300);
    expect(late(lines, datagram(61, 300))).toBe(0);
    expect(late(lines, datagram(62, 304))).toBe(4);
    expect(lines.lateByUs(datagram(62, 300), 'b') / 1e6).toBe(300);
  });
});

it('what says less, or was looked at by its receiver, is not looked at', () => {
  const lines = new LateLines();
  expect(late(lines, datagram(0, 60, { transport: 'tcp' }))).toBe(0);
  expect(late(lines, datagram(0, 60, { kind: 'custom' }))).toBe(0);
  for (const raw of ['<13>1 2026-11-21T09:59:00Z web1 app - - - x', '<13>Nov 21 09:59:00 web1 app: x', '<13>x'])
    expect(late(lines, datagram(0, 60, { raw: Buffer.from(raw) }))).toBe(0);
});
