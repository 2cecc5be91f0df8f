import { RE2JS } from 're2js';
import { foldCode } from './automaton.js';

/** What re2js finds that a text must have (its own prefilter, not part of what it documents: `literals.spec.ts` watches it). */
interface Required {
  /** 0 none, 1 exact, 2 all of `subs`, 3 any of `subs`. */
  readonly type: 0 | 1 | 2 | 3;
  readonly str: string;
  readonly subs: readonly Required[];
}

/** A shorter word is in nearly every line. */
const MIN_WORD = 2;
const MAX_WORDS = 256;

/**
 * Words of which a text must have at least one to be matched; null = nothing is known.
 *
 * @param regex in RE2's syntax, and right. Compiled with regard to case also when it is used without: whatever it then matches has the
 * same words, up to case.
 */
export function requiredWords(regex: string, caseSensitive: boolean): readonly string[] | null {
  const required = RE2JS.compile(regex, RE2JS.DOTALL).re2().prefilter as Required | null;
  return required === null ? null : best(required, caseSensitive);
}

function best(required: Required, caseSensitive: boolean): readonly string[] | null {
  switch (required.type) {
    case 1: {
      const word = caseSensitive ? required.str : longestFoldable(required.str);
      return word.length < MIN_WORD ? null : [word];
    }
    case 2:
      return required.subs.map((sub) => best(sub, caseSensitive)).reduce<readonly string[] | null>(rarer, null);
    case 3: {
      const all: string[] = [];
      for (const sub of required.subs) {
        const words = best(sub, caseSensitive);
        if (words === null || all.length + words.length > MAX_WORDS) return null;
        all.push(...words);
      }
      return all.length === 0 ? null : all;
    }
    default:
      return null;
  }
}

/** The one whose shortest word is longer is found less often by chance. */
function rarer(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null || b === null) return a ?? b;
  return shortest(b) > shortest(a) ? b : a;
}

const shortest = (words: readonly string[]) => Math.min(...words.map(({ length }) => length));

/** The longest part whose letters the automaton folds as RE2 does: ASCII, and scripts without case. */
export function longestFoldable(word: string): string {
  let [bestAt, bestEnd, at] = [0, 0, 0];
  for (let end = 0; end <= word.length; end++) {
    if (end < word.length && isFoldable(word.charCodeAt(end))) continue;
    if (end - at > bestEnd - bestAt) [bestAt, bestEnd] = [at, end];
    at = end + 1;
  }
  return word.slice(bestAt, bestEnd);
}

/** Ideographs, kana and Hangul have no case. */
const isFoldable = (code: number) =>
  foldCode(code) < 0x80 || (code >= 0x2e80 && code < 0xa640) || (code >= 0xac00 && code < 0xd7a4);
