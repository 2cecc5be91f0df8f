import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseArgs } from './args.js';
import { expectations, markdown, scenarioReport } from './report.js';
import { SCENARIOS } from './scenarios/index.js';
import { soakRound } from './scenarios/soak.js';
import { variantOf } from './scenarios/types.js';

describe('the lab’s command line', () => {
  it('takes scenarios by name or number, once by default', () => {
    const args = parseArgs(['1-power-off-master', '12']);
    expect(args.scenarios.map((scenario) => scenario.name)).toEqual(['1-power-off-master', '12-power-off-standby']);
    expect([args.runs, args.from, args.json, args.resume]).toEqual([1, 1, false, false]);
  });
  it('knows the real senders by a word, and how much they send', () => {
    const args = parseArgs(['senders', '--rate', '500', '--messages', '10000000']);
    expect([args.scenarios.map(({ name }) => name), args.rate, args.messages]).toEqual([['IN1-real-senders'], 500, 10_000_000]);
    expect(parseArgs(['senders']).rate).toBe(5_000);
  });
  it('takes all of them', () => expect(parseArgs(['--all', '--runs', '10']).scenarios).toBe(SCENARIOS));
  it.each([
    [['7-up'], /scenario: found "7-up", allowed is 1-power-off-master/],
    [['--runs', 'many', '1'], /--runs: found "many"/],
    [['--quick'], /option: found "--quick"/],
    [[], /npm run lab/],
    [['1', '--plant', 'gremlin'], /--plant: found "gremlin", allowed is fsync-off/],
  ])('refuses %j in one line', (args, says) => expect(() => parseArgs(args)).toThrow(says));
});

describe('the table of scenarios', () => {
  it('has the 22 patterns, the five features and at least 60 ids of the superset', () => {
    const numbers = SCENARIOS.flatMap(({ name }) => /^(\d+)-/.exec(name)?.[1] ?? []).map(Number);
    expect(numbers).toEqual(Array.from({ length: 22 }, (_, at) => at + 1));
    expect(SCENARIOS.filter(({ name }) => name.startsWith('feature-'))).toHaveLength(5);
    expect(SCENARIOS.filter(({ name }) => /^[A-Z]\d/.test(name)).length).toBeGreaterThanOrEqual(60);
  });
  it('says of each what it expects and why, and never allows a base backup where a node was merely stopped', () => {
    for (const { why, pattern } of SCENARIOS) expect([why.length, pattern.length].every((length) => length > 5)).toBe(true);
    for (const name of ['2-shutdown-master', '13-shutdown-standby', '14-restart-standby'])
      expect(SCENARIOS.find((one) => one.name === name)?.methods).not.toContain('basebackup');
  });
  it('is in the README, as it is here (`npm run lab -- --list --markdown README.md`)', () =>
    expect(readFileSync(new URL('../../../README.md', import.meta.url), 'utf8')).toContain(expectations(SCENARIOS)));
  it('makes the same soak round again from its number', () => {
    const told = [1, 2, 3, 4, 5].map((round) => soakRound(round).pattern);
    expect([1, 2, 3, 4, 5].map((round) => soakRound(round).pattern)).toEqual(told);
    expect(new Set(told).size).toBe(5);
  });
  it('names each once', () => expect(new Set(SCENARIOS.map((scenario) => scenario.name)).size).toBe(SCENARIOS.length));
  it('goes through the variants by run number', () => {
    const hung = SCENARIOS.find((scenario) => scenario.name === '19-postgres-hung')!;
    expect([1, 2, 3, 4].map((run) => variantOf(hung, run))).toEqual([
      'postmaster stopped',
      'postmaster killed',
      'a backend stopped',
      'postmaster stopped',
    ]);
  });
});

it('takes what sets a cluster apart, and a length for what lasts', () => {
  const args = parseArgs(['soak', '--minutes', '60', '--profile', 'fast', '--two-nodes', '--load', '--db-size', '1GB']);
  expect([args.soak, args.minutes, args.load, args.dbBytes]).toEqual([true, 60, true, 1024 ** 3]);
  expect(args.settings).toEqual({ profile: 'fast', twoNodes: true });
});

it('reports the keys that other programs read', () => {
  const run = {
    failoverMs: 5000,
    recoverMs: 9000,
    writesAcknowledged: 10,
    writesLost: 0,
    messagesSent: 20,
    messagesLost: 0,
    messagesDoubled: 0,
    twoMastersMs: 0,
    ok: true,
    why: '',
    recoverMethod: 'rewind',
    recoverGapMs: 40,
  };
  const report = scenarioReport({ name: '1-power-off-master', pattern: 'Master power off', why: 'x' }, [
    run,
    { ...run, failoverMs: null, ok: false, why: 'x' },
  ]);
  expect(report.summary).toEqual({
    failoverMs: { p50: 5000, p95: 5000, max: 5000 },
    recoverMs: { p50: 9000, p95: 9000, max: 9000 },
  });
  expect(Object.keys(report)).toEqual(['scenario', 'pattern', 'expect', 'runs', 'summary']);
});

it('makes a markdown table with a row a scenario and names what went wrong', () => {
  const told = { name: '1-power-off-master', pattern: 'Master power off', why: 'the Standby serves' };
  const run = {
    failoverMs: 5000,
    recoverMs: null,
    writesAcknowledged: 1,
    writesLost: 0,
    messagesSent: 2,
    messagesLost: 0,
    messagesDoubled: 0,
  };
  const failed = {
    ...run,
    twoMastersMs: 0,
    ok: false,
    why: 'two | bars',
    recoverMethod: null,
    recoverGapMs: null,
    powerLog: ['5 ms: a: set power 0 → ok (90 ms)'],
  };
  const text = markdown([scenarioReport(told, [failed])]);
  expect(text).toContain('| 1-power-off-master | 1 | 0 | – | 5.00 s |');
  expect(text).toContain('| 1-power-off-master | Master power off | the Standby serves |');
  expect(text).toContain('- `1-power-off-master` run 1: two | bars');
  expect(text).toContain('- `1-power-off-master` run 1, 5 ms: a: set power 0 → ok (90 ms)');
});
