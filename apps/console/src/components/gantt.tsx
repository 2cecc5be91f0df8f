import { Alert, Button, SegmentedControl } from '@mantine/core';
import { useQueries, useQuery } from '@tanstack/react-query';
import type { JobInSession, JobPlan, JobSessionRow } from '@yosugara/protocol';
import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { serverNowMs } from '../api/client.js';
import { jobsApi } from '../api/jobs.js';
import { age, clockTime, duration, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import type { Translate } from '../i18n/translate.js';
import { named } from '../i18n/translate.js';
import {
  type Bar,
  type GanttRow,
  heldBy,
  isIn,
  packed,
  panned,
  placeOf,
  rowsOf,
  type Span,
  shiftAt,
  sparse,
  ticksOf,
  zoomed,
} from './gantt-model.js';
import { GanttTable } from './gantt-table.js';
import { ChevronIcon } from './icons.js';
import { signOf } from './job-model.js';
import { useNow } from './use-now.js';
import { VirtualList } from './virtual-list.js';

const HOUR_MS = 3_600_000;
const PAGE_ROWS = 1_000;
const MOST_ROWS = 20_000;
/** What began so long before what is in sight may still run in it. */
const BEFORE_MS = 24 * HOUR_MS;
const ROW_PX = 30;
const TICK_PX = 90;
const PLAN_EVERY_MS = 60_000;

/** Sessions of a span, however many pages they are, and all that are not over. */
function useSessions(span: Span, unit: string, everyMs: number) {
  // What is fetched does not change with every step of the wheel.
  const from = Math.floor((span.fromMs - BEFORE_MS) / HOUR_MS) * HOUR_MS;
  const to = Math.ceil(span.toMs / HOUR_MS) * HOUR_MS;
  return useQuery({
    queryKey: ['jobs', 'live', 'gantt', from, to, unit],
    queryFn: async ({ signal }) => {
      const query = (more: Readonly<Record<string, string>>) =>
        new URLSearchParams({ ...more, ...(unit === '' ? {} : { unit }), limit: String(PAGE_ROWS) }).toString();
      const rows = new Map<string, JobSessionRow>();
      let after: string | null = null;
      do {
        const page = await jobsApi.sessions(
          query({ since: new Date(from).toISOString(), until: new Date(to).toISOString(), ...(after === null ? {} : { after }) }),
          signal,
        );
        for (const row of page.rows) rows.set(row.id, row);
        after = page.next;
      } while (after !== null && rows.size < MOST_ROWS);
      const open = await jobsApi.sessions(query({ open: 'true' }), signal);
      for (const row of open.rows) rows.set(row.id, row);
      return { rows: [...rows.values()], isCut: after !== null };
    },
    refetchInterval: Math.max(everyMs, 5_000),
    placeholderData: (before) => before,
  });
}

function usePlan(span: Span, unit: string, nowMs: number) {
  const from = Math.max(span.fromMs, Math.floor(nowMs / 60_000) * 60_000);
  const to = Math.ceil(span.toMs / HOUR_MS) * HOUR_MS;
  const fromHour = Math.max(from - (from % 60_000), 0);
  return useQuery({
    queryKey: ['jobs', 'plan', 'gantt', Math.floor(fromHour / 300_000), to, unit],
    queryFn: async ({ signal }): Promise<JobPlan['runs']> => {
      if (to <= fromHour) return [];
      const query = new URLSearchParams({
        from: new Date(fromHour).toISOString(),
        to: new Date(to).toISOString(),
        limit: '5000',
      });
      if (unit !== '') query.set('unit', unit);
      return (await jobsApi.plan(query.toString(), signal)).runs;
    },
    refetchInterval: PLAN_EVERY_MS,
    placeholderData: (before) => before,
  });
}

export function barText(bar: Bar, row: GanttRow, t: Translate, language: 'en' | 'ja'): string {
  const state = bar.state === 'planned' ? t('gantt.planned') : named(t, 'jobState', bar.state);
  const end = bar.how?.endStatus == null ? '' : named(t, 'endStatus', bar.how.endStatus);
  const from = localTime(new Date(bar.fromMs).toISOString());
  const took = bar.isPlanned ? '' : duration(bar.toMs - bar.fromMs, language);
  const late = bar.lateMs === null ? '' : lateText(bar.lateMs, t, language);
  return [bar.job ?? bar.session ?? row.label, state, end, from, took, late].filter(Boolean).join(', ');
}

export const lateText = (lateMs: number, t: Translate, language: 'en' | 'ja'): string =>
  lateMs === 0 ? t('gantt.late') : t('gantt.lateBy', { time: age(lateMs, language) });

interface GanttProps {
  readonly span: Span | null;
  readonly unit: string;
  readonly open: ReadonlySet<string>;
  readonly isTable: boolean;
  readonly everyMs: number;
  readonly onSpan: (span: Span | null) => void;
  readonly onOpenRows: (open: ReadonlySet<string>) => void;
  readonly onTable: (isTable: boolean) => void;
  readonly onSession: (session: string, job: string | null) => void;
}

/** What ran, runs and is to come, on one axis. */
export function Gantt({ span: asked, unit, open, isTable, everyMs, onSpan, onOpenRows, onTable, onSession }: GanttProps) {
  const { t } = useText();
  useNow(10_000);
  const nowMs = serverNowMs();
  const hour = Math.floor(nowMs / HOUR_MS);
  const shift = useMemo(() => shiftAt(hour * HOUR_MS), [hour]);
  const [moving, setMoving] = useState<Span | null>(null);
  const span = moving ?? asked ?? shift;
  // The address follows when the hand rests.
  useEffect(() => {
    if (moving === null) return;
    const timer = setTimeout(() => {
      onSpan(moving);
      setMoving(null);
    }, 400);
    return () => clearTimeout(timer);
  }, [moving, onSpan]);
  const sessions = useSessions(span, unit, everyMs);
  const plan = usePlan(span, unit, nowMs);
  const shown = useMemo(() => [...open].filter((key) => key.startsWith('session ')).map((key) => key.slice(8)), [open]);
  const details = useQueries({
    queries: shown.map((id) => ({
      queryKey: ['jobs', 'live', 'session', id],
      queryFn: async ({ signal }: { readonly signal: AbortSignal }) => await jobsApi.session(id, signal),
      refetchInterval: Math.max(everyMs, 5_000),
    })),
  });
  const jobs = new Map<string, readonly JobInSession[]>(
    details.flatMap(({ data }) => (data === undefined ? [] : [[data.id, data.jobs] as const])),
  );
  const inSight = (sessions.data?.rows ?? []).filter((row) => isIn(span, boundsOf(row, nowMs)));
  const data = { sessions: inSight, plan: plan.data ?? [], jobs, nowMs };
  const rows = rowsOf(data, open).map((row) => {
    const bars = row.bars.filter((bar) => isIn(span, bar));
    return bars.length === row.bars.length ? row : { ...row, ...packed(bars) };
  });
  const error = sessions.error ?? plan.error;
  const change = (next: Span) => setMoving(next);
  const toggle = (key: string) => {
    const after = new Set(open);
    if (!after.delete(key)) after.add(key);
    onOpenRows(after);
  };
  const held = heldBy(span, nowMs);
  return (
    <>
      <div className="gantt-bar">
        <SegmentedControl
          size="xs"
          aria-label={t('gantt.how')}
          value={isTable ? 'table' : 'axis'}
          onChange={(next) => onTable(next === 'table')}
          data={[
            { value: 'axis', label: t('gantt.axis') },
            { value: 'table', label: t('gantt.table') },
          ]}
          data-testid="gantt-how"
        />
        <Button.Group>
          <Button size="compact-sm" variant="default" onClick={() => change(panned(span, -0.5))} aria-label={t('gantt.earlier')}>
            ◀
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => change(zoomed(span, 1 / 1.5, held))}
            aria-label={t('graph.larger')}
            data-testid="gantt-in"
          >
            +
          </Button>
          <Button
            size="compact-sm"
            variant="default"
            onClick={() => change(zoomed(span, 1.5, held))}
            aria-label={t('graph.smaller')}
          >
            −
          </Button>
          <Button size="compact-sm" variant="default" onClick={() => change(panned(span, 0.5))} aria-label={t('gantt.later')}>
            ▶
          </Button>
        </Button.Group>
        <Button size="compact-sm" variant="default" onClick={() => onSpan(null)} data-testid="gantt-night">
          {t('gantt.night')}
        </Button>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => change({ fromMs: nowMs - 2 * HOUR_MS, toMs: nowMs + HOUR_MS })}
        >
          {t('gantt.now')}
        </Button>
        <span className="dim tabular" data-testid="gantt-span">
          {localTime(new Date(span.fromMs).toISOString()).slice(0, 16)} –{' '}
          {localTime(new Date(span.toMs).toISOString()).slice(0, 16)}
        </span>
        <span className="grow" />
        <Legend />
      </div>
      {error !== null && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {sessions.data?.isCut === true && <Alert color="yellow">{t('gantt.cut', { count: MOST_ROWS })}</Alert>}
      {isTable ? (
        <GanttTable rows={rows} onSession={onSession} />
      ) : (
        <Axis
          rows={rows}
          span={span}
          nowMs={nowMs}
          onSpan={change}
          onToggle={toggle}
          onSession={onSession}
          isLoading={sessions.data === undefined && error === null}
        />
      )}
    </>
  );
}

function boundsOf(row: JobSessionRow, nowMs: number): Span {
  const fromMs = Date.parse(row.startedAt ?? row.scheduledAt);
  return { fromMs, toMs: row.endedAt === null ? Math.max(nowMs, fromMs) : Date.parse(row.endedAt) };
}

function Legend() {
  const { t } = useText();
  return (
    <span className="gantt-legend" aria-hidden="true">
      <span className="gantt-swatch bar-good" /> {t('endStatus.normal')}
      <span className="gantt-swatch bar-busy" /> {t('jobState.running')}
      <span className="gantt-swatch bar-look" /> {t('endStatus.warning')}
      <span className="gantt-swatch bar-bad" /> {t('endStatus.abnormal')}
      <span className="gantt-swatch bar-calm is-planned" /> {t('gantt.planned')}
      <span className="gantt-late">{t('gantt.late')}</span>
    </span>
  );
}

interface AxisProps {
  readonly rows: readonly GanttRow[];
  readonly span: Span;
  readonly nowMs: number;
  readonly isLoading: boolean;
  readonly onSpan: (span: Span) => void;
  readonly onToggle: (key: string) => void;
  readonly onSession: (session: string, job: string | null) => void;
}

/** Rows with their bars. Up and down go from row to row, left and right fold; with Shift they move the time, `+` and `-` zoom. */
function Axis({ rows, span, nowMs, isLoading, onSpan, onToggle, onSession }: AxisProps) {
  const { t } = useText();
  const box = useRef<HTMLDivElement>(null);
  const lane = useRef<HTMLDivElement>(null);
  const [wide, setWide] = useState(800);
  const [cursor, setCursor] = useState<string | null>(null);
  const drag = useRef<{ readonly x: number; readonly span: Span } | null>(null);
  const at = cursor !== null && rows.some(({ key }) => key === cursor) ? cursor : (rows[0]?.key ?? null);
  useEffect(() => {
    const element = lane.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => setWide(element.clientWidth));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const now = useRef(span);
  now.current = span;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const wheel = (event: WheelEvent) => {
      if (!event.ctrlKey && !event.shiftKey) return;
      event.preventDefault();
      const { left, width } = lane.current!.getBoundingClientRect();
      const { fromMs, toMs } = now.current;
      const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
      if (event.ctrlKey) onSpan(zoomed(now.current, event.deltaY < 0 ? 1 / 1.3 : 1.3, fromMs + (toMs - fromMs) * share));
      else onSpan(panned(now.current, Math.sign(event.deltaY + event.deltaX) * 0.1));
    };
    element.addEventListener('wheel', wheel, { passive: false });
    return () => element.removeEventListener('wheel', wheel);
  }, [onSpan]);
  const focus = (row: GanttRow | undefined) => {
    if (row === undefined) return;
    setCursor(row.key);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-gantt="${CSS.escape(row.key)}"]`)?.focus());
  };
  const held = heldBy(span, nowMs);
  const press = (row: GanttRow, index: number) => (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const session = row.bars[0]?.session;
    const acts: Record<string, () => void> = event.shiftKey
      ? {
          ArrowLeft: () => onSpan(panned(span, -0.25)),
          ArrowRight: () => onSpan(panned(span, 0.25)),
          '+': () => onSpan(zoomed(span, 1 / 1.5, held)),
        }
      : {
          ArrowDown: () => focus(rows[index + 1]),
          ArrowUp: () => focus(rows[index - 1]),
          ArrowRight: () => (row.isOpen === false ? onToggle(row.key) : focus(row.isOpen === true ? rows[index + 1] : undefined)),
          ArrowLeft: () =>
            row.isOpen === true ? onToggle(row.key) : focus(rows.slice(0, index).findLast(({ depth }) => depth < row.depth)),
          Home: () => focus(rows[0]),
          End: () => focus(rows.at(-1)),
          Enter: () =>
            row.kind === 'unit'
              ? onToggle(row.key)
              : session != null && onSession(session, row.kind === 'job' ? row.bars[0]!.job : null),
          '+': () => onSpan(zoomed(span, 1 / 1.5, held)),
          '-': () => onSpan(zoomed(span, 1.5, held)),
        };
    const act = acts[event.key];
    if (act === undefined) return;
    event.preventDefault();
    act();
  };
  const grab = (event: PointerEvent) => {
    if (event.button === 0 && (event.target as Element).closest('button') === null) drag.current = { x: event.clientX, span };
  };
  const pull = (event: PointerEvent) => {
    const from = drag.current;
    if (from === null || Math.abs(event.clientX - from.x) < 4) return;
    onSpan(panned(from.span, (from.x - event.clientX) / wide));
  };
  const ticks = ticksOf(span, Math.max(2, Math.floor(wide / TICK_PX)));
  const share = (ms: number) => `${((ms - span.fromMs) / (span.toMs - span.fromMs)) * 100}%`;
  const isNowIn = nowMs >= span.fromMs && nowMs <= span.toMs;
  const step = (ticks[1]?.atMs ?? 0) - (ticks[0]?.atMs ?? 0);
  return (
    <div
      className="gantt"
      ref={box}
      data-testid="gantt"
      onPointerDown={grab}
      onPointerMove={pull}
      onPointerUp={() => (drag.current = null)}
      onPointerLeave={() => (drag.current = null)}
    >
      <div className="gantt-head" aria-hidden="true">
        <span className="gantt-name" />
        <div className="gantt-lane" ref={lane}>
          {ticks.map(({ atMs, isDay }) => (
            <span key={atMs} className={isDay ? 'gantt-tick is-day' : 'gantt-tick'} style={{ left: share(atMs) }}>
              {isDay || step >= 24 * HOUR_MS
                ? localTime(new Date(atMs).toISOString()).slice(5, 10)
                : clockTime(new Date(atMs)).slice(0, 5)}
            </span>
          ))}
          {isNowIn && (
            <span className="gantt-now-label" style={{ left: share(nowMs) }}>
              {t('gantt.now')}
            </span>
          )}
        </div>
      </div>
      <VirtualList
        items={rows}
        rowPx={ROW_PX}
        keyOf={({ key }) => key}
        label={t('gantt.title')}
        testId="gantt-rows"
        cursor={at}
        render={(row, index, style) => (
          <div key={row.key} className={`gantt-row kind-${row.kind}`} style={style} data-testid="gantt-row" data-row={row.key}>
            <span className="gantt-name" style={{ paddingLeft: 6 + row.depth * 14 }}>
              {row.isOpen === null ? (
                <span className="tree-space" />
              ) : (
                <button
                  type="button"
                  className="status-toggle"
                  tabIndex={-1}
                  aria-expanded={row.isOpen}
                  aria-label={t(row.isOpen ? 'jobs.fold' : 'jobs.unfold', { job: row.label })}
                  onClick={() => onToggle(row.key)}
                >
                  <ChevronIcon open={row.isOpen} />
                </button>
              )}
              <button
                type="button"
                className="tree-name clip"
                tabIndex={row.key === at ? 0 : -1}
                data-gantt={row.key}
                onFocus={() => setCursor(row.key)}
                onClick={() =>
                  row.kind === 'unit'
                    ? onToggle(row.key)
                    : row.bars[0]?.session != null && onSession(row.bars[0].session, row.bars[0].job)
                }
                onKeyDown={press(row, index)}
              >
                {visible(row.label)} <span className="dim">{visible(row.about)}</span>
              </button>
            </span>
            <div className="gantt-lane">
              {ticks.map(({ atMs, isDay }) => (
                <span
                  key={atMs}
                  aria-hidden="true"
                  className={isDay ? 'gantt-line is-day' : 'gantt-line'}
                  style={{ left: share(atMs) }}
                />
              ))}
              {isNowIn && <span aria-hidden="true" className="gantt-now" style={{ left: share(nowMs) }} />}
              {sparse(row.bars, span, wide).map((bar) => (
                <GanttBar key={bar.key} bar={bar} row={row} span={span} wide={wide} onSession={onSession} />
              ))}
            </div>
          </div>
        )}
        foot={rows.length === 0 && !isLoading && <div className="empty">{t('gantt.empty')}</div>}
      />
    </div>
  );
}

const LEAST_PX = 7;

function GanttBar({
  bar,
  row,
  span,
  wide,
  onSession,
}: {
  readonly bar: Bar;
  readonly row: GanttRow;
  readonly span: Span;
  readonly wide: number;
  readonly onSession: AxisProps['onSession'];
}) {
  const { t, language } = useText();
  const { left, width } = placeOf(span, bar);
  const slots = Math.min(4, row.slots);
  const high = (ROW_PX - 8) / slots;
  const px = Math.max(LEAST_PX, width * wide);
  const text = barText(bar, row, t, language);
  const className = [
    'gantt-one',
    `bar-${bar.tone}`,
    bar.isPlanned ? 'is-planned' : '',
    bar.isRunning ? 'is-running' : '',
    bar.lateMs === null ? '' : 'is-late',
  ];
  return (
    <button
      type="button"
      tabIndex={-1}
      className={className.filter(Boolean).join(' ')}
      style={{
        left: `min(${left * 100}%, 100% - ${LEAST_PX}px)`,
        width: px,
        top: 4 + (bar.slot % slots) * high,
        height: high - 1,
      }}
      title={text}
      aria-label={text}
      disabled={bar.session === null}
      onClick={() => bar.session !== null && onSession(bar.session, bar.job)}
      data-testid="gantt-bar"
      data-state={bar.state}
      data-late={bar.lateMs !== null}
    >
      {px > 18 && slots === 1 && bar.how !== null && <span className="job-sign">{signOf(bar.how)}</span>}
      {bar.lateMs !== null && px > 90 && slots === 1 && <span className="gantt-late">{lateText(bar.lateMs, t, language)}</span>}
    </button>
  );
}
