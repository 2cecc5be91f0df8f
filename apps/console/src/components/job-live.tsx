import { useCallback, useMemo } from 'react';
import { Gantt } from './gantt.js';
import type { Span } from './gantt-model.js';
import { Approvals } from './job-approvals.js';
import { QueueStates } from './job-queues.js';
import type { JobView } from './job-views.js';
import { SessionList } from './session-list.js';
import { useJobStream } from './use-job-stream.js';
import type { Put } from './use-page-address.js';

interface LiveProps {
  readonly view: JobView;
  readonly unit: string;
  readonly address: URLSearchParams;
  readonly put: Put;
  readonly onSession: (session: string, job: string | null) => void;
}

/** `,` is in no key of a row: ids of jobs have none. */
const OPEN_SEPARATOR = ',';

/** What changes while somebody looks at it: followed by one stream. */
export function JobLive({ view, unit, address, put, onSession }: LiveProps) {
  const everyMs = useJobStream(unit === '' ? '' : `unit=${encodeURIComponent(unit)}`);
  const rows = address.get('rows') ?? '';
  const open = useMemo(() => new Set(rows.split(OPEN_SEPARATOR).filter(Boolean)), [rows]);
  const onSpan = useCallback(
    (span: Span | null) =>
      put({
        from: span === null ? null : new Date(span.fromMs).toISOString(),
        to: span === null ? null : new Date(span.toMs).toISOString(),
      }),
    [put],
  );
  if (view === 'approvals') return <Approvals everyMs={everyMs} onSession={onSession} />;
  if (view === 'queues') return <QueueStates everyMs={everyMs} onSession={onSession} />;
  if (view === 'gantt')
    return (
      <Gantt
        span={spanOf(address)}
        unit={unit}
        open={open}
        isTable={address.get('as') === 'table'}
        everyMs={everyMs}
        onSpan={onSpan}
        onOpenRows={(after) => put({ rows: [...after].join(OPEN_SEPARATOR) })}
        onTable={(isTable) => put({ as: isTable ? 'table' : null })}
        onSession={onSession}
      />
    );
  return (
    <SessionList unit={unit} open={address.get('open') === 'true'} everyMs={everyMs} onOpen={(id) => put({ session: id })} />
  );
}

function spanOf(address: URLSearchParams): Span | null {
  const [fromMs, toMs] = [Date.parse(address.get('from') ?? ''), Date.parse(address.get('to') ?? '')];
  return Number.isNaN(fromMs) || Number.isNaN(toMs) || toMs <= fromMs ? null : { fromMs, toMs };
}
