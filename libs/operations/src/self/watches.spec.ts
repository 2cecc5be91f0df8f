import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { internalLine, internalPayload, internalTold, isAtLeast } from './line.js';
import { alarmItem, BEHIND_NONE, behindStep, RECENT_MS, RECENT_NONE, recentStep } from './recent.js';
import { amount } from './sentences.js';
import { type Observation, SELF_BEGIN, selfStep } from './step.js';
import { BAD_LEVELS, metricOf, runbookOf } from './watch.js';
import { limitsInWords, WATCHES } from './watches.js';

const MANUAL = readFileSync(join(import.meta.dirname, '../../../../docs/operations.md'), 'utf8');

describe('the table of what is watched', () => {
  it('has each id and each metric once', () => {
    expect(new Set(WATCHES.map(({ id }) => id)).size).toBe(WATCHES.length);
    expect(new Set(WATCHES.map(metricOf)).size).toBe(WATCHES.length);
    for (const each of WATCHES) expect(metricOf(each)).toMatch(/^yosugara_self_[a-z]+(_[a-z]+)*$/);
  });
  it.each(WATCHES.map((each) => [each.id, each] as const))('%s has limits that get worse, and a sentence for each', (_, each) => {
    const limits = BAD_LEVELS.flatMap((level) => each.limits[level] ?? []);
    if (each.id !== 'database-size') expect(limits.length).toBeGreaterThan(0);
    const sorted = [...limits].sort((one, two) => (each.worse === 'above' ? one - two : two - one));
    expect(limits).toEqual(sorted);
    expect(each.by).toBeGreaterThanOrEqual(0);
    for (const limit of [...limits, 4_711])
      for (const note of ['', 'what is known']) expect(each.say(limit, 'some thing', note)).toMatch(/^\S.*[^.\s]$/);
    expect(each.over('some thing')).toMatch(/^\S.*[^.\s]$/);
  });
  it('is the one in the manual, each line with its limits, how long, and what to do', () => {
    for (const each of WATCHES) {
      const line = MANUAL.split('\n').find((one) => one.includes(`<a id="self-${each.id}"></a>`));
      expect(line, runbookOf(each.id)).toBeDefined();
      const cells = line!.split('|').map((cell) => cell.trim());
      expect(cells.slice(1, -1)).toEqual([
        `<a id="self-${each.id}"></a>\`${each.id}\``,
        each.what,
        limitsInWords(each),
        `${each.afterMs === 0 ? 'at once' : amount(each.afterMs / 1_000, 'seconds')}${each.clearMs === undefined ? '' : `, over: ${amount(each.clearMs / 1_000, 'seconds')}`}`,
        each.todo,
      ]);
    }
  });
  it('tells of a certificate 60, 30 and 7 days before its end', () => {
    const left = (days: number): Observation => ({
      ...{ node: 'a', monotonicMs: 0, wallMs: 0 },
      seen: new Map([['certificate-end', [{ item: 'tls.crt', value: days * 86_400 }]]]),
    });
    const priorities = (days: number) =>
      selfStep({ watches: WATCHES }, SELF_BEGIN, left(days)).results.map(({ priority, message }) => `${priority}: ${message}`);
    expect(priorities(60.1)).toEqual([]);
    expect(priorities(59.5)).toEqual(['info: a: the certificate tls.crt ends in 59 days']);
    expect(priorities(30)).toEqual(['warning: a: the certificate tls.crt ends in 30 days']);
    expect(priorities(7)).toEqual(['critical: a: the certificate tls.crt ends in 7 days']);
    expect(priorities(-3)).toEqual(['critical: a: the certificate tls.crt ended 3 days ago']);
  });
});

describe('a counter', () => {
  const increases = (points: readonly (readonly [number, number])[]) => {
    let state = RECENT_NONE;
    return points.map(([atMs, value]) => {
      const step = recentStep(state, atMs, value);
      state = step.state;
      return step.increase;
    });
  };
  it('counts from its second look on: nobody knows how old the first value is', () =>
    expect(
      increases([
        [0, 500],
        [5_000, 500],
        [10_000, 503],
      ]),
    ).toEqual([0, 0, 3]));
  it('counts all of itself when it began anew', () =>
    expect(
      increases([
        [0, 500],
        [5_000, 2],
      ]),
    ).toEqual([0, 2]));
  it('forgets what is older than five minutes', () =>
    expect(
      increases([
        [0, 0],
        [5_000, 7],
        [RECENT_MS + 4_999, 7],
        [RECENT_MS + 5_000, 7],
      ]),
    ).toEqual([0, 7, 7, 0]));
});

describe('what is behind', () => {
  it('is as old as it can be: since nothing was left, or since what came after the newest that is done', () => {
    let state = BEHIND_NONE;
    const at = (nowMs: number, waiting: number, doneThroughMs: number | null) => {
      const step = behindStep(state, nowMs, waiting, doneThroughMs);
      state = step.state;
      return step.ageMs;
    };
    expect(at(1_000, 0, null)).toBe(0);
    expect(at(2_000, 5, 500)).toBe(0);
    // Much comes, much is done: never empty, and never behind.
    expect(at(9_000, 5, 8_900)).toBe(100);
    // Stuck.
    expect(at(60_000, 5, 8_900)).toBe(51_100);
    // The clock of what is done may be ahead.
    expect(at(61_000, 5, 70_000)).toBe(0);
    expect(at(62_000, 0, 61_900)).toBe(0);
    expect(at(63_000, 1, null)).toBe(0);
  });
});

it('an alarm is the same one while only its numbers change', () => {
  const item = (text: string) => alarmItem('DISK_HIGH', text);
  expect(item('the data volume of db1 has 12 GiB of 90 GiB left')).toBe(item('the data volume of db1 has 9 GiB of 90 GiB left'));
  expect(item('the data volume of db1 has 12 GiB left')).not.toBe(item('the data volume of db2 has 12 GiB left'));
  expect(item('paused until 2026-11-21 10:00:00')).toBe(item('paused until 2026-11-22 09:30:01'));
});

it('a line of the file is one JSON document; one of syslog has a severity by priority', () => {
  const { results } = selfStep({ watches: WATCHES }, SELF_BEGIN, {
    ...{
      node: 'a',
      monotonicMs: 0,
      wallMs: 1_000,
      seen: new Map([['fence-device', [{ item: 'b', value: 1, note: 'no\nroute' }]]]),
    },
  });
  const line = internalLine(results[0]!, 'a');
  expect(line).not.toContain('\n');
  expect(JSON.parse(line)).toMatchObject({
    at: '1970-01-01T00:00:01.000Z',
    node: 'a',
    priority: 'critical',
    what: 'fence-device',
  });
  const target = {
    host: '192.0.2.1',
    port: 514,
    transport: 'udp',
    facility: 3,
    tls: { ca: null, serverName: null },
    timeoutMs: 1,
  } as const;
  expect(internalPayload(results[0]!, target)).toMatchObject({
    severity: 2,
    message: expect.stringContaining('power device of b'),
  });
  expect(internalTold(results[0]!).id).toBe(`${results[0]!.id}/INTERNAL`);
  expect(['critical', 'unknown', 'warning', 'info'].map((each) => isAtLeast(each as 'info', 'warning'))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});
