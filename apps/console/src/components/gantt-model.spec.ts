import type { JobInSession, JobPlan, JobSessionRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import {
  type GanttData,
  heldBy,
  LEAST_SPAN_MS,
  MOST_SPAN_MS,
  packed,
  panned,
  placeOf,
  rowsOf,
  shiftAt,
  sparse,
  ticksOf,
  usualMs,
  zoomed,
} from './gantt-model.js';

const at = (hour: number, minute = 0) => new Date(2026, 10, 22, hour, minute).getTime();
const iso = (hour: number, minute = 0) => new Date(at(hour, minute)).toISOString();
const NOW = at(3);
const session = (id: string, more: Partial<JobSessionRow> = {}): JobSessionRow => ({
  ...{
    id,
    unit: 'night',
    revision: 1,
    root: null,
    trigger: { type: 'schedule', id: 'nightly', info: '' },
    ownerRole: 'operator',
  },
  ...{ scheduledAt: iso(1), startedAt: iso(1), endedAt: iso(2), state: 'ended', endStatus: 'normal', endValue: 0, isTest: false },
  ...more,
});
const run = (hour: number, more: Partial<JobPlan['runs'][number]> = {}): JobPlan['runs'][number] => ({
  ...{
    at: iso(hour),
    trigger: 'nightly',
    unit: 'night',
    unitName: 'Night',
    job: null,
    timeZone: 'UTC',
    session: null,
    state: null,
  },
  ...more,
});
const job = (id: string, more: Partial<JobInSession> = {}): JobInSession => ({
  ...{ job: id, name: '', type: 'command', parent: '', depth: 1, state: 'ended', endStatus: 'normal', endValue: 0, attempt: 1 },
  ...{ startedAt: iso(1), endedAt: iso(2), why: '', notBefore: null, waitsFor: [], queue: null, nodes: {}, operations: [] },
  ...more,
});
const rows = (data: Partial<GanttData>, ...open: readonly string[]) =>
  rowsOf({ sessions: [], plan: [], jobs: new Map(), nowMs: NOW, ...data }, new Set(open));
const barOf = (more: Partial<JobSessionRow>) => rows({ sessions: [session('s', more)] })[0]!.bars[0]!;

describe('the span', () => {
  const span = { fromMs: at(0), toMs: at(8) };
  it('is zoomed around what lies under the pointer', () => {
    expect(zoomed(span, 0.5, at(2))).toEqual({ fromMs: at(1), toMs: at(5) });
    expect(zoomed(zoomed(span, 0.5, at(2)), 2, at(2))).toEqual(span);
  });
  it('is neither too short nor too long to be of use', () => {
    const short = zoomed(span, 0, at(1));
    const long = zoomed(span, 1e9, at(1));
    expect([short.toMs - short.fromMs, long.toMs - long.fromMs]).toEqual([LEAST_SPAN_MS, MOST_SPAN_MS]);
  });
  it('is moved by a share of itself', () => expect(panned(span, 0.5)).toEqual({ fromMs: at(4), toMs: at(12) }));
  it.each([
    [3, at(-7), at(9)],
    [7, at(-7), at(9)],
    [8, at(7), at(19)],
    [17, at(7), at(19)],
    [18, at(17), at(33)],
  ])('at %d:00 is the night or the day that it is, with an hour around it', (hour, fromMs, toMs) => {
    expect(shiftAt(at(hour))).toEqual({ fromMs, toMs });
    expect(shiftAt(at(hour, 59))).toEqual({ fromMs, toMs });
  });
  it('keeps what is now in its place when it is zoomed, and its middle where now is not to be seen', () => {
    expect(heldBy(span, at(1))).toBe(at(1));
    expect(heldBy(span, at(30))).toBe((span.fromMs + span.toMs) / 2);
  });
});

describe('ticks', () => {
  it('are round times, as many as there is room for', () => {
    expect(ticksOf({ fromMs: at(0, 10), toMs: at(4, 10) }, 5).map(({ atMs }) => atMs)).toEqual([at(1), at(2), at(3), at(4)]);
    expect(ticksOf({ fromMs: at(0, 10), toMs: at(0, 20) }, 3).map(({ atMs }) => atMs)).toEqual([at(0, 10), at(0, 15), at(0, 20)]);
  });
  it('mark days', () =>
    expect(ticksOf({ fromMs: at(20), toMs: at(27) }, 8).filter(({ isDay }) => isDay)).toEqual([{ atMs: at(24), isDay: true }]));
  it('of any span are at most so many', () => {
    for (let minutes = 5; minutes <= 31 * 1_440; minutes = Math.ceil(minutes * 1.7))
      expect(ticksOf({ fromMs: at(0, 3), toMs: at(0, 3 + minutes) }, 8).length, `${minutes} min`).toBeLessThanOrEqual(10);
  });
});

describe('a session', () => {
  it('that ended lies where it ran', () =>
    expect(barOf({})).toMatchObject({
      fromMs: at(1),
      toMs: at(2),
      isPlanned: false,
      isRunning: false,
      tone: 'good',
      lateMs: null,
    }));
  it('that runs goes up to now', () =>
    expect(barOf({ endedAt: null, state: 'running', endStatus: null })).toMatchObject({
      toMs: NOW,
      isRunning: true,
      tone: 'busy',
    }));
  it.each([
    [0, null],
    [1, null],
    [2, 120_000],
  ])('that began %d min after its time is late by %s ms', (minute, lateMs) =>
    expect(barOf({ startedAt: iso(1, minute) }).lateMs).toBe(lateMs),
  );
  it('made beforehand is planned, for as long as others took', () => {
    const [lane] = rows({
      sessions: [
        session('old'),
        session('next', { scheduledAt: iso(5), startedAt: null, endedAt: null, state: 'scheduled', endStatus: null }),
      ],
    });
    expect(lane!.bars[1]).toMatchObject({ fromMs: at(5), toMs: at(6), isPlanned: true, lateMs: null });
  });
  it('whose time passed and that is held is late', () =>
    expect(barOf({ startedAt: null, endedAt: null, state: 'held', endStatus: null })).toMatchObject({
      isPlanned: true,
      lateMs: 2 * 3_600_000,
    }));
  it('that ended without a beginning is a moment', () =>
    expect(barOf({ startedAt: null, state: 'ended-skip' })).toMatchObject({ fromMs: at(2), toMs: at(2) }));
});

describe('rows', () => {
  const data = {
    sessions: [session('s1'), session('s2', { scheduledAt: iso(2), startedAt: iso(2), endedAt: iso(3) })],
    plan: [run(5), run(6)],
  };
  it('are one for each unit, with all that ran and all that will', () => {
    const shown = rows({ ...data, sessions: [...data.sessions, session('part', { root: 'net' })] });
    expect(shown.map(({ label, bars }) => [label, bars.length])).toEqual([
      ['night', 4],
      ['night/net', 1],
    ]);
    expect(shown[0]!.about).toBe('Night');
  });
  it('open to runs in order of time, and a run to its jobs', () => {
    const jobs = new Map([
      ['s1', [job('net', { type: 'jobnet' }), job('x', { parent: 'net', depth: 2, startedAt: null, endedAt: null })]],
    ]);
    const shown = rows({ ...data, jobs }, 'unit night', 'session s1');
    expect(shown.map(({ kind, label, depth, bars }) => `${kind} ${label} ${depth} ${bars.length}`)).toEqual([
      ...['unit night 0 4', 'session s1 1 1', 'job net 2 1', 'job x 3 0', 'session s2 1 1'],
      ...['planned nightly 1 1', 'planned nightly 1 1'],
    ]);
  });
  it('show once what was made beforehand and is in the plan, too', () => {
    const made = session('s3', { scheduledAt: iso(5), startedAt: null, endedAt: null, state: 'scheduled', endStatus: null });
    const [lane] = rows({ sessions: [made], plan: [run(5, { session: 's3', state: 'scheduled' }), run(6)] });
    expect(lane!.bars.map(({ session: id }) => id)).toEqual(['s3', null]);
  });
  it('take their guess from the middle of what runs took', () => {
    const took = (hour: number) => session(`s${hour}`, { endedAt: iso(1 + hour) });
    expect(usualMs([took(1), took(9), took(2)]).get('night')).toBe(2 * 3_600_000);
  });
  it('give bars that would lie on each other a share of their height each', () => {
    const bar = (from: number, to: number) => ({ ...barOf({}), key: `${from}`, fromMs: from, toMs: to });
    const { bars, slots } = packed([bar(0, 10), bar(5, 15), bar(10, 20), bar(30, 30), bar(30, 30)]);
    expect([slots, bars.map(({ slot }) => slot)]).toEqual([2, [0, 1, 0, 0, 1]]);
  });
});

it('of bars on the same few pixels the one that matters most is drawn', () => {
  const span = { fromMs: 0, toMs: 100_000 };
  const bar = (key: string, fromMs: number, toMs: number, more: object = {}) => ({
    ...barOf({}),
    key,
    fromMs,
    toMs,
    slot: 0,
    ...more,
  });
  const shown = (bars: ReturnType<typeof bar>[]) => sparse(bars, span, 1_000).map(({ key }) => key);
  expect(shown([bar('a', 0, 10), bar('b', 100, 110, { tone: 'bad' }), bar('c', 150, 160)])).toEqual(['b']);
  expect(shown([bar('a', 0, 10, { tone: 'bad' }), bar('b', 100, 110, { lateMs: 1 })])).toEqual(['b']);
  expect(shown([bar('a', 0, 5_000), bar('b', 100, 5_000), bar('c', 400, 410)])).toEqual(['a', 'b', 'c']);
  const day = Array.from({ length: 5_000 }, (_, index) => bar(`${index}`, index * 20, index * 20 + 1));
  expect(shown(day).length).toBeLessThanOrEqual(334);
});

it('a bar is cut off at the edges of the span', () => {
  const span = { fromMs: 0, toMs: 100 };
  expect(placeOf(span, { fromMs: -50, toMs: 50 })).toEqual({ left: 0, width: 0.5 });
  expect(placeOf(span, { fromMs: 90, toMs: 500 })).toEqual({ left: 0.9, width: 1 - 0.9 });
});
