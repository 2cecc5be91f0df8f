import { type JobTriggerOf, parseSetting, type RunParameter } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { NEVER, type Pattern } from '../../monitors/patterns.js';
import { firesBetween, nextFire } from './fires.js';
import { type FileSeen, fileCheckOutcome, isLinkMeant, linkVariables } from './matching.js';
import { variablesGiven } from './parameters.js';
import { planOf } from './plan.js';
import { premadeChanges } from './premade.js';
import { nextSessionId, partsOfSessionId, sessionStamp } from './session-id.js';

const HOUR = 3_600_000;

function bodyOf<Body>(body: Record<string, unknown>): Body {
  const parsed = parseSetting({ kind: 'job-trigger', id: 't', body: { unit: 'night', ...body } });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.mistakes));
  return parsed.setting.body as Body;
}
const schedule = (of: Record<string, unknown>, timeZone = 'Europe/Berlin', change: Record<string, unknown> = {}) =>
  bodyOf<JobTriggerOf<'schedule'>>({ type: 'schedule', timeZone, schedule: of, ...change });
const mistakesOf = (expression: string) => {
  const body = { type: 'schedule', unit: 'u', timeZone: 'UTC', schedule: { kind: 'cron', expression } };
  const parsed = parseSetting({ kind: 'job-trigger', id: 't', body });
  return parsed.ok ? [] : parsed.mistakes.map(({ place, allowed }) => `${place}: ${allowed}`);
};
const utc = (times: readonly number[]) => times.map((ms) => new Date(ms).toISOString().slice(5, 16));
const between = (body: JobTriggerOf<'schedule'>, from: string, to: string) =>
  utc(firesBetween(body, Date.parse(`${from}Z`), Date.parse(`${to}Z`)));

describe('a schedule, when the clock of its zone jumps from 02:00 to 03:00', () => {
  const [from, to] = ['2026-03-28T23:00', '2026-03-29T03:00'];
  it.each([
    ['is due at the jump for a time that is left out', { kind: 'daily', at: '02:30' }, ['03-29T01:00']],
    ['does so from the day before, too', { kind: 'daily', at: '26:30' }, ['03-29T01:00']],
    ['is due once where two times come to the jump', { kind: 'cron', expression: '15,45 2 * * *' }, ['03-29T01:00']],
    ['counts minutes', { kind: 'interval', minutes: 120 }, ['03-29T01:00', '03-29T03:00']],
    [
      'goes by the clock where it is due in every hour',
      { kind: 'hourly', fromMinute: 30, everyMinutes: 60 },
      ['03-28T23:30', '03-29T00:30', '03-29T01:30', '03-29T02:30'],
    ],
  ])('%s', (_, of, expected) => expect(between(schedule(of), from, to)).toEqual(expected));
});

describe('a schedule, when the clock of its zone is put back from 03:00 to 02:00', () => {
  const [from, to] = ['2026-10-24T23:30', '2026-10-25T02:30'];
  it.each([
    ['is due the first time only for a time of day', { kind: 'daily', at: '02:30' }, ['10-25T00:30']],
    ['likewise by cron that leaves out some hours', { kind: 'cron', expression: '0 1-4 * * *' }, ['10-25T00:00', '10-25T02:00']],
    [
      'is due both times where it is due in every hour',
      { kind: 'cron', expression: '0 * * * *' },
      ['10-25T00:00', '10-25T01:00', '10-25T02:00'],
    ],
  ])('%s', (_, of, expected) => expect(between(schedule(of), from, to)).toEqual(expected));
});

describe('cron', () => {
  const next = (expression: string, after: string) => {
    const found = nextFire(schedule({ kind: 'cron', expression }, 'UTC'), Date.parse(`${after}Z`));
    return found === null ? null : new Date(found).toISOString().slice(0, 16);
  };
  it.each([
    ['0 0 L * *', '2026-02-01T00:00', '2026-02-28T00:00'],
    ['0 0 L-1 * *', '2028-02-01T00:00', '2028-02-28T00:00'],
    ['0 9 * * fri#2', '2026-11-01T00:00', '2026-11-13T09:00'],
    ['0 9 * * friL', '2026-11-01T00:00', '2026-11-27T09:00'],
    ['0 0 13 * fri', '2026-11-01T00:00', '2026-11-06T00:00'],
    ['0 0 29 feb *', '2096-03-01T00:00', '2104-02-29T00:00'],
    ['*/20 8-10/2 * JAN-MAR Mon-Fri', '2026-11-01T00:00', '2027-01-01T08:00'],
    ['0 0 * * 7', '2026-11-22T00:00', '2026-11-29T00:00'],
    ['@monthly', '2026-11-22T00:00', '2026-12-01T00:00'],
  ])('%s after %s is %s', (expression, after, expected) => expect(next(expression, after)).toBe(expected));

  it.each([
    ['61 * * * *', 'minute "61": allowed is 0 to 59'],
    ['0 24 * * *', 'hour "24": allowed is 0 to 23'],
    ['0 0 32 * *', 'day of the month "32": allowed is 1 to 31'],
    ['0 0 * foo *', 'month "foo": allowed is 1 to 12, jan to dec'],
    ['0 0 * * fri#6', 'weekday "fri#6"'],
    ['0 0 * * sat-mon', 'a range whose end is not before its beginning'],
    ['5/10 * * * *', 'a range or * before a step, such as 5-59/10'],
    ['*/90 * * * *', 'a step of 1 to 59: steps begin anew with each hour'],
    ['0 0 * *', '"4 fields": allowed is 5 fields'],
    ['0 0 31 feb,apr *', '"31 feb,apr": allowed is a day that one of these months has'],
    ['@reboot', 'nickname "@reboot"'],
  ])('%s is a mistake that names its field', (expression, says) =>
    expect(mistakesOf(expression)).toEqual([expect.stringContaining(says)]),
  );
  it('names all mistakes, at the place of the expression', () => {
    expect(mistakesOf('60 25 * * *')).toHaveLength(2);
    expect(mistakesOf('60 25 * * *')[0]).toMatch(/^body\.schedule\.expression: minute "60"/);
  });
});

it('a time of day beyond 48:00, or before 00:00, is a mistake', () => {
  for (const time of ['48:01', '-01:00']) expect(() => schedule({ kind: 'daily', at: time })).toThrow(/48:00/);
  expect(
    between(schedule({ kind: 'weekly', weekdays: ['mon'], at: '48:00' }, 'UTC'), '2026-11-22T00:00', '2026-11-29T00:00'),
  ).toEqual(['11-25T00:00']);
});

it('a calendar takes runs out; the next one is found behind them', () => {
  const daily = schedule({ kind: 'daily', at: '09:00' }, 'UTC', { calendar: 'open-from-25' });
  const isOpen = (_: string | null, ms: number) => ms >= Date.parse('2026-11-25T00:00Z');
  expect(nextFire(daily, Date.parse('2026-11-22T00:00Z'), isOpen)).toBe(Date.parse('2026-11-25T09:00Z'));
  expect(nextFire(daily, 0, () => false)).toBeNull();
});

describe('ids of sessions', () => {
  it('are the time on the unit’s clock, and a number', () => {
    expect(nextSessionId(Date.parse('2026-11-22T00:30:05Z'), 'Asia/Tokyo', () => null)).toBe('20261122093005-000');
    expect(nextSessionId(Date.parse('2026-11-22T00:30:05Z'), 'Asia/Tokyo', () => 999)).toBe('20261122093005-1000');
    expect(partsOfSessionId('20261122093005-1000')).toEqual({ stamp: '20261122093005', number: 1_000 });
    for (const other of ['', '20261122093005', 'x-000', '20261122093005-00']) expect(partsOfSessionId(other)).toBeNull();
  });
  it('share their stamps in the hour that comes twice', () =>
    expect(
      new Set(['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z'].map((at) => sessionStamp(Date.parse(at), 'Europe/Berlin'))).size,
    ).toBe(1));
});

describe('sessions made beforehand', () => {
  const hourly = { ...schedule({ kind: 'hourly', fromMinute: 0, everyMinutes: 60 }, 'UTC'), premakeHours: 3, isEnabled: true };
  const now = Date.parse('2026-11-22T00:30Z');
  const hour = (number: number) => Date.parse('2026-11-22T00:00Z') + number * HOUR;
  const premade = (number: number, isTouched = false) => ({ session: `s${number}`, dueMs: hour(number), isTouched });
  it('are made for as many hours as are said, each once', () => {
    expect(premadeChanges(hourly, [], now, () => true)).toEqual({ make: [hour(1), hour(2), hour(3)], remove: [], stray: [] });
    expect(premadeChanges(hourly, [premade(1), premade(2)], now, () => true).make).toEqual([hour(3)]);
  });
  it('go when their schedule is another one; those that somebody touched stay', () => {
    const there = [premade(0), premade(1), premade(2, true)];
    const none = { ...hourly, isEnabled: false };
    expect(premadeChanges(none, there, now, () => true)).toEqual({ make: [], remove: [premade(1)], stray: [premade(2, true)] });
  });
});

it('a plan has the runs of all enabled schedules in order, and says when there are more', () => {
  const units = new Map([
    ['night', { enabled: true }],
    ['off', { enabled: false }],
  ]);
  const line = (id: string, at: string, change: Record<string, unknown> = {}, enabled = true) => ({
    ...{ id, enabled, body: schedule({ kind: 'daily', at }, 'UTC', change) },
  });
  const triggers = [
    line('b', '02:00'),
    line('a', '02:00'),
    line('early', '01:00'),
    line('off', '01:00', {}, false),
    line('x', '01:00', { unit: 'off' }),
  ];
  const [from, to] = [Date.parse('2026-11-22T00:00Z'), Date.parse('2026-11-23T12:00Z')];
  const { runs, isMore } = planOf(units, triggers, from, to, { most: 4 });
  expect(runs.map(({ trigger, atMs }) => `${trigger} ${new Date(atMs).toISOString().slice(8, 16)}`)).toEqual([
    'early 22T01:00',
    'a 22T02:00',
    'b 22T02:00',
    'early 23T01:00',
  ]);
  expect(isMore).toBe(true);
  expect(planOf(units, triggers, from, to)).toMatchObject({ isMore: false, runs: { length: 6 } });
});

describe('what was seen of a file', () => {
  const name: Pattern = { test: (text) => text.endsWith('.csv'), groups: () => null };
  const body = (change: Record<string, unknown> = {}) =>
    bodyOf<JobTriggerOf<'file-check'>>({
      type: 'file-check',
      facility: 'web1',
      file: { directory: '/in', name: '.*csv' },
      ...change,
    });
  const seen: FileSeen = {
    ...{
      kind: 'file',
      task: 'trigger/t',
      atMs: 1,
      directory: '/in',
      name: 'a.csv',
      change: 'created',
      sizeBytes: 12,
      modifiedAtMs: 0,
    },
  };
  const outcome = (change: Record<string, unknown>, isOpen: boolean, one = seen, pattern = name) =>
    fileCheckOutcome(body(change), pattern, 'web1', one, 5, () => isOpen);
  it('begins a session that knows which it was', () =>
    expect(outcome({}, true)).toMatchObject({
      kind: 'begin',
      variables: { FILENAME: 'a.csv', DIRECTORY: '/in', FILESIZE: '12', FTIMESTAMP: '1970-01-01T00:00:00.000Z' },
    }));
  it('is nothing while the calendar is closed, or is carried over', () =>
    expect([outcome({}, false).kind, outcome({ carryOver: true }, false).kind]).toEqual(['closed', 'carry']));
  it('of something else is not it: the setting may be another one by now', () => {
    for (const other of [{ directory: '/out' }, { name: 'a.txt' }, { change: 'deleted' as const }])
      expect(outcome({}, true, { ...seen, ...other }).kind, JSON.stringify(other)).toBe('not-it');
    expect(outcome({}, true, seen, NEVER).kind).toBe('not-it');
  });
});

describe('a link message', () => {
  const said = {
    messageId: 'done',
    message: 'all went well',
    priority: 'info' as const,
    values: { branch: '7', 'no name': 'x' },
  };
  const rule = { messageId: 'done', priorities: ['info' as const], values: { branch: '7' } };
  const well: Pattern = { test: (text) => text.includes('well'), groups: () => null };
  it('is meant where id, priority, values and pattern fit', () => {
    expect(isLinkMeant(rule, well, said)).toBe(true);
    expect(isLinkMeant(rule, null, said)).toBe(true);
    expect(isLinkMeant(rule, NEVER, said)).toBe(false);
    for (const change of [
      { messageId: 'other' },
      { priorities: ['critical' as const] },
      { values: { branch: '8' } },
      { values: { toString: '' } },
    ])
      expect(isLinkMeant({ ...rule, ...change }, null, said), JSON.stringify(change)).toBe(false);
  });
  it('gives its values to the session where their keys are names', () =>
    expect(linkVariables(said)).toEqual({ branch: '7', MESSAGE_ID: 'done', MESSAGE: 'all went well', PRIORITY: 'info' }));
});

describe('parameters of a run', () => {
  const parameters: Record<string, RunParameter> = {
    DAY: { kind: 'input', label: 'day', value: '', required: true },
    MODE: {
      kind: 'choice',
      label: '',
      choices: [
        { value: 'full', label: '' },
        { value: 'part', label: '' },
      ],
      value: 'part',
      required: false,
    },
    HOST: { kind: 'fixed', value: 'db1' },
  };
  it('become variables, with what is usual where nothing is said', () =>
    expect(variablesGiven(parameters, { DAY: 'mon' }, true)).toEqual({
      ok: true,
      variables: { DAY: 'mon', MODE: 'part', HOST: 'db1' },
    }));
  it.each([
    [{}, 'parameters.DAY', '""'],
    [{ DAY: '' }, 'parameters.DAY', '""'],
    [{ DAY: 'mon', MODE: 'most' }, 'parameters.MODE', '"most"'],
    [{ DAY: 'mon', HOST: 'db2' }, 'parameters.HOST', '"db2"'],
    [{ DAY: 'mon', toString: 'x' }, 'parameters.toString', '"x"'],
  ])('%j is refused at its place', (given, place, found) => {
    const answer = variablesGiven(parameters, given as Record<string, string>, true);
    expect(answer.ok ? [] : answer.mistakes.map((each) => [each.place, each.found])).toEqual([[place, found]]);
  });
  it('that nobody is there to give stay empty', () =>
    expect(variablesGiven(parameters, {}, false)).toMatchObject({ ok: true, variables: { DAY: '' } }));
});
