import { describe, expect, it } from 'vitest';
import { Tallies } from './tally.js';

const at = (minute: number, node: string, source = '10.0.0.1') => ({ node, source, atUs: minute * 60_000_000 + 59_999_999 });

describe('what a step consumed', () => {
  it('is counted by minute of receipt, source and node', () => {
    const tallies = new Tallies();
    tallies.received(at(1, 'a'), 'matched');
    tallies.received(at(1, 'a'), 'alone');
    tallies.received(at(1, 'b'), 'matched');
    tallies.received(at(2, 'a'), 'unpaired');
    tallies.received(at(1, 'a', '10.0.0.2'), 'alone');
    expect(tallies.list()).toEqual([
      { minute: 1, source: '10.0.0.1', node: 'a', received: 2, matched: 1, unpaired: 0 },
      { minute: 1, source: '10.0.0.1', node: 'b', received: 1, matched: 1, unpaired: 0 },
      { minute: 1, source: '10.0.0.2', node: 'a', received: 1, matched: 0, unpaired: 0 },
      { minute: 2, source: '10.0.0.1', node: 'a', received: 1, matched: 0, unpaired: 1 },
    ]);
  });
  it('counts a copy that came late for the record that was consumed before, not as received again', () => {
    const tallies = new Tallies();
    tallies.matchedLate(at(1, 'a'));
    expect(tallies.list()).toEqual([{ minute: 1, source: '10.0.0.1', node: 'a', received: 0, matched: 1, unpaired: 0 }]);
  });
  it('leaves out what has no source', () => {
    const tallies = new Tallies();
    tallies.received({ node: 'a', atUs: 0 }, 'alone');
    expect(tallies.list()).toEqual([]);
  });
});
