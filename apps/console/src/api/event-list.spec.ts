import type { EventRow } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { type EventList, indexOfEvent, inParts, mergeEvents, rangeOf } from './event-list.js';
import { anEvent } from './testing/an-event.js';

const all = () => true;
const numbers = (list: EventList) => list.map(({ number }) => number);
const of = (...list: readonly number[]) => list.map((number) => anEvent(number));
const later = (second: number) => `2026-11-21T10:00:0${second}.000Z`;

describe('the list of events', () => {
  it('has each number once and the newest first, in whatever order and however often they come', () => {
    const batches = [of(5, 4), of(9, 7, 5), of(7, 8), of(6, 9), of(4)];
    for (let turn = 0; turn < batches.length; turn += 1) {
      const order = [...batches.slice(turn), ...batches.slice(0, turn)];
      const list = order.reduce<EventList>((before, rows) => mergeEvents(before, rows, all, 0), []);
      expect(numbers(list)).toEqual([9, 8, 7, 6, 5, 4]);
    }
  });
  it('is the same one when nothing is new, so that nothing is drawn again', () => {
    const list = of(3, 2, 1);
    expect(mergeEvents(list, of(2, 3), all, 0)).toBe(list);
    expect(mergeEvents(list, [], all, 0)).toBe(list);
  });
  it('keeps what is shown when it does not belong there any more, and takes nothing new of that kind', () => {
    const isOpen = ({ state }: EventRow) => state !== 'confirmed';
    const done = { state: 'confirmed', changedAt: later(1) } as const;
    const list = mergeEvents(of(3, 2), [anEvent(2, done), anEvent(4, done)], isOpen, 0);
    expect(list.map(({ number, state }) => `${number} ${state}`)).toEqual(['3 unconfirmed', '2 confirmed']);
  });
  it('does not go back to what an answer says that was on its way', () => {
    const known = mergeEvents(of(1), [anEvent(1, { state: 'confirmed', changedAt: later(2) })], all, 0);
    expect(mergeEvents(known, [anEvent(1), anEvent(1, { changedAt: later(1) })], all, 0)).toBe(known);
  });
  it('shows that a storm has grown, though nobody changed it', () => {
    const list = mergeEvents(of(1), [anEvent(1, { folded: 5, lastAt: later(3) })], all, 0);
    expect(list[0]).toMatchObject({ folded: 5, lastAt: later(3) });
  });
  it('leaves no gap: what is below the last page waits for its own', () => {
    expect(numbers(mergeEvents(of(9, 8), of(3), all, 8))).toEqual([9, 8]);
    expect(numbers(mergeEvents(of(9, 8), of(10), all, 8))).toEqual([10, 9, 8]);
  });
  it('finds a number, or says that it is not there', () => {
    const list = of(...Array.from({ length: 1_000 }, (_, at) => 2_000 - at * 2));
    for (const number of [2_000, 2, 1_002]) expect(list[indexOfEvent(list, number)]?.number).toBe(number);
    for (const number of [2_001, 1, 1_001]) expect(indexOfEvent(list, number)).toBe(-1);
    expect(indexOfEvent([], 1)).toBe(-1);
  });
  it('is chosen from one to the other, whichever comes first', () => {
    const list = of(9, 7, 5, 3);
    expect([rangeOf(list, 9, 5), rangeOf(list, 5, 9), rangeOf(list, 1, 5)]).toEqual([[9, 7, 5], [9, 7, 5], [5]]);
  });
  it('is changed in as many requests as it takes, all of it', () => {
    const chosen = Array.from({ length: 2_500 }, (_, at) => at);
    const parts = inParts(chosen, 1_000);
    expect(parts.map((part) => part.length)).toEqual([1_000, 1_000, 500]);
    expect(parts.flat()).toEqual(chosen);
    expect(inParts([], 1_000)).toEqual([]);
  });
});
