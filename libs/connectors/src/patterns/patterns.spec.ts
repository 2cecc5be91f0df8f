import type { Pattern, PatternSpec } from '@yosugara/operations';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { re2Patterns } from './index.js';

const port = re2Patterns();
const spec = (pattern: string, parts: Partial<PatternSpec> = {}): PatternSpec => ({
  pattern,
  mode: 'whole',
  caseSensitive: true,
  ...parts,
});
const one = (pattern: string, parts: Partial<PatternSpec> = {}): Pattern => port.compile([spec(pattern, parts)]).at(0);
const matches = (pattern: string, text: string, parts: Partial<PatternSpec> = {}) => one(pattern, parts).test(text);

describe('a pattern', () => {
  it.each([
    ['link down', 'link down', true],
    ['link down', 'eth0 link down', false],
    ['.*link down.*', 'eth0 link down now', true],
    ['.*down', 'a\ndown', true],
    ['a.*b.*c', 'a1b2c', true],
    ['a.*b.*c', 'acb', false],
    ['a.*aba', 'aba', false],
    ['.*\\[error\\].*', 'x [error] y', true],
    ['.*\\d+ errors', '12 errors', true],
    ['(up|down)', 'down', true],
    ['up|down', 'upside down', false],
    ['', '', true],
    ['', 'x', false],
    ['.', '😀', true],
    ['.*テスト.*', 'これはテストです', true],
  ])('that is whole: %s and %j: %s', (pattern, text, is) => expect(matches(pattern, text)).toBe(is));
  it.each([
    ['down', 'link down now', true],
    ['^down', 'link down', false],
    ['up|down', 'upside down', true],
    ['a.c', 'a\nc', true],
    ['', '', true],
  ])('that is found: %s in %j: %s', (pattern, text, is) => expect(matches(pattern, text, { mode: 'regex' })).toBe(is));
  it.each([
    ['a.c', 'a.c', true],
    ['a.c', 'abc', false],
    ['(', 'x(', true],
    ['', 'x', true],
  ])('that is text: %s in %j: %s', (pattern, text, is) => expect(matches(pattern, text, { mode: 'contains' })).toBe(is));
  it.each([
    ['whole', 'LINK down', 'link DOWN', true],
    ['regex', 'strasse', 'x STRASSE', true],
    ['contains', 'a.C', 'A.c', true],
    ['contains', 'a.c', 'abc', false],
    ['regex', 'sick', '\u017fic\u212a', true],
    ['contains', 'ÄPFEL', 'äpfel', true],
    ['regex', 'σ', 'Σ', true],
  ] as const)('without regard to case, %s: %s and %s: %s', (mode, pattern, text, is) =>
    expect(matches(pattern, text, { mode, caseSensitive: false })).toBe(is),
  );
  it('gives its groups by number and name, as far as they took part', () => {
    const groups = one('(?P<user>\\w+) (?:from (?<host>\\S+))?.*').groups('root from 10.0.0.1 again');
    expect(groups).toEqual({ 1: 'root', 2: '10.0.0.1', user: 'root', host: '10.0.0.1' });
    expect(one('(a)|(b)').groups('b')).toEqual({ 1: '', 2: 'b' });
    expect(one('(a)').groups('b')).toBeNull();
    expect(one('b(.)', { mode: 'regex' }).groups('abc')).toEqual({ 1: 'c' });
    expect(one('.*plain.*').groups('a plain text')).toEqual({});
  });
});

describe('what is no pattern', () => {
  it.each([
    ['a**', 'At character 2, "**": invalid nested repetition operator.'],
    ['x(ab', 'At character 2, "(": missing closing ).'],
    ['ab)c', 'At character 3, ")": unexpected ).'],
    ['x[a', 'At character 2, "[a": missing closing ].'],
    ['ab\\', 'At character 3, "\\\\": trailing backslash at end of expression.'],
    [
      'ab(?=x)',
      'At character 3, "(?=": invalid or unsupported Perl syntax (what looks ahead or behind cannot be had in linear time).',
    ],
    ['(a)\\1', 'At character 4, "\\\\1": invalid escape sequence (what refers back to a group cannot be had in linear time).'],
    ['a(?P<n>a)(?P<n>b)', 'At character 14, "n": duplicate capture group name.'],
    ['x{2000}', 'At character 2, "{2000}": invalid repeat count.'],
    ['(((a{100}){100}){100})', 'At character 11, it is too large: with its counts written out it may have at most 2000 steps.'],
    ['x[z-a]', 'At character 3, "z-a": invalid character class range.'],
    ['a'.repeat(1_025), 'It has 1025 characters; at most 1024 are allowed.'],
  ])('is told with its place: %s', (pattern, says) =>
    expect(port.compile([spec(pattern)]).problems).toEqual([{ index: 0, at: expect.anything(), says }]),
  );
  it('leaves the others working', () => {
    const set = port.compile([spec('a.*'), spec('('), spec('.*b', { mode: 'regex' })]);
    expect(set.problems.map(({ index }) => index)).toEqual([1]);
    expect(set.match('ab')).toEqual([0, 2]);
    expect(() => set.at(1)).toThrow(/invariant/);
  });
});

describe('many patterns', () => {
  const letters = fc.stringMatching(/^[abcAB ]{0,12}$/);
  const piece = fc.oneof(
    { weight: 4, arbitrary: fc.stringMatching(/^[abc]{1,4}$/) },
    fc.constantFrom('.*', '.', '[ab]', '[^a]', 'a*', 'b+', '(a|bc)', '(ab)?', 'c{2}', '\\w', '\\b', '^', '$', '(?i:ab)', '.*?'),
  );
  const pattern = fc.array(piece, { minLength: 1, maxLength: 6 }).map((pieces) => pieces.join(''));
  const anySpec = fc.oneof(
    fc.record({ pattern, mode: fc.constantFrom('whole' as const, 'regex' as const), caseSensitive: fc.boolean() }),
    fc.record({
      pattern: fc.stringMatching(/^[abc.*]{0,4}$/),
      mode: fc.constant('contains' as const),
      caseSensitive: fc.boolean(),
    }),
  );
  const flags = ({ caseSensitive }: PatternSpec) => (caseSensitive ? 's' : 'si');
  const native = ({ pattern: source, mode, ...rest }: PatternSpec): RegExp => {
    if (mode === 'contains') return new RegExp(source.replace(/[.*]/g, '\\$&'), flags({ pattern: source, mode, ...rest }));
    return new RegExp(mode === 'whole' ? `^(?:${source})$` : source, flags({ pattern: source, mode, ...rest }));
  };
  it('looked for at once are those that match one by one, and those of another engine', () =>
    fc.assert(
      fc.property(fc.array(anySpec, { maxLength: 40 }), fc.array(letters, { minLength: 1, maxLength: 10 }), (specs, texts) => {
        const set = port.compile(specs);
        expect(set.problems).toEqual([]);
        for (const text of texts) {
          const found = set.match(text);
          expect(found).toEqual(specs.flatMap((_, at) => (set.at(at).test(text) ? [at] : [])));
          expect(found).toEqual(specs.flatMap((each, at) => (native(each).test(text) ? [at] : [])));
        }
      }),
      { numRuns: 300 },
    ));
  it('are found in texts of all scripts', () =>
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 20 }),
        fc.string({ unit: 'grapheme' }),
        fc.boolean(),
        (words, around, caseSensitive) => {
          const set = port.compile(words.map((word) => spec(word, { mode: 'contains', caseSensitive })));
          for (const [at, word] of words.entries()) {
            expect(set.match(`${around}${word}${around}`)).toContain(at);
            if (caseSensitive) expect(set.match(around).includes(at)).toBe(around.includes(word));
          }
        },
      ),
    ));
  it('keep counting beyond what a generation of numbers can hold apart', () => {
    const set = port.compile([spec('.*abc.*'), spec('.*xyz.*')]);
    for (let at = 0; at < 1_000; at++) expect(set.match(at % 2 === 0 ? 'abc' : 'xyz')).toEqual([at % 2]);
  });
});
