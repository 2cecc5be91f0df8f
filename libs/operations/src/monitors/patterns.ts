import type { PatternMode } from '@yosugara/protocol';

/** What a text is compared with (`PATTERN_MODES` says how). */
export interface PatternSpec {
  readonly pattern: string;
  readonly mode: PatternMode;
  readonly caseSensitive: boolean;
}

/** Why a pattern is none. */
export interface PatternProblem {
  /** Of the list that was given. */
  readonly index: number;
  /** Character of the pattern, from 0; null = it is about the whole. */
  readonly at: number | null;
  /** A whole sentence. */
  readonly says: string;
}

export interface Pattern {
  test(text: string): boolean;
  /** By name and by number, from `1`; a group that took no part is ''. null = no match. */
  groups(text: string): Readonly<Record<string, string>> | null;
}

/** Many patterns, looked for at once. */
export interface PatternSet {
  /** Indices of all that match, ascending. Those with a problem never do. */
  match(text: string): readonly number[];
  /** One of them. @throws invariant — it has a problem, or there is none such. */
  at(index: number): Pattern;
  readonly problems: readonly PatternProblem[];
}

/**
 * Regular expressions of the RE2 family: time is linear in the text whatever the pattern says, memory is bounded. What is needed of
 * them here; an adapter brings the engine.
 */
export interface PatternPort {
  compile(specs: readonly PatternSpec[]): PatternSet;
}

/** The one pattern, or why it is none. */
export function compileOne(port: PatternPort, spec: PatternSpec): Pattern | PatternProblem {
  const set = port.compile([spec]);
  return set.problems[0] ?? set.at(0);
}

export const isProblem = (found: Pattern | PatternProblem): found is PatternProblem => 'says' in found;

/** Of a pattern that has a problem: nothing matches, so that the rules around it go on working. */
export const NEVER: Pattern = { test: () => false, groups: () => null };
