import { appendFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  COUNTED,
  type Count,
  ledgerTable,
  nextSeed,
  note,
  readLedger,
  type Stretch,
  sourcesKey,
  totalOf,
  totalsOf,
} from './ledger.js';

const folder = mkdtempSync(join(tmpdir(), 'yosugara-ledger-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stretch = (from: number, to: number, over: Partial<Stretch> = {}): Stretch => ({
  key: 'k',
  commit: 'c1',
  from,
  to,
  violations: 0,
  seconds: 1,
  cpuSeconds: 2,
  ...over,
});

describe('the ledger of schedules', () => {
  it('counts every seed once, whatever was run twice, and only what is about these sources', () => {
    const all = [stretch(1, 101), stretch(51, 151, { commit: 'c2' }), stretch(500, 600), stretch(1, 900, { key: 'other' })];
    const total = totalOf(all, 'k');
    expect(total).toMatchObject({ schedules: 250, violations: 0, seconds: 3, cpuSeconds: 6 });
    expect(total.commits.map(({ commit, schedules }) => [commit, schedules])).toEqual([
      ['c1', 200],
      ['c2', 50],
    ]);
    expect(nextSeed(all, 'k')).toBe(600);
    expect(nextSeed(all, 'unheard of')).toBe(1);
  });

  it('shows every state of the sources, these ones last, and adds up the commits of each', () => {
    const all = [stretch(1, 101, { violations: 1 }), stretch(101, 151, { commit: 'c2' }), stretch(1, 900, { key: 'other' })];
    const totals = totalsOf(all, 'k');
    expect(totals.map(({ key, schedules }) => [key, schedules])).toEqual([
      ['other', 899],
      ['k', 150],
    ]);
    for (const { schedules, violations, cpuSeconds, commits } of totals) {
      const sum = (of: (count: Count) => number): number => commits.reduce((whole, count) => whole + of(count), 0);
      expect(sum((count) => count.schedules)).toBe(schedules);
      expect(sum((count) => count.violations)).toBe(violations);
      expect(sum((count) => count.cpuSeconds)).toBe(cpuSeconds);
    }
    expect(ledgerTable(totals).split('\n').at(-3)).toMatch(/^k \(these\) +150 +1 +4 +37\.5$/);
  });

  it('reads back what was written, and lets a line go that a kill cut short', () => {
    const file = join(folder, 'deep', 'ledger.jsonl');
    note(file, stretch(1, 21, { violations: 2 }));
    appendFileSync(file, '{"key":"k","commit":"c1","fr');
    expect(readLedger(file)).toEqual([stretch(1, 21, { violations: 2 })]);
    note(file, stretch(21, 41));
    expect(readLedger(file)).toEqual([stretch(1, 21, { violations: 2 }), stretch(21, 41)]);
    expect(readLedger(join(folder, 'none'))).toEqual([]);
  });

  it('is about the sources that a schedule runs through: not those that start it, nor those of ingest', () => {
    expect(sourcesKey()).toMatch(/^[0-9a-f]{16}$/);
    const root = join(folder, 'root');
    for (const counted of COUNTED) mkdirSync(join(root, counted), { recursive: true });
    const keyWith = (file: string): string => {
      mkdirSync(dirname(join(root, file)), { recursive: true });
      writeFileSync(join(root, file), '');
      return sourcesKey(root);
    };
    const world = keyWith('test/sim/src/world.ts');
    for (const file of ['main.ts', 'ingest-main.ts', 'ingest/world.ts', 'jobs/world.ts', 'planted/run.ts', 'world.spec.ts'])
      expect(keyWith(`test/sim/src/${file}`), file).toBe(world);
    expect(keyWith('test/sim/src/plan.ts')).not.toBe(world);
  });
});
