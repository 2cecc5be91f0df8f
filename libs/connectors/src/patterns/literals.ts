import type { RE2JS } from 're2js';
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
/** More of them would hardly be missing more often. */
export const MAX_CLAUSES = 4;

/** Of each clause a text must have at least one word. None at all: nothing is known. */
export type Clauses = readonly (readonly string[])[];

/**
 * What a text must have to be matched.
 *
 * @param compiled with regard to case also when it is used without: whatever it then matches has the same words, up to case.
 * @param caseSensitive whether it is used with it.
 */
export function requiredWords(compiled: RE2JS, caseSensitive: boolean): Clauses {
  const required = compiled.re2().prefilter as Required | null;
  return required === null ? [] : rarest(clausesOf(required, caseSensitive));
}

/** Of a text that is itself to be found. */
export function ownWord(text: string, caseSensitive: boolean): Clauses {
  const word = caseSensitive ? text : longestFoldable(text);
  return word.length < MIN_WORD ? [] : [[word]];
}

function clausesOf(required: Required, caseSensitive: boolean): Clauses {
  switch (required.type) {
    case 1:
      return ownWord(required.str, caseSensitive);
    case 2:
      return required.subs.flatMap((sub) => clausesOf(sub, caseSensitive));
    case 3: {
      const all: string[] = [];
      for (const sub of required.subs) {
        const [best] = rarest(clausesOf(sub, caseSensitive));
        if (best === undefined || all.length + best.length > MAX_WORDS) return [];
        all.push(...best);
      }
      return all.length === 0 ? [] : [all];
    }
    default:
      return [];
  }
}

/** Those whose shortest word is longest are found least often by chance. */
export const rarest = (clauses: Clauses): Clauses => [...clauses].sort((a, b) => shortest(b) - shortest(a)).slice(0, MAX_CLAUSES);

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
