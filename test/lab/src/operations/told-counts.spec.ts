import { describe, expect, it } from 'vitest';
import { countTold } from './told-counts.js';

const WAYS = [{ notification: 'mail', way: 'SMTP' }];
const count = (wanted: readonly string[], taken: readonly string[], takeOvers = 1, inFlight = wanted) => {
  const ids = new Map([['mail', new Set(wanted)]]);
  return countTold(WAYS, { ids, taken: new Map([['mail', taken]]), takeOvers, inFlight: new Set(inFlight) });
};

describe('what was told', () => {
  it('is right when each id came once', () => {
    const { counts, violations } = count(['a', 'b'], ['b', 'a']);
    expect([counts[0], violations]).toEqual([expect.objectContaining({ sent: 2, lost: 0, doubled: 0 }), []]);
  });
  it('may have come twice when it was in flight at a take-over', () => {
    const { counts, violations } = count(['a', 'b'], ['a', 'a', 'b']);
    expect([counts[0]?.doubled, violations]).toEqual([1, []]);
  });
  it.each([
    ['more than one was in flight', ['a', 'a', 'b', 'b'], /2 came once more/],
    ['one came three times', ['a', 'a', 'a', 'b'], /2 came once more/],
    ['one did not come', ['a'], /1 of 2 were not told, such as b/],
    ['one came that was never stored', ['a', 'b', 'c'], /1 were told that nobody stored, such as c/],
  ])('is wrong when %s', (_, taken, says) => expect(count(['a', 'b'], taken).violations.join()).toMatch(says));
  it('is wrong when what came twice was marked as told before the take-over', () =>
    expect(count(['a', 'b'], ['a', 'a', 'b'], 1, ['b']).violations).toEqual([
      'mail: 1 came twice though they were not in flight, such as a',
    ]));
  it('is wrong when something came twice and nobody took over', () =>
    expect(count(['a'], ['a', 'a'], 0).violations).toHaveLength(1));
});
