import { describe, expect, it } from 'vitest';
import { parseArgs } from './args.js';
import { scenarioReport } from './report.js';
import { SCENARIOS } from './scenarios/index.js';
import { variantOf } from './scenarios/types.js';

describe('the lab’s command line', () => {
  it('takes scenarios by name or number, once by default', () => {
    const args = parseArgs(['1-power-off-master', '12']);
    expect(args.scenarios.map((scenario) => scenario.name)).toEqual(['1-power-off-master', '12-power-off-standby']);
    expect([args.runs, args.from, args.json, args.resume]).toEqual([1, 1, false, false]);
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
