import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Ledger, ledgerTable } from './ledger.js';
import { runTarget } from './run.js';
import { must, type Target, utf8 } from './target.js';
import { TARGETS } from './targets.js';

const quick = { seed: 42, limitMs: 1_000, maxGrowthBytes: Number.POSITIVE_INFINITY } as const;

it.each(TARGETS.map((target) => [target.name, target] as const))('%s: a few inputs', (_, target) =>
  expect(runTarget(target, { ...quick, inputs: 200 }).found).toEqual([]),
);

describe('the fuzzer itself', () => {
  const planted = (check: Target['check']): Target => ({
    name: 'planted',
    corpus: [utf8('abcdef')],
    dictionary: [utf8('BUG')],
    check,
  });
  it('finds what throws, and the same again by its index', () => {
    const target = planted((input) => must(!Buffer.from(input).includes('BUG'), 'a bug'));
    const first = runTarget(target, { ...quick, inputs: 200 });
    expect(first.found[0]?.why).toContain('a bug');
    expect(runTarget(target, { ...quick, inputs: 200 }).found.map((one) => one.index)).toEqual(
      first.found.map((one) => one.index),
    );
  });
  it('finds what takes too long', () => {
    const target = planted((input) => {
      const cpuUs = () => Object.values(process.threadCpuUsage?.() ?? process.cpuUsage()).reduce((sum, us) => sum + us, 0);
      const endUs = cpuUs() + (Buffer.from(input).includes('BUG') ? 20_000 : 0);
      while (cpuUs() < endUs);
    });
    expect(runTarget(target, { ...quick, limitMs: 4, inputs: 100 }).found[0]?.why).toContain('took');
  });
  it('has the same inputs in steps as at once', () => {
    const target = planted((input) => must(!Buffer.from(input).includes('BUG'), 'a bug'));
    const found = (first: number, inputs: number) => runTarget(target, { ...quick, first, inputs }).found.map((one) => one.index);
    expect([...found(0, 20), ...found(20, 20)]).toEqual(found(0, 40));
    expect(found(0, 40).length).toBeGreaterThan(1);
  });
});

describe('the ledger of a long run', () => {
  it('goes on behind what ran, by parser and seed, also after half a line', () => {
    const folder = mkdtempSync(join(tmpdir(), 'yosugara-fuzz-'));
    try {
      const path = join(folder, 'ledger');
      const target: Target = { name: 'one', corpus: [utf8('a')], dictionary: [utf8('b')], check: () => undefined };
      const ledger = new Ledger(path);
      expect(ledger.next('one', 42)).toBe(0);
      ledger.add(runTarget(target, { ...quick, inputs: 30 }));
      ledger.add(runTarget(target, { ...quick, first: 30, inputs: 12 }));
      appendFileSync(path, '{"target":"one","seed":42,"first":42,"inp');
      expect(new Ledger(path).next('one', 42)).toBe(42);
      const again = new Ledger(path);
      again.add(runTarget(target, { ...quick, first: 42, inputs: 8 }));
      const after = new Ledger(path);
      expect([after.next('one', 42), after.next('one', 43), after.next('two', 42)]).toEqual([50, 0, 0]);
      expect(ledgerTable(after.lines)).toContain('| `one` | 42 |');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
