import { Alert, Button, Loader } from '@mantine/core';
import type { MessageRow } from '@yosugara/protocol';
import { useEffect, useState, useSyncExternalStore } from 'react';
import { api, serverNowMs } from '../api/client.js';
import { type Filter, isFiltered, liveQuery } from '../api/filter.js';
import { useCluster, useLink } from '../api/live.js';
import { LiveFeed } from '../api/live-feed.js';
import { PauseIcon, PlayIcon } from '../components/icons.js';
import { MessageTable } from '../components/message-table.js';
import { RateChart } from '../components/rate-chart.js';
import { useNow } from '../components/use-now.js';
import { useToggled } from '../components/use-toggled.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';

/** Rows drawn while following; more is for the search. */
const DRAWN = 300;

const feedPorts = {
  nowMs: serverNowMs,
  fetchPage: async (query: string) => await api.messages(query),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const NOTHING: readonly MessageRow[] = [];
const noWatch = () => () => undefined;

/** A feed for this filter, listening to the page's one stream. */
function useFeed(query: string): LiveFeed | null {
  const link = useLink();
  const [feed, setFeed] = useState<LiveFeed | null>(null);
  useEffect(() => {
    const made = new LiveFeed(query, feedPorts);
    const unlisten = link.listen({
      onHello: () => made.onHello(),
      onQueryRefused: () => made.refuse(),
      onMessages: (body) => {
        try {
          made.onMessages(body);
        } catch {
          // A batch in a form this console does not know: asking for the rows says what is wrong, or brings them.
          made.onHello();
        }
      },
    });
    // A stream that is up already with this filter says no hello again.
    const state = link.state();
    const changed = link.setQuery(query);
    if (!changed && state.kind === 'open' && state.hello !== null) made.onHello();
    setFeed(made);
    return () => {
      unlisten();
      made.stop();
    };
  }, [link, query]);
  // Leaving the page: the other pages want the unfiltered stream, and do not look at its messages.
  useEffect(() => () => void link.setQuery(''), [link]);
  return feed;
}

/** Rows as shown: they stand still while paused, whatever comes in. */
function usePausable(rows: readonly MessageRow[], feed: LiveFeed | null) {
  const [frozen, setFrozen] = useState<readonly MessageRow[] | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another feed is another list; nothing of the old one stays.
  useEffect(() => setFrozen(null), [feed]);
  const newest = frozen?.[0];
  const known = newest === undefined ? 0 : rows.findIndex((row) => row.id === newest.id);
  const waiting = frozen === null ? 0 : known < 0 ? rows.length : frozen.length === 0 ? rows.length : known;
  return {
    shown: frozen ?? rows,
    paused: frozen !== null,
    waiting,
    pause: () => setFrozen((now) => now ?? rows),
    resume: () => setFrozen(null),
  };
}

export function LiveMessages({ filter }: { readonly filter: Filter }) {
  const { t, language } = useText();
  const { status } = useCluster();
  const feed = useFeed(liveQuery(filter));
  const rows = useSyncExternalStore(feed?.watch ?? noWatch, () => feed?.rows() ?? NOTHING);
  const { shown, paused, waiting, pause, resume } = usePausable(rows, feed);
  const [opened, toggle] = useToggled();
  useNow(1_000);
  const nowMs = serverNowMs();
  const drawn = shown.slice(0, DRAWN);
  const refusal = useSyncExternalStore(feed?.watch ?? noWatch, () => feed?.refusal() ?? null);
  const loaded = (feed?.loaded() ?? false) || refusal !== null;
  const open = (id: string) => {
    // Whoever reads a message does not want it to move away.
    pause();
    toggle(id);
  };
  return (
    <>
      <RateChart bins={feed?.rate.bins(nowMs) ?? []} coveredFromMs={feed?.coveredFromMs() ?? 0} />
      <div className="list-head">
        <span className={paused ? 'follow-dot paused' : 'follow-dot'} aria-hidden="true" />
        <span role="status" data-testid="follow-state">
          {t(paused ? 'messages.paused' : 'messages.following')}
        </span>
        <span className="dim tabular" data-testid="shown-count">
          {t('messages.shown', { count: integer(drawn.length, language) })}
        </span>
        <span className="grow" />
        <Button
          size="xs"
          variant={paused ? 'filled' : 'default'}
          leftSection={paused ? <PlayIcon /> : <PauseIcon />}
          onClick={paused ? resume : pause}
          data-testid="pause-button"
          aria-pressed={paused}
        >
          {!paused
            ? t('messages.pause')
            : waiting > 0
              ? t('messages.resumeNew', { count: integer(waiting, language) })
              : t('messages.resume')}
        </Button>
      </div>
      {refusal !== null && (
        <Alert color="yellow" role="alert" title={t('messages.badFilter')} data-testid="filter-refused">
          {refusal}
        </Alert>
      )}
      <div className="table-place">
        <MessageTable
          rows={drawn}
          nodes={status?.nodes.map((node) => node.name) ?? []}
          opened={opened}
          nowMs={nowMs}
          onToggle={open}
          busy={!loaded}
          empty={loaded ? t(isFiltered(filter) ? 'messages.emptyFiltered' : 'messages.emptyLive') : <Loader size="sm" />}
          foot={shown.length > DRAWN ? t('messages.liveEnd', { count: DRAWN }) : null}
        />
      </div>
    </>
  );
}
