import { describe, expect, it } from 'vitest';
import { bodyOf, draftOf, isSame } from './retention-model.js';

const setting = { revision: 3, enabled: true, body: { days: { events: 30, values: null }, window: null, calendar: null } };

describe('how long is kept what, as somebody types it', () => {
  it('begins with what is set, and nothing where the file decides', () => {
    expect(draftOf({ setting }).days).toEqual({ events: '30' });
    expect(draftOf({ setting: null })).toEqual({ days: {}, window: null, calendar: null });
  });
  it('is the same when only an empty field came', () => {
    const draft = draftOf({ setting });
    expect(isSame(draft, { ...draft, days: { values: '', events: '30' } })).toBe(true);
    expect(isSame(draft, { ...draft, days: { events: '31' } })).toBe(false);
  });
  it('says nothing of what is left empty', () =>
    expect(bodyOf({ days: { events: '31', values: ' ' }, window: null, calendar: 'night' })).toEqual({
      ...{ days: { events: 31 }, window: null, calendar: 'night' },
    }));
});
