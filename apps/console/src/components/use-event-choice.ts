import { useCallback, useEffect, useRef, useState } from 'react';
import type { EventFeed } from '../api/event-feed.js';
import type { EventFilter } from '../api/event-filter.js';
import { type EventList, rangeOf } from '../api/event-list.js';
import { integer } from '../i18n/format.js';
import { useText } from '../i18n/language.js';
import { useToast } from './toasts.js';
import { usePresses } from './use-command.js';
import { type EventAlteration, useAlterEvents } from './use-events.js';

/** "All that match" reads at most so many. */
const MOST_CHOSEN = 100_000;

/** Which events of a list somebody means. */
export function useEventChoice(feed: EventFeed | null, rows: EventList, filter: EventFilter) {
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set());
  const [isLoading, setLoading] = useState(false);
  const lastChosen = useRef<number | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list: nothing of the old choice is meant.
  useEffect(() => setChosen(new Set()), [feed]);
  const choose = useCallback(
    (number: number, isRange: boolean) => {
      const numbers = isRange && lastChosen.current !== null ? rangeOf(rows, lastChosen.current, number) : [number];
      lastChosen.current = number;
      setChosen((before) => {
        const after = new Set(before);
        const isAdded = isRange || !before.has(number);
        for (const each of numbers) isAdded ? after.add(each) : after.delete(each);
        return after;
      });
    },
    [rows],
  );
  /** Also what is not loaded yet. */
  const chooseMatching = async () => {
    if (feed === null) return;
    setLoading(true);
    while (feed.state().hasMore && feed.state().rows.length < MOST_CHOSEN && (await feed.more()));
    setChosen(
      new Set(
        feed
          .state()
          .rows.filter((row) => filter.states.includes(row.state))
          .map(({ number }) => number),
      ),
    );
    setLoading(false);
  };
  return { chosen, setChosen, choose, chooseMatching, isLoading };
}

/** Changes events, and says how many that were. */
export function useAlterAndSay(mayAct: boolean) {
  const { t, language } = useText();
  const toast = useToast();
  const alterEvents = useAlterEvents();
  const begin = usePresses();
  const [isBusy, setBusy] = useState(false);
  const alter = useCallback(
    async (numbers: readonly number[], alteration: EventAlteration): Promise<boolean> => {
      if (numbers.length === 0 || !mayAct) return false;
      const end = begin([numbers, alteration]);
      if (end === null) return false;
      setBusy(true);
      try {
        const done = await alterEvents(numbers, alteration);
        if (numbers.length > 1 || done.unknown > 0)
          toast({
            text: t(done.unknown > 0 ? 'events.changedSome' : 'events.changed', {
              count: integer(done.changed, language),
              unknown: done.unknown,
            }),
            tone: 'good',
          });
        return true;
      } catch (error) {
        toast({ text: t('common.error', { message: error instanceof Error ? error.message : String(error) }), tone: 'bad' });
        return false;
      } finally {
        end();
        setBusy(false);
      }
    },
    [alterEvents, begin, language, mayAct, t, toast],
  );
  return { alter, isBusy };
}
