import { useState } from 'react';
import { clockTime, localTime, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { GanttBar, ROW_PX } from './gantt-bar.js';
import { ganttKeys } from './gantt-keys.js';
import { type GanttRow, heldBy, type Span, sparse, ticksOf } from './gantt-model.js';
import { ChevronIcon } from './icons.js';
import { useGanttHand } from './use-gantt-hand.js';
import { VirtualList } from './virtual-list.js';

const HOUR_MS = 3_600_000;
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
  const { box, lane, wide, handlers } = useGanttHand(span, onSpan);
  const [cursor, setCursor] = useState<string | null>(null);
  const at = cursor !== null && rows.some(({ key }) => key === cursor) ? cursor : (rows[0]?.key ?? null);
  const focus = (row: GanttRow | undefined) => {
    if (row === undefined) return;
    setCursor(row.key);
    requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-gantt="${CSS.escape(row.key)}"]`)?.focus());
  };
  const press = ganttKeys({ rows, span, held: heldBy(span, nowMs), focus, onSpan, onToggle, onSession });
  const ticks = ticksOf(span, Math.max(2, Math.floor(wide / TICK_PX)));
  const share = (ms: number) => `${((ms - span.fromMs) / (span.toMs - span.fromMs)) * 100}%`;
  const isNowIn = nowMs >= span.fromMs && nowMs <= span.toMs;
  const step = (ticks[1]?.atMs ?? 0) - (ticks[0]?.atMs ?? 0);
  return (
    <div className="gantt" ref={box} data-testid="gantt" {...handlers}>
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
