import { Alert, Loader } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { JobSessionRow } from '@yosugara/protocol';
import { type CSSProperties, useMemo } from 'react';
import { jobsApi } from '../api/jobs.js';
import { visible } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { ColumnHead } from './column-head.js';
import { JobStateBadge } from './job-state.js';
import { Time } from './time.js';
import { useNarrow } from './use-narrow.js';
import { VirtualList } from './virtual-list.js';

const PAGE_ROWS = 500;
/** Of more pages only the first is read again: whoever is far down looks at what is over. */
const MOST_LIVE_PAGES = 2;

function SessionRow({
  row,
  style,
  onOpen,
}: {
  readonly row: JobSessionRow;
  readonly style: CSSProperties;
  readonly onOpen: () => void;
}) {
  const { t } = useText();
  return (
    <div className="session-row" style={style} data-testid="session-row" data-session={row.id}>
      <button type="button" className="link-button tabular" onClick={onOpen} data-row>
        {row.id}
      </button>
      <span className="clip">{visible(row.root === null ? row.unit : `${row.unit}/${row.root}`)}</span>
      <JobStateBadge how={row} />
      <span className="dim nowrap">{row.startedAt !== null && <Time iso={row.startedAt} />}</span>
      <span className="dim nowrap">{row.endedAt !== null && <Time iso={row.endedAt} />}</span>
      <span className="dim clip" title={visible(row.trigger.info)}>
        {visible(row.trigger.id ?? row.trigger.type)}
        {row.isTest && ` (${t('jobs.test')})`}
      </span>
    </div>
  );
}

interface ListProps {
  readonly unit: string;
  readonly open: boolean;
  readonly everyMs: number;
  readonly onOpen: (id: string) => void;
}

/** Newest first, page by page as somebody scrolls, however many there are. */
export function SessionList({ unit, open, everyMs, onOpen }: ListProps) {
  const { t } = useText();
  const isNarrow = useNarrow();
  const query = new URLSearchParams({ limit: String(PAGE_ROWS) });
  if (unit !== '') query.set('unit', unit);
  if (open) query.set('open', 'true');
  const found = useInfiniteQuery({
    queryKey: ['jobs', 'live', 'sessions', query.toString()],
    queryFn: ({ pageParam, signal }) =>
      jobsApi.sessions(pageParam === null ? query.toString() : `${query}&after=${pageParam}`, signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > MOST_LIVE_PAGES ? false : everyMs),
    placeholderData: (before) => before,
  });
  // A session that began while pages were read is in two of them.
  const rows = useMemo(
    () => [...new Map((found.data?.pages ?? []).flatMap((page) => page.rows.map((row) => [row.id, row] as const))).values()],
    [found.data],
  );
  return (
    <>
      {found.error !== null && (
        <Alert color="red" role="alert" title={t('common.failed')}>
          {found.error.message}
        </Alert>
      )}
      <div className="table-place">
        <VirtualList
          items={rows}
          rowPx={isNarrow ? 56 : 30}
          keyOf={(row) => row.id}
          label={t('jobs.sessions')}
          testId="session-table"
          head={
            rows.length > 0 && (
              <ColumnHead
                rows="session-row"
                columns={[
                  ...[t('jobs.session'), t('settingKind.job-unit'), t('map.state')],
                  ...[t('gantt.from'), t('gantt.to'), t('settingKind.job-trigger')],
                ]}
              />
            )
          }
          onNearEnd={() => found.hasNextPage && !found.isFetchingNextPage && void found.fetchNextPage()}
          render={(row, _, style) => <SessionRow key={row.id} row={row} style={style} onOpen={() => onOpen(row.id)} />}
          foot={
            rows.length === 0 && (
              <div className="empty">
                {found.data === undefined && found.error === null ? <Loader size="sm" /> : t('jobs.empty')}
              </div>
            )
          }
        />
      </div>
    </>
  );
}
