import { type JobTriggerOf, type LatePolicy, parseSetting } from '@yosugara/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ALWAYS_OPEN, firesBetween } from './fires.js';
import { decideRuns, lateOutcome, MOST_LATE_RUNS, ON_TIME_MS, type RunDecision } from './late.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const at = (text: string) => Date.parse(`2026-11-22T${text}Z`);

function trigger(change: Record<string, unknown> = {}) {
  const body = { type: 'schedule', unit: 'night', timeZone: 'UTC', schedule: { kind: 'daily', at: '03:00' }, ...change };
  const parsed = parseSetting({ kind: 'job-trigger', id: 'nightly', body });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return { id: 'nightly', body: parsed.setting.body as JobTriggerOf<'schedule'>, notifications: ['ops'] };
}
const said = (decisions: readonly RunDecision[]) =>
  decisions.map((each) =>
    each.kind === 'drop'
      ? `drop ${each.reason} ${each.count}`
      : `${each.kind} ${new Date(each.dueMs).toISOString().slice(11, 16)}`,
  );
const decide = (change: Record<string, unknown>, decided: string, now: string) =>
  said(decideRuns(trigger(change), at(decided), at(now), ALWAYS_OPEN));
const everyMinute = { schedule: { kind: 'hourly', fromMinute: 0, everyMinutes: 1 } };

describe('what becomes of a run', () => {
  it.each<[LatePolicy, number, string]>([
    ['run', 0, 'on-time'],
    ['skip', ON_TIME_MS, 'on-time'],
    ['skip', ON_TIME_MS + 1, 'drop'],
    ['run', ON_TIME_MS + 1, 'late'],
    ['run', HOUR, 'late'],
    ['run', HOUR + 1, 'drop'],
    ['run-each', HOUR, 'late'],
    ['ask', HOUR, 'ask'],
    ['ask', HOUR + 1, 'drop'],
  ])('with policy %s, %d ms late: %s', (late, lateMs, kind) =>
    expect(lateOutcome({ late, lateUpToMinutes: 60 }, at('03:00'), at('03:00') + lateMs).kind).toBe(kind),
  );
});

describe('runs that were due while nobody served', () => {
  it('begin when it is their time, once, whenever somebody looks', () => {
    expect(decide({}, '02:59', '03:00')).toEqual(['begin 03:00']);
    expect(decide({}, '03:00', '04:00')).toEqual([]);
    expect(decide({ late: 'skip' }, '02:59', '03:01')).toEqual(['begin 03:00']);
  });
  it('begin late, once for all; of the others an event says that one stands for them', () => {
    expect(decide({}, '00:00', '03:40')).toEqual(['begin 03:00']);
    expect(decide(everyMinute, '03:00', '03:10')).toEqual(['drop collapsed 8', 'begin 03:09', 'begin 03:10']);
    const every10 = { schedule: { kind: 'hourly', fromMinute: 0, everyMinutes: 10 } };
    expect(decide(every10, '03:00', '03:35')).toEqual(['drop collapsed 2', 'begin 03:30']);
  });
  it('begin each', () =>
    expect(decide({ ...everyMinute, late: 'run-each' }, '03:00', '03:03')).toEqual([
      'begin 03:01',
      'begin 03:02',
      'begin 03:03',
    ]));
  it('are skipped, and said', () =>
    expect(decide({ ...everyMinute, late: 'skip' }, '03:00', '03:05')).toEqual(['drop skip 3', 'begin 03:04', 'begin 03:05']));
  it('wait for somebody', () =>
    expect(decide({ ...everyMinute, late: 'ask' }, '03:00', '03:03')).toEqual(['ask 03:01', 'begin 03:02', 'begin 03:03']));
  it('are dropped beyond the bound whatever the policy says, and said', () => {
    for (const late of ['run', 'run-each', 'ask'])
      expect(decide({ late, lateUpToMinutes: 30 }, '02:00', '03:31'), late).toEqual(['drop bound 1']);
  });
  it('of which there are too many are dropped but for the newest', () => {
    const many = { ...everyMinute, late: 'run-each', lateUpToMinutes: 43_200 };
    const decisions = decideRuns(trigger(many), at('00:00'), at('00:00') + 1_500 * MINUTE, ALWAYS_OPEN);
    expect(said(decisions)[0]).toBe(`drop too-many ${1_500 - MOST_LATE_RUNS - 2}`);
    expect(decisions).toHaveLength(1 + MOST_LATE_RUNS + 2);
  });
  it('and whose calendar was closed are none', () =>
    expect(decideRuns(trigger({ calendar: 'weekdays' }), at('00:00'), at('04:00'), () => false)).toEqual([]));
});

describe('the event of runs that were dropped', () => {
  const dropped = (decided: string, now: string) => {
    const found = decideRuns(trigger({ ...everyMinute, late: 'skip' }), at(decided), at(now), ALWAYS_OPEN)[0];
    if (found?.kind !== 'drop') throw new Error('nothing was dropped');
    return found.result;
  };
  it('has an id of the trigger, the reason and the first of them, whoever decides and whenever', () => {
    expect(dropped('03:00', '03:05').id).toBe(`JOB/night/nightly/dropped/skip:${at('03:01')}`);
    expect(dropped('03:00', '03:09').id).toBe(dropped('03:00', '03:05').id);
  });
  it('says what, when and why, to whoever is told of the unit', () => {
    expect(dropped('03:00', '03:05')).toMatchObject({ trigger: 'job', priority: 'warning', notifications: ['ops'] });
    expect(dropped('03:00', '03:05').message).toBe(
      '3 runs of job unit night by schedule nightly were dropped: they were due from 2026-11-22T03:01:00.000Z to ' +
        '2026-11-22T03:03:00.000Z, and no manager served then; its late policy is skip.',
    );
  });
});

it('no run is lost and none comes twice, however often and irregularly somebody looks', () => {
  const policy = fc.constantFrom<LatePolicy>('run', 'run-each', 'skip', 'ask');
  const gaps = fc.array(fc.integer({ min: 1, max: 90 * MINUTE }), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(policy, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 120 }), gaps, (late, every, bound, all) => {
      const one = trigger({
        ...{ late, lateUpToMinutes: bound },
        schedule: { kind: 'hourly', fromMinute: 0, everyMinutes: every },
      });
      const begun: number[] = [];
      let count = 0;
      let decidedMs = at('00:00');
      for (const gap of all) {
        const nowMs = decidedMs + gap;
        for (const each of decideRuns(one, decidedMs, nowMs, ALWAYS_OPEN)) {
          count += each.kind === 'drop' ? each.count : 1;
          if (each.kind !== 'drop') begun.push(each.dueMs);
        }
        decidedMs = nowMs;
      }
      const due = firesBetween(one.body, at('00:00'), decidedMs);
      expect(count).toBe(due.length);
      expect([...new Set(begun)].sort((x, y) => x - y)).toEqual(begun);
      expect(begun.every((ms) => due.includes(ms))).toBe(true);
    }),
    { numRuns: 100 },
  );
});
