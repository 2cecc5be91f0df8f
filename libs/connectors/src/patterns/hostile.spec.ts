import type { PatternSpec } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { re2Patterns } from './index.js';

const port = re2Patterns();
const whole = (pattern: string): PatternSpec => ({ pattern, mode: 'whole', caseSensitive: true });

/**
 * The shortest of many calls: what is taken away by others on the machine lengthens some of them, never all.
 * (Processor time would not do: some kernels count it in ticks of 4 ms.)
 */
function leastMs(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 15; round++) {
    const begin = performance.now();
    run();
    least = Math.min(least, performance.now() - begin);
  }
  return least;
}

/**
 * How many times as long a text takes that is eight times as long. Linear: 8; by backtracking some of these would never end.
 * Both texts are past the 256 kbit within which RE2 remembers every state it has been in (another engine, with another constant).
 */
function growth(run: (text: string) => void, text: (length: number) => string): number {
  const [short, long] = [text(32_000), text(256_000)];
  return leastMs(() => run(long)) / leastMs(() => run(short));
}
const matching = (spec: PatternSpec) => {
  const set = port.compile([spec]);
  expect(set.problems).toEqual([]);
  return (text: string) => set.match(text);
};
/** Far from 64, which is what squares would make of it. */
const LINEAR = 24;

describe('a hostile pattern takes time in proportion to the text', () => {
  const a = (length: number) => `${'a'.repeat(length)}!`;
  it.each([
    ['(a+)+$', a],
    ['(a|a)*$', a],
    ['(a*)*b', a],
    ['(.*)*x', a],
    ['((((a*)*)*)*)*b', a],
    ['(a?){50}a{50}', a],
    ['(x+x+)+y', (length: number) => 'x'.repeat(length)],
    ['.*a.{30}', (length: number) => 'ab'.repeat(length / 2)],
    ['(.*a){12}', (length: number) => 'ba'.repeat(length / 2)],
    ['([a-z]+)*[0-9]', (length: number) => 'abcxyz'.repeat(length / 6)],
    ['.*(.*(.*(.*(.*=.*))))', (length: number) => 'x='.repeat(length / 2)],
  ])('%s', (pattern, text) => {
    expect(growth(matching(whole(pattern)), text)).toBeLessThan(LINEAR);
    expect(growth(matching({ ...whole(pattern), mode: 'regex', caseSensitive: false }), text)).toBeLessThan(LINEAR);
  });
  it('with five hundred alternatives', () => {
    const words = Array.from({ length: 200 }, (_, at) => `w${at.toString(36)}`);
    expect(growth(matching(whole(`(${words.join('|')})*`)), (length) => 'w1'.repeat(length / 2))).toBeLessThan(LINEAR);
  });
  it('and its groups', () => {
    const pattern = port.compile([whole('(a+)+(b)?')]).at(0);
    expect(growth((text) => pattern.groups(text), a)).toBeLessThan(LINEAR);
  });
});

describe('a pattern that would be too large is refused before it is made', () => {
  it.each([
    ['a{1000}'.repeat(100)],
    ['((a{10}){10}){10}'.repeat(60)],
    ['(a{30}b{30}c{30}){30}'],
    ['[a-z]{1000}[a-z]{1000}[a-z]{1000}'],
    ['(?:\\pL{500}){2}'.repeat(20)],
  ])('%s', (pattern) => {
    const { problems } = port.compile([whole(pattern)]);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.says).toMatch(/too large|invalid repeat count/);
    expect(leastMs(() => port.compile([whole(pattern)]))).toBeLessThan(250);
  });
});

it('many patterns whose states do not fit in memory are looked for one by one, and found as before', () => {
  const specs = Array.from({ length: 32 }, (_, at) => whole(`.*[${String.fromCharCode(97 + (at % 26))}x].{${10 + at}}[a-m].*`));
  const set = port.compile(specs);
  let seed = 7;
  const random = () => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648);
  const texts = Array.from({ length: 60 }, () =>
    Array.from({ length: 300 }, () => String.fromCharCode(97 + (random() % 26))).join(''),
  );
  for (const text of texts) expect(set.match(text)).toEqual(specs.flatMap((_, at) => (set.at(at).test(text) ? [at] : [])));
});
