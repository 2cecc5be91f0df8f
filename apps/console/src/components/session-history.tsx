import { Alert, Loader } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import { jobsApi } from '../api/jobs.js';
import { visible } from '../i18n/format.js';
import { historyJa } from '../i18n/job-history-ja.js';
import { useText } from '../i18n/language.js';
import { known, named } from '../i18n/translate.js';
import { Time } from './time.js';
import { VirtualList } from './virtual-list.js';

const PAGE = 500;

function Said({ text }: { readonly text: string }) {
  const { language } = useText();
  const said = language === 'ja' ? historyJa(text) : text;
  return <span {...(said === text ? { lang: 'en' } : {})}>{visible(said)}</span>;
}

/** All that became of a session, oldest first. */
export function SessionHistory({ id, everyMs }: { readonly id: string; readonly everyMs: number }) {
  const { t, language } = useText();
  const found = useInfiniteQuery({
    queryKey: ['jobs', 'live', 'history', id],
    queryFn: ({ pageParam, signal }) => jobsApi.history(id, `after=${pageParam}&limit=${PAGE}`, signal),
    initialPageParam: 0,
    getNextPageParam: (page) => page.next,
    refetchInterval: everyMs,
  });
  const lines = useMemo(() => (found.data?.pages ?? []).flatMap((page) => page.lines), [found.data]);
  if (found.data === undefined)
    return found.error === null ? (
      <Loader size="sm" />
    ) : (
      <Alert color="red" role="alert">
        {found.error.message}
      </Alert>
    );
  const state = (code: string) => (known('jobState', code) === null ? named(t, 'runState', code) : named(t, 'jobState', code));
  return (
    <div className="table-place">
      <VirtualList
        items={lines}
        rowPx={30}
        keyOf={({ number }) => number}
        label={t('jobs.show.history')}
        testId="session-history"
        isStill
        onNearEnd={() => found.hasNextPage && !found.isFetchingNextPage && void found.fetchNextPage()}
        render={({ number, at, job, facility, from, to, by, text }, _, style) => (
          <div key={number} className="history-row" style={style} data-testid="history-line">
            <span className="nowrap dim">
              <Time iso={at} />
            </span>
            <span className="clip">{visible([job, facility ?? ''].filter(Boolean).join(' · '))}</span>
            <span className="clip">
              {[from, to]
                .filter((each) => each !== null)
                .map((each) => state(each!))
                .join(' → ')}
            </span>
            <span className="clip" title={visible(language === 'ja' ? historyJa(text) : text)}>
              {by !== null && <strong>{visible(by)} </strong>}
              <Said text={text} />
            </span>
          </div>
        )}
      />
    </div>
  );
}
