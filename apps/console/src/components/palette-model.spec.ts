import { describe, expect, it } from 'vitest';
import { type Command, distance, matchingCommands } from './palette-model.js';
import { rowAfter } from './use-row-keys.js';

const command = (label: string, change: Partial<Command> = {}): Command => ({
  ...{ id: label, group: 'page', label, hint: '', words: '' },
  ...change,
});
const found = (typed: string, ...all: readonly Command[]) => matchingCommands(all, typed, 10).map(({ label }) => label);

describe('what is typed into the palette', () => {
  it('finds what begins with it before what only has it somewhere', () =>
    expect(found('web', command('My web'), command('xweb'), command('web1'))).toEqual(['web1', 'My web', 'xweb']));
  it('finds by id and by other words, after the name', () =>
    expect(found('ev', command('Z', { words: 'events' }), command('Y', { hint: 'ev1' }), command('Events'))).toEqual([
      'Events',
      'Y',
      'Z',
    ]));
  it('must be there with all its words, in whatever order', () => {
    expect(distance(command('Tokyo web'), 'web tok')).not.toBeNull();
    expect(distance(command('Tokyo web'), 'web osaka')).toBeNull();
  });
  it('is the same in whatever width and case', () => expect(found('ＷＥＢ', command('web1'))).toEqual(['web1']));
  it('means its characters, not a pattern', () => {
    expect(found('(a+)+$', command('x'))).toEqual([]);
    expect(found('c++', command('lib c++'))).toEqual(['lib c++']);
  });
  it('is nothing: everything, in its order', () => expect(found('', command('b'), command('a'))).toEqual(['b', 'a']));
});

describe('walking along rows', () => {
  it.each([
    [3, -1, 1, 0],
    [3, -1, -1, 2],
    [3, 0, 1, 1],
    [3, 2, 1, 2],
    [3, 0, -1, 0],
    [0, -1, 1, null],
  ] as const)('of %d, from %d by %d to %j', (count, at, by, expected) => expect(rowAfter(count, at, by)).toBe(expected));
});
