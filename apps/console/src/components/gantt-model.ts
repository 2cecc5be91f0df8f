import type { JobInSession, JobPlan, JobSessionRow, JobState } from '@yosugara/protocol';
import { type Tone, toneOf } from './job-model.js';

/** What of the time is in sight, ms since 1970. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
export const LEAST_SPAN_MS = 5 * MINUTE_MS;
export const MOST_SPAN_MS = 31 * DAY_MS;
/** A run that begins so much after its time is on time: a take-over takes seconds. */
const ON_TIME_MS = MINUTE_MS;

const within = (ms: number, least: number, most: number) => Math.min(most, Math.max(least, ms));

/** @param factor below 1: less of it, larger. What lies at `aroundMs` stays where it is. */
export function zoomed({ fromMs, toMs }: Span, factor: number, aroundMs: number): Span {
  const wide = within(Math.round((toMs - fromMs) * factor), LEAST_SPAN_MS, MOST_SPAN_MS);
  const share = (aroundMs - fromMs) / (toMs - fromMs);
  const from = Math.round(aroundMs - wide * share);
  return { fromMs: from, toMs: from + wide };
}

export function panned({ fromMs, toMs }: Span, share: number): Span {
  const by = Math.round((toMs - fromMs) * share);
  return { fromMs: fromMs + by, toMs: toMs + by };
}

/** The night or the day that it is, by the clock of whoever looks; with an hour of what was before its beginning, and of what is after its end. */
export function shiftAt(nowMs: number): Span {
  const hour = new Date(nowMs).getHours();
  const isNight = hour < 8 || hour >= 18;
  const clock = (days: number, hours: number) => {
    const date = new Date(nowMs);
    date.setDate(date.getDate() + days);
    return date.setHours(hours, 0, 0, 0);
  };
  if (!isNight) return { fromMs: clock(0, 7), toMs: clock(0, 19) };
  const evening = hour < 8 ? -1 : 0;
  return { fromMs: clock(evening, 17), toMs: clock(evening + 1, 9) };
}

/** What keeps its place when nothing is pointed at: now where it can be seen, or else the middle. */
export const heldBy = ({ fromMs, toMs }: Span, nowMs: number): number =>
  nowMs > fromMs && nowMs < toMs ? nowMs : (fromMs + toMs) / 2;

export interface Tick {
  readonly atMs: number;
  readonly isDay: boolean;
}
const STEPS_MIN = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1_440, 2_880, 10_080];

/** Round times of the clock of whoever looks, at most so many. */
export function ticksOf({ fromMs, toMs }: Span, most: number): readonly Tick[] {
  const step = STEPS_MIN.find((minutes) => (toMs - fromMs) / (minutes * MINUTE_MS) <= most) ?? STEPS_MIN.at(-1)!;
  const ticks: Tick[] = [];
  const day = new Date(fromMs);
  day.setHours(0, 0, 0, 0);
  while (day.getTime() <= toMs) {
    const next = new Date(day);
    next.setDate(next.getDate() + Math.max(1, Math.floor(step / 1_440)));
    for (let minute = 0; minute < 1_440; minute += step) {
      const at = new Date(day);
      // By the clock, also on the day on which it jumps.
      at.setMinutes(minute);
      const atMs = at.getTime();
      if (atMs >= next.getTime()) break;
      if (atMs >= fromMs && atMs <= toMs && atMs !== ticks.at(-1)?.atMs) ticks.push({ atMs, isDay: minute === 0 });
    }
    day.setTime(next.getTime());
  }
  return ticks;
}

export interface Bar {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** It is to come: how long it takes is a guess by what was. */
  readonly isPlanned: boolean;
  /** It goes on. */
  readonly isRunning: boolean;
  readonly tone: Tone;
  readonly state: JobState | 'planned';
  readonly how: Pick<JobSessionRow, 'state' | 'endStatus' | 'endValue'> | null;
  /** How much later than it should; null = it is not late. */
  readonly lateMs: number | null;
  readonly session: string | null;
  readonly job: string | null;
  /** Bars of a row that would lie on each other share its height. */
  readonly slot: number;
}

export interface GanttRow {
  readonly key: string;
  readonly depth: number;
  readonly kind: 'unit' | 'session' | 'planned' | 'job';
  readonly label: string;
  readonly about: string;
  /** null = nothing is in it. */
  readonly isOpen: boolean | null;
  readonly bars: readonly Bar[];
  readonly slots: number;
}

export interface GanttData {
  readonly sessions: readonly JobSessionRow[];
  readonly plan: JobPlan['runs'];
  /** Of sessions that are open. */
  readonly jobs: ReadonlyMap<string, readonly JobInSession[]>;
  readonly nowMs: number;
}

type Unpacked = Omit<Bar, 'slot'>;
const msOf = (iso: string | null) => (iso === null ? null : Date.parse(iso));

/** Sessions of one unit, or of one part of it, belong together. */
export const laneOf = ({ unit, root }: { readonly unit: string; readonly root: string | null }): string =>
  root === null ? unit : `${unit}/${root}`;

/** How long each lane takes usually: the middle of those that ended. */
export function usualMs(sessions: readonly JobSessionRow[]): ReadonlyMap<string, number> {
  const took = new Map<string, number[]>();
  for (const session of sessions) {
    const [from, to] = [msOf(session.startedAt), msOf(session.endedAt)];
    if (from === null || to === null) continue;
    const list = took.get(laneOf(session)) ?? [];
    took.set(laneOf(session), list);
    list.push(to - from);
  }
  return new Map(
    [...took].map(([lane, list]) => [lane, list.toSorted((one, other) => one - other)[Math.floor(list.length / 2)]!]),
  );
}

const UNSTARTED: ReadonlySet<JobState> = new Set(['scheduled', 'held', 'skipped', 'waiting']);
const LATE_ENDS: ReadonlySet<JobState> = new Set(['ended-start-delay', 'ended-end-delay']);

function sessionBar(session: JobSessionRow, nowMs: number, usual: number): Unpacked | null {
  const scheduledMs = Date.parse(session.scheduledAt);
  const [startedMs, endedMs] = [msOf(session.startedAt), msOf(session.endedAt)];
  const { id, state } = session;
  const common = { key: id, tone: toneOf(session), state, how: session, session: id, job: null };
  if (startedMs === null) {
    if (!UNSTARTED.has(state)) return endedMs === null ? null : point({ ...common, lateMs: null }, endedMs);
    // What should have begun stands at its own time, and waits there.
    const lateMs = nowMs - scheduledMs > ON_TIME_MS ? nowMs - scheduledMs : null;
    return { ...common, fromMs: scheduledMs, toMs: scheduledMs + usual, isPlanned: true, isRunning: false, lateMs };
  }
  const late = startedMs - scheduledMs;
  return {
    ...common,
    ...{ fromMs: startedMs, toMs: Math.max(startedMs, endedMs ?? nowMs), isPlanned: false, isRunning: endedMs === null },
    lateMs: late > ON_TIME_MS ? late : null,
  };
}

const point = <Part extends object>(part: Part, atMs: number) => ({
  ...part,
  ...{ fromMs: atMs, toMs: atMs, isPlanned: false, isRunning: false },
});

function jobBar(session: string, job: JobInSession, nowMs: number): Unpacked | null {
  const [startedMs, endedMs] = [msOf(job.startedAt), msOf(job.endedAt)];
  const lateMs = LATE_ENDS.has(job.state) ? 0 : null;
  const common = { key: `${session} ${job.job}`, tone: toneOf(job), state: job.state, how: job, lateMs, session, job: job.job };
  if (startedMs === null) return endedMs === null ? null : point(common, endedMs);
  const isRunning = endedMs === null;
  return { ...common, fromMs: startedMs, toMs: Math.max(startedMs, endedMs ?? nowMs), isPlanned: false, isRunning };
}

function plannedBar(run: JobPlan['runs'][number], usual: number): Unpacked {
  const fromMs = Date.parse(run.at);
  return {
    ...{ key: `${run.at} ${run.trigger}`, fromMs, toMs: fromMs + usual, isPlanned: true, isRunning: false },
    ...{ tone: 'calm', state: 'planned', how: null, lateMs: null, session: null, job: null },
  };
}

/** Beside each other in time, on each other otherwise: as few slots as it takes. */
export function packed(bars: readonly Unpacked[]): { readonly bars: readonly Bar[]; readonly slots: number } {
  const ends: number[] = [];
  const placed = bars
    .toSorted((one, other) => one.fromMs - other.fromMs || one.toMs - other.toMs)
    .map((bar) => {
      let slot = ends.findIndex((endMs) => endMs <= bar.fromMs);
      if (slot < 0) slot = ends.length;
      // A point takes a moment, too.
      ends[slot] = Math.max(bar.toMs, bar.fromMs + 1);
      return { ...bar, slot };
    });
  return { bars: placed, slots: Math.max(1, ends.length) };
}

const row = (head: Omit<GanttRow, 'bars' | 'slots'>, bars: readonly (Unpacked | null)[]): GanttRow => ({
  ...head,
  ...packed(bars.filter((bar) => bar !== null)),
});

/** A lane for each unit with all its runs; in an open one each run, in an open run its jobs. */
export function rowsOf(data: GanttData, open: ReadonlySet<string>): readonly GanttRow[] {
  const { nowMs } = data;
  const usual = usualMs(data.sessions);
  const lanes = new Map<string, { readonly sessions: JobSessionRow[]; readonly plan: JobPlan['runs'] }>();
  const laneAt = (lane: string) => {
    const known = lanes.get(lane) ?? { sessions: [], plan: [] };
    lanes.set(lane, known);
    return known;
  };
  for (const session of data.sessions) laneAt(laneOf(session)).sessions.push(session);
  const known = new Set(data.sessions.map(({ id }) => id));
  // What was made beforehand is there as a session already.
  for (const run of data.plan)
    if (run.session === null || !known.has(run.session)) laneAt(laneOf({ unit: run.unit, root: run.job })).plan.push(run);
  const names = new Map(data.plan.map(({ unit, unitName }) => [unit, unitName]));
  return [...lanes]
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([lane, { sessions, plan }]) => {
      const takes = usual.get(lane) ?? 0;
      const key = `unit ${lane}`;
      const isOpen = open.has(key);
      const runs = [
        ...sessions.map((session) => ({ session, bar: sessionBar(session, nowMs, takes) })),
        ...plan.map((run) => ({ run, bar: plannedBar(run, takes) })),
      ];
      const about = names.get(lane.split('/')[0]!) ?? '';
      const head = row(
        { key, depth: 0, kind: 'unit', label: lane, about, isOpen },
        runs.map(({ bar }) => bar),
      );
      if (!isOpen) return [head];
      const inOrder = runs.toSorted((one, other) => (one.bar?.fromMs ?? 0) - (other.bar?.fromMs ?? 0));
      return [
        head,
        ...inOrder.flatMap((each) =>
          'session' in each ? sessionRows(each.session, each.bar, data, open) : [plannedRow(each.run, each.bar)],
        ),
      ];
    });
}

const plannedRow = (run: JobPlan['runs'][number], bar: Unpacked): GanttRow =>
  row({ key: `planned ${run.at} ${run.trigger}`, depth: 1, kind: 'planned', label: run.trigger, about: '', isOpen: null }, [bar]);

function sessionRows(
  session: JobSessionRow,
  bar: Unpacked | null,
  { jobs, nowMs }: GanttData,
  open: ReadonlySet<string>,
): readonly GanttRow[] {
  const key = `session ${session.id}`;
  const isOpen = open.has(key);
  const about = session.trigger.id ?? session.trigger.type;
  const head = row({ key, depth: 1, kind: 'session', label: session.id, about, isOpen }, [bar]);
  if (!isOpen) return [head];
  const within = jobs.get(session.id) ?? [];
  return [
    head,
    ...within.map((job) =>
      row(
        { key: `job ${session.id} ${job.job}`, depth: 1 + job.depth, kind: 'job', label: job.job, about: job.name, isOpen: null },
        [jobBar(session.id, job, nowMs)],
      ),
    ),
  ];
}

/** Whether anything of it is in sight. */
export const isIn = ({ fromMs, toMs }: Span, bar: Span): boolean => bar.toMs >= fromMs && bar.fromMs <= toMs;

const WORST: readonly Tone[] = ['calm', 'good', 'busy', 'look', 'bad'];
/** What a glance must not miss comes first: whatever is late, then how it is. */
const weight = ({ lateMs, tone }: Bar): number => (lateMs === null ? 0 : WORST.length) + WORST.indexOf(tone);

/** Of bars that would lie on the same few pixels only the one that matters most. @param px how wide the span is drawn */
export function sparse(bars: readonly Bar[], span: Span, px: number, gapPx = 3): readonly Bar[] {
  const kept = new Map<string, Bar>();
  const perPx = (span.toMs - span.fromMs) / px;
  for (const bar of bars) {
    const isWide = bar.toMs - bar.fromMs > gapPx * perPx;
    const key = isWide ? bar.key : `${bar.slot} ${Math.floor((bar.fromMs - span.fromMs) / (gapPx * perPx))}`;
    const known = kept.get(key);
    if (known === undefined || weight(bar) > weight(known)) kept.set(key, bar);
  }
  return [...kept.values()];
}

/** Where a bar lies, in shares of the width; what is outside is cut off. */
export function placeOf({ fromMs, toMs }: Span, bar: Span): { readonly left: number; readonly width: number } {
  const share = (ms: number) => within((ms - fromMs) / (toMs - fromMs), 0, 1);
  const left = share(bar.fromMs);
  return { left, width: share(bar.toMs) - left };
}
