import { useQueryClient } from '@tanstack/react-query';
import { MAX_EVENTS_AT_ONCE } from '@yosugara/protocol';
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import { streamPorts } from '../api/browser-ports.js';
import { isPassing } from '../api/client.js';
import { EventFeed, type EventFeedState } from '../api/event-feed.js';
import { belongsToList, type EventFilter, eventQueryOf } from '../api/event-filter.js';
import { inParts } from '../api/event-list.js';
import { LiveLink } from '../api/link.js';
import { operationsApi } from '../api/operations.js';
import { backoffMs } from '../api/reconnect.js';

export const COUNTS_KEY = ['events', 'counts'] as const;
const COUNT_AGAIN_MS = 1_000;

const feedPorts = {
  fetchPage: async (query: string) => await operationsApi.events(query),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const NOTHING: EventFeedState = { rows: [], isLoaded: false, isReading: true, hasMore: true, refusal: null };
const noWatch = () => () => undefined;

/** The list of one filter, with a stream of its own while the page is in sight: a browser has few connections for all its pages. */
export function useEventFeed(filter: EventFilter): { readonly feed: EventFeed | null; readonly state: EventFeedState } {
  const client = useQueryClient();
  const [feed, setFeed] = useState<EventFeed | null>(null);
  const query = eventQueryOf(filter);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the query says all of the filter.
  useEffect(() => {
    const made = new EventFeed(query, belongsToList(filter), feedPorts);
    let lastId: string | null = null;
    const link = new LiveLink(streamPorts('/api/v1/events/stream', () => lastId));
    let counting: ReturnType<typeof setTimeout> | undefined;
    link.setQuery(query);
    link.listen({
      onHello: () => made.onHello(),
      onEvent: ({ name, id }, body) => {
        lastId = id ?? lastId;
        if (name === 'events') made.onEvents(body);
        if (name === 'lagging') made.reload();
        if (name === 'events' || name === 'lagging')
          counting ??= setTimeout(() => {
            counting = undefined;
            void client.invalidateQueries({ queryKey: COUNTS_KEY });
          }, COUNT_AGAIN_MS);
      },
    });
    const follow = () => (document.visibilityState === 'visible' ? link.start() : link.stop());
    const nudge = () => link.nudge();
    document.addEventListener('visibilitychange', follow);
    window.addEventListener('online', nudge);
    // Whoever was logged out, or found no room for a stream, tries again.
    const retry = setInterval(() => link.state().kind === 'refused' && follow(), 2_000);
    made.reload();
    follow();
    setFeed(made);
    return () => {
      clearInterval(retry);
      clearTimeout(counting);
      document.removeEventListener('visibilitychange', follow);
      window.removeEventListener('online', nudge);
      link.stop();
      made.stop();
    };
  }, [query, client]);
  const state = useSyncExternalStore(feed?.watch ?? noWatch, feed?.state ?? (() => NOTHING));
  return { feed, state };
}

export interface EventAlteration {
  readonly state?: 'unconfirmed' | 'confirming' | 'confirmed';
  readonly comment?: string;
  readonly owner?: string;
}

const MAX_TRIES = 40;

/** Says the same thing again until somebody answers: saying it twice changes nothing. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries += 1)
    try {
      return await ask();
    } catch (error) {
      if (!isPassing(error) || tries >= MAX_TRIES) throw error;
      await new Promise((resolve) => setTimeout(resolve, backoffMs(tries)));
    }
}

export interface Altered {
  readonly changed: number;
  readonly unknown: number;
}

/** Changes however many there are, in as many requests as it takes, over a take-over; the stream brings the rows as they are then. */
export function useAlterEvents(): (numbers: readonly number[], alteration: EventAlteration) => Promise<Altered> {
  const client = useQueryClient();
  return useCallback(
    async (numbers, alteration) => {
      let [changed, unknown] = [0, 0];
      for (const part of inParts(numbers, MAX_EVENTS_AT_ONCE)) {
        const done = await patiently(() => operationsApi.changeEvents({ numbers: [...part], ...alteration }));
        changed += done.changed.length;
        unknown += done.unknown.length;
      }
      await client.invalidateQueries({ queryKey: ['events'] });
      return { changed, unknown };
    },
    [client],
  );
}
