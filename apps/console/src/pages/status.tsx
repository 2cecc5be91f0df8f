import '../operations.js';
import { Alert, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { PRIORITIES, type Priority, type StatusRow } from '@yosugara/protocol';
import { type CSSProperties, useMemo } from 'react';
import { Link } from 'react-router';
import { serverNowMs } from '../api/client.js';
import { csvOf, operationsApi } from '../api/operations.js';
import { ColumnHead } from '../components/column-head.js';
import { FilterBar } from '../components/filter-bar.js';
import { ChevronIcon } from '../components/icons.js';
import { PriorityBadge, PriorityCounts } from '../components/priority.js';
import { countByPriority, type StatusGroup, type StatusLine, statusLines } from '../components/status-model.js';
import { Time } from '../components/time.js';
import { Typed } from '../components/typed.js';
import { useNarrow } from '../components/use-narrow.js';
import { useNow } from '../components/use-now.js';
import { usePageAddress } from '../components/use-page-address.js';
import { useToggled } from '../components/use-toggled.js';
import { VirtualList } from '../components/virtual-list.js';
import { age, integer, visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const EVERY_MS = 5_000;
const MOST_ROWS = 5_000;

function GroupLine({
  group,
  style,
  onToggle,
}: {
  readonly group: StatusGroup;
  readonly style: CSSProperties;
  readonly onToggle: () => void;
}) {
  const { t, language } = useText();
  return (
    <div className="status-row status-group" style={style} data-testid="status-group" data-scope={group.scope}>
      <button type="button" className="status-toggle" aria-expanded={group.isOpen} onClick={onToggle}>
        <ChevronIcon open={group.isOpen} />
        <strong className="clip">{visible(group.scope)}</strong>
      </button>
      <span className="status-counts">
        {PRIORITIES.filter((priority) => group.counts[priority] > 0).map((priority) => (
          <span key={priority} className={`priority priority-${priority}`} title={t(`priority.${priority}`)}>
            {integer(group.counts[priority], language)}
          </span>
        ))}
      </span>
    </div>
  );
}

function Expiry({ row, nowMs }: { readonly row: StatusRow; readonly nowMs: number }) {
  const { t, language } = useText();
  if (row.expiresAt === null) return <span className="dim">–</span>;
  const left = Date.parse(row.expiresAt) - nowMs;
  const becomes = row.expiresTo === null ? t('status.goes') : t(`priority.${row.expiresTo}`);
  return (
    <span title={row.expiresAt} className={left < 60_000 ? 'text-busy' : 'dim'}>
      {left <= 0 ? t('status.expired') : t('status.expires', { time: age(left, language), becomes })}
    </span>
  );
}

function Line({ row, style, nowMs }: { readonly row: StatusRow; readonly style: CSSProperties; readonly nowMs: number }) {
  const { language } = useText();
  return (
    <div className="status-row" style={style} data-testid="status-row">
      <span className="e-priority">
        <PriorityBadge priority={row.priority} />
      </span>
      <span className="s-facility clip">
        {row.facility === '' ? (
          visible(row.sender ?? '–')
        ) : (
          <Link to={`/repository/node/${encodeURIComponent(row.facility)}`} data-row>
            {visible(row.facility)}
          </Link>
        )}
      </span>
      <span className="s-monitor clip">
        <Link to={`/events?monitor=${encodeURIComponent(row.monitor)}&state=all`}>{visible(row.monitor)}</Link>
        {row.item + row.sub !== '' && <span className="dim"> {visible([row.item, row.sub].filter(Boolean).join(' / '))}</span>}
      </span>
      <span className="s-message clip" title={visible(row.message)}>
        {visible(row.message)}
      </span>
      <span className="s-since tabular nowrap">
        <Time iso={row.since} text={age(nowMs - Date.parse(row.since), language)} />
      </span>
      <span className="s-expiry nowrap">
        <Expiry row={row} nowMs={nowMs} />
      </span>
    </div>
  );
}

const keyOf = (line: StatusLine): string =>
  line.kind === 'group'
    ? `g ${line.scope}`
    : `${line.row.monitor} ${line.row.facility} ${line.row.item} ${line.row.sub} ${line.row.sender}`;

/** How everything is now, by scope; the worst first. */
export function StatusPage() {
  const { t, language } = useText();
  const { address, setAddress, put: putParts } = usePageAddress();
  const priority = PRIORITIES.find((each) => each === address.get('priority')) ?? null;
  const text = address.get('text') ?? '';
  const facility = address.get('facility') ?? '';
  const [folded, toggle] = useToggled();
  const isNarrow = useNarrow();
  useNow(1_000);
  const query = new URLSearchParams({ limit: String(MOST_ROWS) });
  if (text !== '') query.set('text', text);
  if (facility !== '') query.set('facility', facility);
  const csvQuery = new URLSearchParams({
    ...Object.fromEntries(query),
    limit: '10000',
    ...(priority === null ? {} : { priority }),
  });
  const isFiltered = text !== '' || facility !== '' || priority !== null;
  const { data, error } = useQuery({
    queryKey: ['statuses', query.toString()],
    queryFn: ({ signal }) => operationsApi.statuses(query.toString(), signal),
    refetchInterval: EVERY_MS,
    placeholderData: (before) => before,
  });
  const all = data?.rows;
  const counts = useMemo(() => (all === undefined ? {} : countByPriority(all)), [all]);
  const lines = useMemo(
    () =>
      statusLines(
        (all ?? []).filter((row) => priority === null || row.priority === priority),
        folded,
      ),
    [all, folded, priority],
  );
  const put = (key: string, value: string) => putParts({ [key]: value }, { replace: true });
  const nowMs = serverNowMs();
  return (
    <div className="messages-page" data-testid="status-page">
      <div className="page-head">
        <h1>{t('status.title')}</h1>
        <PriorityCounts
          counts={counts}
          chosen={priority === null ? [] : [priority]}
          onChoose={(chosen: Priority) => put('priority', chosen === priority ? '' : chosen)}
        />
      </div>
      <FilterBar
        view="statuses"
        onClear={isFiltered ? () => setAddress({}, { replace: true }) : null}
        csv={csvOf('/api/v1/statuses', csvQuery.toString())}
        error={error}
      >
        <Typed
          className="f-text"
          label={t('messages.text')}
          placeholder={t('messages.textHint')}
          value={text}
          onValue={(value) => put('text', value)}
          testId="status-text"
        />
        <Typed
          className="f-facility"
          label={t('events.facility')}
          placeholder={t('events.facilityHint')}
          value={facility}
          onValue={(value) => put('facility', value)}
          testId="status-facility"
        />
      </FilterBar>
      {data?.more === true && <Alert color="yellow">{t('status.more', { count: integer(data.rows.length, language) })}</Alert>}
      <div className="table-place">
        <VirtualList
          items={lines}
          rowPx={isNarrow ? 58 : 28}
          keyOf={keyOf}
          label={t('status.title')}
          testId="status-table"
          head={
            lines.length > 0 && (
              <ColumnHead
                rows="status-row"
                columns={[
                  ...[t('events.priority'), t('status.node'), t('events.monitor'), t('events.message')],
                  ...[t('status.since'), t('status.expiry')],
                ]}
              />
            )
          }
          render={(line, _, style) =>
            line.kind === 'group' ? (
              <GroupLine key={keyOf(line)} group={line} style={style} onToggle={() => toggle(line.scope)} />
            ) : (
              <Line key={keyOf(line)} row={line.row} style={style} nowMs={nowMs} />
            )
          }
          foot={
            lines.length === 0 && (
              <div className="empty">{data === undefined ? error === null && <Loader size="sm" /> : t('status.empty')}</div>
            )
          }
        />
      </div>
    </div>
  );
}
