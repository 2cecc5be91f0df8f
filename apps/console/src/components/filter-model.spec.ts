import type { SettingView } from '@yosugara/protocol';
import { describe, expect, it } from 'vitest';
import { addressWith, filterBody, filterIdOf, filterText, savedFilters } from './filter-model.js';

const saved = (id: string, change: { by?: string; body?: object; enabled?: boolean } = {}): SettingView => ({
  ...{ kind: 'filter', id, revision: 1, description: '', enabled: change.enabled ?? true, ownerRole: 'operator', hasSecret: [] },
  ...{ createdAt: '', createdBy: change.by ?? 'eva', modifiedAt: '', modifiedBy: 'eva' },
  body: { name: id, view: 'events', query: { text: 'disk' }, isShared: true, ...change.body },
});

describe('the filter of an address', () => {
  it('is the same however its parts are ordered, and whatever else the address says', () => {
    const one = filterText('events', new URLSearchParams('text=disk&state=all&event=7'));
    expect(one).toBe(filterText('events', new URLSearchParams('event=9&state=all&text=disk&filter=x')));
    expect(new URLSearchParams(one).get('text')).toBe('disk');
  });
  it('is empty where nothing differs from the usual', () =>
    expect(filterText('graphs', new URLSearchParams('filter=x'))).toBe(''));
});

describe('the saved filters of a page', () => {
  it('are those that are shared and one’s own, by name', () => {
    const settings = [
      saved('own', { by: 'me', body: { isShared: false, name: 'B' } }),
      saved('theirs', { body: { isShared: false } }),
      saved('shared', { body: { name: 'A' } }),
    ];
    expect(savedFilters(settings, 'events', 'me').map(({ id }) => id)).toEqual(['shared', 'own']);
  });
  it('are not those of other pages, nor switched off, nor in a form that nobody knows', () => {
    const settings = [saved('a', { body: { view: 'nodes' } }), saved('b', { enabled: false }), saved('c', { body: { name: 1 } })];
    expect(savedFilters(settings, 'events', 'me')).toEqual([]);
  });
  it('hold lists, numbers and truth as an address does', () => {
    const [one] = savedFilters([saved('a', { body: { query: { state: ['unconfirmed', 'confirmed'] } } })], 'events', 'me');
    expect(new URLSearchParams(one?.query).get('state')).toBe('unconfirmed,confirmed');
  });
});

describe('picking a filter', () => {
  it('replaces the fields, and leaves what is no filter', () => {
    const after = addressWith('events', new URLSearchParams('text=disk&event=7'), 'owner=eva', 'mine');
    expect(Object.fromEntries(after)).toEqual({ event: '7', owner: 'eva', filter: 'mine' });
  });
  it('picks none', () => expect(addressWith('nodes', new URLSearchParams('filter=x&scope=a'), '', null).toString()).toBe(''));
  it('is what was saved, after all', () => {
    const query = filterText('statuses', new URLSearchParams('priority=critical&text=a b'));
    const body = filterBody('statuses', ' Night ', query, false);
    expect(body).toEqual({ name: 'Night', view: 'statuses', isShared: false, query: { priority: 'critical', text: 'a b' } });
    expect(savedFilters([saved('x', { by: 'me', body })], 'statuses', 'me')[0]?.query).toBe(query);
  });
});

describe('the id of a new filter', () => {
  it('says the name', () => expect(filterIdOf('events', 'Tokyo: Disks!', new Set())).toBe('events-tokyo-disks'));
  it('is the page’s where the name has no letter that an id may have', () =>
    expect(filterIdOf('events', '夜間', new Set())).toBe('events'));
  it('is another one where there is one already', () =>
    expect(filterIdOf('events', '夜間', new Set(['events', 'events-2']))).toBe('events-3'));
});
