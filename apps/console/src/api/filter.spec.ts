import { describe, expect, it } from 'vitest';
import { addressOf, boundsOf, filterOf, isFiltered, liveQuery, NO_FILTER, NO_WORDS, searchQuery } from './filter.js';

describe('the filter', () => {
  it('survives the way through the page’s address', () => {
    const filter = {
      ...NO_FILTER,
      mode: 'search',
      text: 'a&b=ü',
      severity: 'err',
      range: 'custom',
      since: '2026-11-21T09:00',
    } as const;
    expect(filterOf(new URLSearchParams(addressOf(filter).toString()))).toEqual(filter);
  });
  it('is empty in the address when nothing is asked', () => expect(addressOf(NO_FILTER).toString()).toBe(''));
  it('takes only what it knows from an address somebody typed', () =>
    expect(filterOf(new URLSearchParams('mode=x&range=y'))).toMatchObject({ mode: 'live', range: '1h' }));
  it('asks the stream only for what is set', () =>
    expect(liveQuery({ ...NO_FILTER, text: ' disk ', kind: 'trap' })).toBe('text=disk&kind=trap'));
  it('asks for traps by name, and by what they carry', () => {
    const filter = { ...NO_FILTER, trap: 'linkDown', varbind: 'ifOperStatus[7]=down' };
    expect([...new URLSearchParams(liveQuery(filter))]).toEqual([
      ['trap', 'linkDown'],
      ['varbind', 'ifOperStatus[7]=down'],
    ]);
    expect(filterOf(addressOf(filter))).toEqual(filter);
    expect(isFiltered(filter)).toBe(true);
    expect({ ...filter, ...NO_WORDS }).toEqual(NO_FILTER);
  });
  it('fixes the begin of a relative time when the search begins', () => {
    const bounds = boundsOf({ ...NO_FILTER, range: '10m' }, Date.parse('2026-11-21T00:10:00Z'));
    expect(searchQuery(NO_FILTER, bounds, 'c1', 100)).toBe('since=2026-11-21T00%3A00%3A00.000Z&after=c1&limit=100');
  });
  it('reads a typed time in the local zone', () =>
    expect(boundsOf({ ...NO_FILTER, range: 'custom', since: '2026-11-21T09:00', until: '' }, 0)).toEqual({
      since: new Date(2026, 10, 21, 9).toISOString(),
      until: null,
    }));
});
