import { describe, expect, it } from 'vitest';
import { type DraftStore, Drafts } from './drafts.js';

function aStore(): DraftStore & { readonly texts: Map<string, string> } {
  const texts = new Map<string, string>();
  return {
    texts,
    getItem: (key) => texts.get(key) ?? null,
    setItem: (key, value) => void texts.set(key, value),
    removeItem: (key) => void texts.delete(key),
    get length() {
      return texts.size;
    },
    key: (at) => [...texts.keys()][at] ?? null,
  };
}

describe('a text that somebody has begun', () => {
  it('is there after the page was loaded again, and gone when it was sent', () => {
    const store = aStore();
    new Drafts(() => store).set('event.7', 'the disk is');
    const after = new Drafts(() => store);
    expect(after.get('event.7')).toBe('the disk is');
    expect(after.get('event.8')).toBeNull();
    after.drop('event.7');
    expect(new Drafts(() => store).get('event.7')).toBeNull();
  });
  it('is told with all others, to whoever takes them along', () => {
    const store = aStore();
    store.setItem('something.else', 'x');
    new Drafts(() => store).set('event.7', 'the disk is');
    const after = new Drafts(() => store);
    after.set('event.8', 'the fan is');
    expect(after.all()).toEqual({ 'event.7': 'the disk is', 'event.8': 'the fan is' });
  });
  it('is kept while the page lives when the browser refuses its store', () => {
    const drafts = new Drafts(() => {
      throw new Error('SecurityError');
    });
    drafts.set('event.7', '');
    expect(drafts.get('event.7')).toBe('');
    drafts.drop('event.7');
    expect(drafts.get('event.7')).toBeNull();
  });
});
