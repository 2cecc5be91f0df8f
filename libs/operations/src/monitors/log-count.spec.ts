import { describe, expect, it } from 'vitest';
import { judge } from './judge.js';
import { type CountedLine, countLines, LineCounter, seenOfTotals } from './log-count.js';
import type { Sample } from './result.js';
import { aMessage, aMonitor, aSample, NOON_MS } from './testing/monitors.js';

const world = { isWithin: (facility: string, target: string) => facility === target, isOpen: () => true };
const LOG = aMonitor({ type: 'syslog', rules: [{ pattern: '.*' }] }, { id: 'log' });
const counting = (check: object = {}, more: object = {}) =>
  aMonitor(
    { type: 'log-count', check: { of: 'log', ...check }, numeric: { info: [0, 3], warning: [3, 5] }, ...more },
    { id: 'count' },
  );
const seen = (original: string, change: Partial<Sample> = {}): Sample => ({
  ...aSample({ kind: 'matched', sub: '1', priority: 'info', message: '', original }),
  ...{ monitor: 'log', origin: 'j:1', ...change },
});
const line = (origin: string, group = '', by: CountedLine['by'] = null): CountedLine => ({
  ...{ monitor: 'count', facility: 'web1', of: 'log', origin, by, group },
});

describe('a line is counted', () => {
  const groups = (check: object, sample = seen('sshd[7]: Failed password'), message = aMessage({ app: 'sshd', severity: 4 })) =>
    new LineCounter([LOG, counting(check)], world).countedIn(sample, message).map(({ group }) => group);

  it.each([
    [{}, ['']],
    [{ words: ['failed'] }, ['']],
    [{ words: ['failed', 'root'] }, []],
    [{ words: ['failed', 'root'], match: 'any' }, ['']],
    [{ groupBy: 'app' }, ['sshd']],
    [{ groupBy: 'severity' }, ['warning']],
    [{ groupBy: 'facility' }, ['-']],
    [{ groupBy: 'host' }, ['-']],
  ])('by %j: %j', (check, expected) => expect(groups(check)).toEqual(expected));

  it('when the monitor whose lines they are has seen it, at a node that is counted, while its calendar is open', () => {
    expect(groups({}, seen('x', { monitor: 'another' }))).toEqual([]);
    expect(groups({}, seen('x', { facility: 'web2' }))).toEqual([]);
    const closed = new LineCounter([LOG, counting()], { ...world, isOpen: () => false });
    expect(closed.countedIn(seen('x'), aMessage())).toEqual([]);
  });

  it('of a file, too, and not of what is asked for', () => {
    const file = aMonitor({ type: 'log-file', check: { directory: '/var/log', file: 'x' }, rules: [] }, { id: 'log' });
    const asked = aMonitor({ type: 'snmp-string', check: { oid: '1.3' }, rules: [] }, { id: 'log' });
    const sample = seen('', { value: { kind: 'text', text: 'it failed' } });
    const counter = (of: typeof file) => new LineCounter([of, counting({ words: ['fail'], groupBy: 'app' })], world);
    expect(counter(file).countedIn(sample, null)).toMatchObject([{ monitor: 'count', of: 'log', group: '-' }]);
    expect(counter(asked).countedIn(sample, null)).toEqual([]);
  });

  it('by nobody who is out of force, or neither judges nor collects', () => {
    const off = [{ ...counting(), enabled: false }, counting({}, { monitor: false, collect: false })];
    expect(new LineCounter([LOG, ...off], world).countedIn(seen('x'), aMessage())).toEqual([]);
  });
});

describe('what was counted', () => {
  it('only grows, group by group, and begins anew when it is grouped otherwise', () => {
    const first = countLines(null, [line('j:1', 'a', 'app'), line('j:2', 'b', 'app'), line('j:3', 'a', 'app')]);
    expect(first).toEqual({
      ...{ began: 'j:1', by: 'app' },
      totals: [
        ['a', 2],
        ['b', 1],
      ],
    });
    expect(countLines(JSON.parse(JSON.stringify(first)), [line('j:4')])).toEqual({ began: 'j:4', by: null, totals: [['', 1]] });
  });

  it('has a hundred groups and one for all others', () => {
    const lines = Array.from({ length: 150 }, (_, at) => line(`j:${at}`, `app${at}`, 'app'));
    const totals = countLines(null, [...lines, line('j:200', 'app3', 'app')])!.totals;
    expect(totals).toHaveLength(101);
    expect(totals.find(([group]) => group === 'app3')).toEqual(['app3', 2]);
    expect(totals.at(-1)).toEqual(['(others)', 50]);
  });

  it('is nothing, when nothing that can be read was stored', () => {
    for (const stored of [null, 7, 'x', {}, { began: 1, by: null, totals: [] }]) expect(countLines(stored, [])).toBeNull();
  });
});

describe('a look', () => {
  const monitor = counting();
  const looks = (stored: readonly (object | null)[]) => {
    let state: unknown = null;
    return stored.map((totals, at) => {
      const { value } = seenOfTotals(totals, null)[0]!;
      const judged = judge(monitor, aSample(value, NOON_MS + at * 60_000), JSON.parse(JSON.stringify(state)));
      state = judged.state;
      return [judged.results[0]?.priority, judged.results[0]?.message];
    });
  };
  const total = (lines: number, began = 'j:1') => ({ began, by: null, totals: [['', lines]] });

  it('says how many came since the one before, and nothing came is 0', () =>
    expect(looks([null, total(2), total(2), total(6), total(11)])).toEqual([
      ['info', 'Lines: 0'],
      ['info', 'Lines: 2'],
      ['info', 'Lines: 0'],
      ['warning', 'Lines: 4'],
      ['critical', 'Lines: 5'],
    ]));

  it('says all that came when somebody counted anew', () =>
    expect(looks([total(4), total(5, 'j:9')]).map(([, message]) => message)).toEqual(['Lines: 4', 'Lines: 5']));

  it('that fails leaves what came for the next one', () => {
    const first = judge(monitor, aSample({ kind: 'counted', began: 'j:1', total: 4 }), null);
    const failed = judge(monitor, aSample({ kind: 'failure', why: 'the database is away' }, NOON_MS + 1), first.state);
    const next = judge(monitor, aSample({ kind: 'counted', began: 'j:1', total: 6 }, NOON_MS + 2), failed.state);
    expect([failed, next].map(({ results }) => results[0]?.message)).toEqual(['Lines: the database is away', 'Lines: 2']);
  });

  it('remembers nothing new when nothing came', () => {
    const { state } = judge(monitor, aSample({ kind: 'counted', began: 'j:1', total: 4 }), null);
    expect(judge(monitor, aSample({ kind: 'counted', began: 'j:1', total: 4 }, NOON_MS + 1), state).state).toBe(state);
  });

  it('has an item for each group that was ever there', () => {
    const totals = countLines(null, [line('j:1', 'a', 'app'), line('j:2', 'b', 'app')]);
    expect(seenOfTotals(totals, 'app')).toEqual([
      { item: 'a', value: { kind: 'counted', began: 'j:1', total: 1 } },
      { item: 'b', value: { kind: 'counted', began: 'j:1', total: 1 } },
    ]);
    expect(seenOfTotals(totals, 'host')).toEqual([]);
  });
});
