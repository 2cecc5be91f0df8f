import { type RefObject, useCallback, useState } from 'react';
import type { EventFeed } from '../api/event-feed.js';
import type { EventFilter } from '../api/event-filter.js';
import { type EventList, indexOfEvent } from '../api/event-list.js';
import { type KeyLine, usePageKeys } from './key-registry.js';
import { useAlterAndSay, useEventChoice } from './use-event-choice.js';
import type { EventAlteration } from './use-events.js';
import { useKeys } from './use-keys.js';
import type { VirtualHandle } from './virtual-list.js';

interface WorkProps {
  readonly feed: EventFeed | null;
  readonly rows: EventList;
  readonly filter: EventFilter;
  readonly me: string;
  readonly mayAct: boolean;
  /** The one whose drawer is open. */
  readonly opened: number | null;
  readonly open: (number: number | null) => void;
  readonly comment: RefObject<HTMLTextAreaElement | null>;
  readonly handle: RefObject<VirtualHandle | null>;
}

/** Working through a list of events: a cursor that goes on, what is chosen, and what is done with either, by keys too. */
export function useEventWork({ feed, rows, filter, me, mayAct, opened, open, comment, handle }: WorkProps) {
  const [cursor, setCursor] = useState<number | null>(opened);
  const { chosen, setChosen, choose: chooseOne, chooseMatching, isLoading } = useEventChoice(feed, rows, filter);
  const { alter, isBusy } = useAlterAndSay(mayAct);
  usePageKeys(KEYS);
  const choose = useCallback(
    (number: number, isRange: boolean) => {
      setCursor(number);
      chooseOne(number, isRange);
    },
    [chooseOne],
  );
  const openRow = useCallback(
    (number: number) => {
      setCursor(number);
      open(number);
    },
    [open],
  );
  const move = (by: number) => {
    const at = cursor === null ? -1 : indexOfEvent(rows, cursor);
    const next = rows[Math.min(rows.length - 1, Math.max(0, at + by))];
    if (next === undefined) return;
    setCursor(next.number);
    if (opened !== null) open(next.number);
  };
  /** What is chosen, or what the cursor is on; then on to the next. */
  const act = (alteration: EventAlteration) => {
    if (chosen.size > 0) {
      void alter([...chosen], alteration).then((isDone) => isDone && setChosen(new Set()));
      return;
    }
    if (cursor === null) return;
    void alter([cursor], alteration);
    if (alteration.state === 'confirmed' && opened === null) move(1);
  };
  useKeys({
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    PageDown: () => move(20),
    PageUp: () => move(-20),
    Home: () => {
      setCursor(rows[0]?.number ?? null);
      handle.current?.toTop();
    },
    Enter: () => cursor !== null && open(cursor),
    o: () => cursor !== null && open(cursor),
    Escape: () => (opened !== null ? open(null) : setChosen(new Set())),
    a: () => act({ state: 'confirmed' }),
    u: () => act({ state: 'unconfirmed' }),
    w: () => act({ state: 'confirming' }),
    m: () => act({ owner: me }),
    x: () => cursor !== null && choose(cursor, false),
    X: () => cursor !== null && choose(cursor, true),
    c: () => {
      if (cursor === null) return;
      open(cursor);
      setTimeout(() => comment.current?.focus(), 50);
    },
    '/': () => document.querySelector<HTMLInputElement>('[data-testid=event-text]')?.focus(),
  });
  return { cursor, chosen, setChosen, choose, chooseMatching, openRow, act, alter, isBusy: isBusy || isLoading };
}

const KEYS: readonly KeyLine[] = [
  ['j', 'k', 'keys.move'],
  ['Enter', '', 'keys.open'],
  ['a', '', 'keys.confirm'],
  ['u', '', 'keys.unconfirm'],
  ['w', '', 'keys.take'],
  ['m', '', 'keys.own'],
  ['c', '', 'keys.comment'],
  ['x', 'X', 'keys.choose'],
  ['Esc', '', 'keys.back'],
];
