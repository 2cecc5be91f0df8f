import fc from 'fast-check';
import { RE2JS } from 're2js';
import { describe, expect, it } from 'vitest';
import { Automaton } from './automaton.js';
import { anywhere, asGlob, matchesGlob } from './glob.js';
import { longestFoldable, requiredWords } from './literals.js';

const words = (regex: string, caseSensitive: boolean) => requiredWords(RE2JS.compile(regex, RE2JS.DOTALL), caseSensitive);

describe('words that a text must have', () => {
  it.each([
    ['.*Failed password for (invalid user )?\\w+ from.*', [['Failed password for '], [' from']]],
    ['(error|warning|critical): .*', [['error', 'warning', 'critical'], [': ']]],
    ['ab+cdef', [['cdef']]],
    ['(link (up|down)|port .*)', [['link ', 'port ']]],
    ['[0-9]+ errors?', [[' error']]],
    ['.*', []],
    ['(error)?.*', []],
    ['(error|.*)', []],
    ['a|b', []],
    ['(?i)error', []],
    ['aa.*bbb.*cccc.*ddddd.*ee', [['ddddd'], ['cccc'], ['bbb'], ['aa']]],
  ])('of %s are %j', (regex, clauses) => expect(words(regex, true)).toEqual(clauses));
  it('without regard to case are parts whose letters are folded as the engine does', () => {
    expect(words('.*Größe überschritten.*', false)).toEqual([['berschritten']]);
    expect(longestFoldable('ディスク full')).toBe('ディスク full');
  });
});

describe('the automaton of words', () => {
  const scan = (words: readonly string[], text: string) => [...new Set(new Automaton(words).scan(text))].sort((a, b) => a - b);
  it('finds words in words', () => expect(scan(['he', 'she', 'his', 'hers'], 'ushers')).toEqual([0, 1, 3]));
  it('finds what indexOf does, up to case', () =>
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[abAB]{1,5}$/), { minLength: 1, maxLength: 20 }),
        fc.stringMatching(/^[abAB]{0,40}$/),
        (words, text) => {
          expect(scan(words, text)).toEqual(
            words.flatMap((word, at) => (text.toLowerCase().includes(word.toLowerCase()) ? [at] : [])),
          );
        },
      ),
    ));
  it('misses none of very many, of more letters than it has classes', () => {
    const words = Array.from({ length: 10_000 }, (_, at) => `${String.fromCharCode(0x4e00 + (at % 2_000))}${at}`);
    const found = new Automaton(words);
    for (const at of [0, 1, 777, 9_999]) expect(found.scan(`x${words[at]}y`)).toContain(at);
  });
});

describe('a pattern of texts with anything between', () => {
  it.each([
    ['.*a.*', ['', 'a', '']],
    ['a\\.b', ['a.b']],
    ['.*?a', ['', 'a']],
    ['', ['']],
    ['a+', null],
    ['a?b', null],
    ['.*a\\d', null],
    ['a|b', null],
    ['^a', null],
    ['a.b', null],
    ['.*\\++', null],
  ])('%s is %j', (regex, glob) => expect(asGlob(regex)).toEqual(glob));
  it('matches as the native engine does', () =>
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('.*', 'a', 'b', 'ab', '\\.'), { maxLength: 6 }),
        fc.stringMatching(/^[ab.]{0,10}$/),
        (pieces, text) => {
          const regex = pieces.join('');
          expect(matchesGlob(asGlob(regex)!, text)).toBe(new RegExp(`^(?:${regex})$`, 's').test(text));
          expect(matchesGlob(anywhere(asGlob(regex)!), text)).toBe(new RegExp(regex, 's').test(text));
        },
      ),
    ));
});
