import { type KeyboardEvent, type PointerEvent, useEffect, useRef, useState } from 'react';
import { clockTime, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { type Bar, type GanttRow, heldBy, panned, placeOf, type Span, sparse, ticksOf, zoomed } from './gantt-model.js';
import { barText, lateText } from './gantt-text.js';
import { ChevronIcon } from './icons.js';
import { signOf } from './job-model.js';
import { VirtualList } from './virtual-list.js';

const HOUR_MS = 3_600_000;
const ROW_PX = 30;
const TICK_PX = 90;

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
export function Axis({ rows, span, nowMs, isLoading, onSpan, onToggle, onSession }: AxisProps) {
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
