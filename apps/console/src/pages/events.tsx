import '../operations.js';
import { Button, Loader } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { PRIORITIES } from '@yosugara/protocol';
import { useEffect, useRef, useState } from 'react';
import { isOpenView } from '../api/event-filter.js';
import { type EventList, indexOfEvent } from '../api/event-list.js';
import { operationsApi } from '../api/operations.js';
import { EventBulk } from '../components/event-bulk.js';
import { EventDrawer } from '../components/event-drawer.js';
import { EventFilters } from '../components/event-filters.js';
import { EventTable } from '../components/event-table.js';
import { showKeys } from '../components/key-registry.js';
import { PriorityCounts } from '../components/priority.js';
import { useEventAddress } from '../components/use-event-address.js';
import { useEventWork } from '../components/use-event-work.js';
import { COUNTS_KEY, useEventFeed } from '../components/use-events.js';
import { useMe } from '../components/use-me.js';
import { useNarrow } from '../components/use-narrow.js';
import type { VirtualHandle } from '../components/virtual-list.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

/** What monitors told, newest first, as a list to work through. */
export function EventsPage() {
  const { t, language } = useText();
  const { me, may } = useMe();
  const mayAct = may('event', 'modify');
  const { filter, change, opened, open } = useEventAddress();
  const { feed, state } = useEventFeed(filter);
  const { rows } = state;
  const counts = useQuery({
    queryKey: COUNTS_KEY,
    queryFn: ({ signal }) => operationsApi.counts(signal),
    refetchInterval: 30_000,
  });
  const [isAtTop, setAtTop] = useState(true);
  const comment = useRef<HTMLTextAreaElement>(null);
  const handle = useRef<VirtualHandle>(null);
  const isNarrow = useNarrow();
  const waiting = useWaiting(rows, isAtTop);
  const work = useEventWork({ feed, rows, filter, me, mayAct, opened, open, comment, handle });
  const { chosen, setChosen } = work;
  const openedAt = opened === null ? -1 : indexOfEvent(rows, opened);
  const isAllChosen = rows.length > 0 && chosen.size >= rows.length;
  return (
    <div className="messages-page events-page" data-testid="events-page">
      <div className="page-head">
        <h1>{t('events.title')}</h1>
        <PriorityCounts
          counts={counts.data?.open ?? {}}
          chosen={filter.priorities.length === PRIORITIES.length ? [] : filter.priorities}
          onChoose={(priority) =>
            change({
              priorities:
                filter.priorities.length === PRIORITIES.length ? [priority] : withOrWithout(filter.priorities, priority),
            })
          }
        />
        <span className="grow" />
        <Button size="compact-sm" variant="subtle" color="gray" onClick={() => showKeys(true)} className="only-wide">
          <kbd>?</kbd>&nbsp;{t('keys.title')}
        </Button>
      </div>
      <EventFilters filter={filter} refusal={state.refusal} onChange={change} />
      <div className="list-head">
        <span className="dim tabular" role="status" data-testid="event-count">
          {t(state.hasMore ? 'events.shownMore' : 'messages.shown', { count: integer(rows.length, language) })}
        </span>
        {waiting > 0 && (
          <Button size="compact-xs" onClick={() => handle.current?.toTop()} data-testid="new-events">
            {t('events.new', { count: integer(waiting, language) })}
          </Button>
        )}
        <span className="grow" />
        <Button size="compact-xs" variant="default" onClick={() => feed?.reload()} data-testid="refresh-button">
          {t('messages.refresh')}
        </Button>
      </div>
      {chosen.size > 0 && (
        <EventBulk
          count={chosen.size}
          isBusy={work.isBusy}
          mayAct={mayAct}
          me={me}
          onAlter={work.act}
          onClear={() => setChosen(new Set())}
          onAll={state.hasMore ? () => void work.chooseMatching() : null}
        />
      )}
      <div className={opened === null ? 'split' : 'split split-open'}>
        <EventTable
          rows={rows}
          rowPx={isNarrow ? 62 : 28}
          cursor={work.cursor}
          opened={opened}
          chosen={chosen}
          todayMs={new Date().setHours(0, 0, 0, 0)}
          isAllChosen={isAllChosen}
          onChooseAll={() => setChosen(isAllChosen ? new Set() : new Set(rows.map(({ number }) => number)))}
          onOpen={work.openRow}
          onChoose={work.choose}
          onNearEnd={() => void feed?.more()}
          onTop={setAtTop}
          handle={handle}
          foot={
            rows.length > 0 ? (
              <div className="table-foot">{state.hasMore ? <Loader size="xs" /> : t('events.end')}</div>
            ) : (
              <div className="empty">
                {state.isLoaded ? t(isOpenView(filter) ? 'events.emptyOpen' : 'events.emptyFiltered') : <Loader size="sm" />}
              </div>
            )
          }
        />
        {opened !== null && (
          <EventDrawer
            key={opened}
            number={opened}
            changedAt={openedAt < 0 ? null : (rows[openedAt]?.changedAt ?? null)}
            me={me}
            mayAct={mayAct}
            commentRef={comment}
            onClose={() => open(null)}
            onAlter={(alteration) => work.alter([opened], alteration)}
          />
        )}
      </div>
    </div>
  );
}

/** How many came at the top while somebody reads further down. */
function useWaiting(rows: EventList, isAtTop: boolean): number {
  const [seen, setSeen] = useState(0);
  const newest = rows[0]?.number ?? 0;
  useEffect(() => {
    if (isAtTop) setSeen(newest);
  }, [isAtTop, newest]);
  if (isAtTop || seen === 0) return 0;
  return Math.max(
    0,
    rows.findIndex((row) => row.number <= seen),
  );
}

function withOrWithout<Value>(chosen: readonly Value[], value: Value): readonly Value[] {
  const after = chosen.includes(value) ? chosen.filter((each) => each !== value) : [...chosen, value];
  const ordered = PRIORITIES.filter((each) =>
    (after as readonly unknown[]).includes(each),
  ) as readonly unknown[] as readonly Value[];
  return ordered.length === 0 ? (PRIORITIES as readonly unknown[] as readonly Value[]) : ordered;
}
