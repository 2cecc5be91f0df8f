import { EVENT_STATES, PRIORITIES } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { belongsToList, eventAddressOf, eventFilterOf, eventQueryOf, isOpenView, OPEN_EVENTS, toggled } from './event-filter.js';
import { anEvent } from './testing/an-event.js';

const ofText = (text: string) => eventFilterOf(new URLSearchParams(text));

describe('the filter of events in the address of the page', () => {
  it('is short for the usual view: what nobody is done with', () => {
    expect(ofText('')).toEqual(OPEN_EVENTS);
    expect(eventAddressOf(OPEN_EVENTS).toString()).toBe('');
    expect(isOpenView(OPEN_EVENTS)).toBe(true);
  });
  it('comes back as it went', () => {
    for (const states of [EVENT_STATES, ['confirmed'], ['unconfirmed', 'confirmed']] as const)
      for (const priorities of [PRIORITIES, ['critical'], ['unknown', 'info']] as const)
        for (const text of ['', 'a & b=c #ü 監視']) {
          const filter = { states, priorities, text, facility: 'web:1', monitor: '', owner: 'ops' };
          expect(ofText(eventAddressOf(filter).toString())).toEqual(filter);
        }
  });
  it('leaves alone what is not of the filter, such as the open event', () =>
    expect(eventAddressOf({ ...OPEN_EVENTS, text: 'x' }, new URLSearchParams('event=7&monitor=old')).toString()).toBe(
      'event=7&text=x',
    ));
  it('of a stranger, with words that are none, shows the usual view', () => {
    expect(ofText('state=nothing&priority=terrible')).toEqual(OPEN_EVENTS);
    expect(ofText(`text=${'x'.repeat(5_000)}`).text).toHaveLength(256);
  });
  it('asks the manager for no more than it restricts', () => {
    expect(eventQueryOf({ ...OPEN_EVENTS, states: EVENT_STATES })).toBe('');
    expect(eventQueryOf({ ...OPEN_EVENTS, text: ' disk ' })).toBe('state=unconfirmed%2Cconfirming&text=disk');
  });
  it('has at least one of each kind of choice', () => {
    expect(toggled(EVENT_STATES, ['confirmed'], 'confirmed')).toEqual(['confirmed']);
    expect(toggled(EVENT_STATES, ['confirmed'], 'unconfirmed')).toEqual(['unconfirmed', 'confirmed']);
  });
  it('keeps off the list what the stream tells of other states', () => {
    const belongs = belongsToList({ ...OPEN_EVENTS, owner: 'ops' });
    expect(belongs(anEvent(1, { owner: 'ops' }))).toBe(true);
    expect(belongs(anEvent(1, { owner: 'ops', state: 'confirmed' }))).toBe(false);
    expect(belongs(anEvent(1, { owner: null }))).toBe(false);
  });
});
