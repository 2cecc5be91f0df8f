import { describe, expect, it } from 'vitest';
import { recoverThroughput, traceLine } from './throughput.js';
import type { Acknowledged } from './types.js';

/** One write every so many ms, by W1. */
const writes = (fromMs: number, toMs: number, everyMs: number): Acknowledged[] => {
  const found: Acknowledged[] = [];
  for (let atMs = fromMs; atMs < toMs; atMs += everyMs) found.push({ writer: 'sql', key: atMs, atMs, holder: 'a', attempts: 1 });
  return found;
};
const windows = {
  before: { fromMs: 1_000, toMs: 11_000 },
  during: { fromMs: 20_000, toMs: 30_000 },
  after: { fromMs: 30_000, toMs: 40_000 },
};

describe('the throughput of writers while a node is brought back', () => {
  const acknowledged = [...writes(1_000, 11_000, 20), ...writes(20_000, 26_000, 40), ...writes(26_000, 40_000, 20)];
  const found = recoverThroughput(acknowledged, windows, [
    { phase: 'rewind', ms: 6_000 },
    { phase: 'join', ms: 4_000 },
  ])!;
  it('is a share of what the same writers did in normal operation', () =>
    expect(found).toMatchObject({ share: 0.7, beforePerSecond: 50, duringPerSecond: 35, afterPerSecond: 50 }));
  it('says in which phase it was lost', () =>
    expect(found.phases.map(({ phase, perSecond }) => [phase, perSecond])).toEqual([
      ['rewind', 25],
      ['join', 50],
    ]));
  it('is one line for people', () =>
    expect(traceLine(found)).toMatch(
      /^writes 50\/s before, 35\/s during recover, 50\/s after: rewind 6\.0 s 25\/s .*, join 4\.0 s/,
    ));
  it('is nothing without a recover, or without writes before', () => {
    expect(recoverThroughput(acknowledged, { ...windows, during: { fromMs: 0, toMs: 0 } }, [])).toBeNull();
    expect(recoverThroughput(writes(20_000, 30_000, 20), windows, [])).toBeNull();
  });
});
