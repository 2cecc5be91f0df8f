import { Alert, Button, Loader } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { ApiError, api } from '../api/client.js';
import { boundsOf, type Filter, searchQuery } from '../api/filter.js';
import { useCluster } from '../api/live.js';
import { newestFirst } from '../api/live-rows.js';
import { csvOf } from '../api/operations.js';
import { RefreshIcon } from '../components/icons.js';
import { MessageTable } from '../components/message-table.js';
import { MorePages } from '../components/more-pages.js';
import { useToggled } from '../components/use-toggled.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

const PAGE_ROWS = 100;
/** Of one table, as the manager makes them. */
const TABLE_ROWS = 100_000;

function useSearch(filter: Filter) {
  const key = JSON.stringify(filter);
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the bounds are fixed once per filter and press of "refresh".
  const bounds = useMemo(() => boundsOf(filter, Date.now()), [key, round]);
  const query = useInfiniteQuery({
    queryKey: ['messages', key, round],
    queryFn: ({ pageParam, signal }) => api.messages(searchQuery(filter, bounds, pageParam, PAGE_ROWS), signal),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
  return { query, bounds, refresh: () => setRound((now) => now + 1) };
}

const isMistaken = (error: Error): boolean => error instanceof ApiError && error.status === 400;

export function SearchMessages({ filter }: { readonly filter: Filter }) {
  const { t, language } = useText();
  const { status } = useCluster();
  const { query, bounds, refresh } = useSearch(filter);
  const [opened, toggle] = useToggled();
  const rows = useMemo(() => {
    const byId = new Map((query.data?.pages ?? []).flatMap((page) => page.rows.map((row) => [row.id, row] as const)));
    return [...byId.values()].sort(newestFirst);
  }, [query.data]);
  return (
    <>
      <div className="list-head">
        <span className="dim tabular" role="status" data-testid="shown-count">
          {query.isFetching && rows.length === 0
            ? t('messages.loading')
            : t('messages.shown', { count: integer(rows.length, language) })}
        </span>
        <span className="grow" />
        <Button
          size="xs"
          variant="default"
          component="a"
          href={csvOf('/api/v1/messages', searchQuery(filter, bounds, null, TABLE_ROWS))}
          download
          title={t('csv.hint')}
          data-testid="csv"
        >
          CSV
        </Button>
        <Button
          size="xs"
          variant="default"
          leftSection={<RefreshIcon />}
          onClick={refresh}
          loading={query.isRefetching}
          data-testid="refresh-button"
        >
          {t('messages.refresh')}
        </Button>
      </div>
      {query.error !== null && (
        <Alert
          color={isMistaken(query.error) ? 'yellow' : 'red'}
          role="alert"
          title={t(isMistaken(query.error) ? 'messages.badFilter' : 'messages.failed')}
          data-testid={isMistaken(query.error) ? 'filter-refused' : undefined}
        >
          {query.error.message}
        </Alert>
      )}
      <div className="table-place">
        <MessageTable
          rows={rows}
          nodes={status?.nodes.map((node) => node.name) ?? []}
          opened={opened}
          nowMs={Date.now()}
          onToggle={toggle}
          busy={query.isFetching}
          empty={query.isFetching ? <Loader size="sm" /> : t('messages.emptyFiltered')}
          foot={
            query.hasNextPage ? (
              <MorePages of={query} testId="load-older">
                {t('messages.older')}
              </MorePages>
            ) : (
              t('messages.end')
            )
          }
        />
      </div>
    </>
  );
}
