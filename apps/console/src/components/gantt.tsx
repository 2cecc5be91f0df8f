import { Alert, Button, SegmentedControl } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import type { JobInSession, JobSessionRow } from '@yosugara/protocol';
import { useEffect, useMemo, useState } from 'react';
import { serverNowMs } from '../api/client.js';
import { jobsApi } from '../api/jobs.js';
import { localTime } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { Axis } from './gantt-axis.js';
import { MOST_ROWS, usePlan, useSessions } from './gantt-data.js';
import { heldBy, isIn, packed, panned, rowsOf, type Span, shiftAt, zoomed } from './gantt-model.js';
import { GanttTable } from './gantt-table.js';
import { useNow } from './use-now.js';
import { toggled } from './use-toggled.js';

const HOUR_MS = 3_600_000;

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
  const toggle = (key: string) => onOpenRows(toggled(open, key));
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
