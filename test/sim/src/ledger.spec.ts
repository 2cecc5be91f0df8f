import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { nextSeed, note, readLedger, type Stretch, sourcesKey, totalOf } from './ledger.js';

const folder = mkdtempSync(join(tmpdir(), 'yosugara-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stretch = (from: number, to: number, over: Partial<Stretch> = {}): Stretch => ({
  key: 'k',
  commit: 'c1',
  from,
  to,
  violations: 0,
  seconds: 1,
  ...over,
});

describe('the ledger of schedules', () => {
  it('counts every seed once, whatever was run twice, and only what is about these sources', () => {
    const all = [stretch(1, 101), stretch(51, 151, { commit: 'c2' }), stretch(500, 600), stretch(1, 900, { key: 'other' })];
    expect(totalOf(all, 'k')).toMatchObject({ schedules: 250, violations: 0, seconds: 3, commits: ['c1', 'c2'] });
    expect(nextSeed(all, 'k')).toBe(600);
    expect(nextSeed(all, 'unheard of')).toBe(1);
  });

  it('reads back what was written, and lets a line go that a kill cut short', () => {
    const file = join(folder, 'deep', 'ledger.jsonl');
    note(file, stretch(1, 21, { violations: 2 }));
    appendFileSync(file, '{"key":"k","commit":"c1","fr');
    expect(readLedger(file)).toEqual([stretch(1, 21, { violations: 2 })]);
    expect(readLedger(join(folder, 'none'))).toEqual([]);
  });

  it('is about the sources that a schedule runs through', () => expect(sourcesKey()).toMatch(/^[0-9a-f]{16}$/));
});
