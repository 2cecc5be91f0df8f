import type { PatternSpec } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { re2Patterns } from './index.js';

const port = re2Patterns();
const whole = (pattern: string): PatternSpec => ({ pattern, mode: 'whole', caseSensitive: true });

/** Processor time of one call, the least of several: others are at work on the machine. */
function leastMs(run: () => void): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const begin = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begin);
    least = Math.min(least, (user + system) / 1_000);
  }
  return least;
}

/** How many times as long a text takes that is eight times as long. Linear: 8; by backtracking some of these would never end. */
function growth(spec: PatternSpec, text: (length: number) => string): number {
  const set = port.compile([spec]);
  expect(set.problems).toEqual([]);
  const [short, long] = [text(4_000), text(32_000)];
  set.match(short);
  const shortMs = leastMs(() => set.match(short));
  return leastMs(() => set.match(long)) / Math.max(shortMs, 0.2);
}
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
    expect(growth(whole(pattern), text)).toBeLessThan(LINEAR);
    expect(growth({ ...whole(pattern), mode: 'regex', caseSensitive: false }, text)).toBeLessThan(LINEAR);
  });
  it('with five hundred alternatives', () => {
    const words = Array.from({ length: 200 }, (_, at) => `w${at.toString(36)}`);
    expect(growth(whole(`(${words.join('|')})*`), (length) => 'w1'.repeat(length / 2))).toBeLessThan(LINEAR);
  });
  it('and its groups', () => {
    const pattern = port.compile([whole('(a+)+(b)?')]).at(0);
    const [short, long] = [a(4_000), a(32_000)];
    pattern.groups(short);
    expect(
      leastMs(() => pattern.groups(long)) /
        Math.max(
          0.2,
          leastMs(() => pattern.groups(short)),
        ),
    ).toBeLessThan(LINEAR);
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
    const begin = process.cpuUsage();
    const { problems } = port.compile([whole(pattern)]);
    const { user, system } = process.cpuUsage(begin);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.says).toMatch(/too large|invalid repeat count/);
    expect((user + system) / 1_000).toBeLessThan(250);
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
