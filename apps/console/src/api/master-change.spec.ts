import { describe, expect, it } from 'vitest';
import { masterChange } from './master-change.js';

const a6 = { name: 'a', epoch: 6 };
describe('the news of a new Master', () => {
  it('is not told at first sight', () => expect(masterChange(null, a6)).toEqual({ known: a6, announce: false }));
  it('is told once', () => {
    const b7 = { name: 'b', epoch: 7 };
    expect(masterChange(a6, b7)).toEqual({ known: b7, announce: true });
    expect(masterChange(b7, b7).announce).toBe(false);
  });
  it('waits while nobody is Master', () => expect(masterChange(a6, null)).toEqual({ known: a6, announce: false }));
  it('never goes back: a late answer of an older epoch is not news', () =>
    expect(masterChange({ name: 'b', epoch: 7 }, a6)).toEqual({ known: { name: 'b', epoch: 7 }, announce: false }));
});
