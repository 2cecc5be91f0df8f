import type { Pattern, PatternSpec } from '@yosugara/operations';
import { RE2JS, RE2Set } from 're2js';
import { anywhere, asGlob, type Glob, longestPart, matchesGlob } from './glob.js';
import { longestFoldable, requiredWords } from './literals.js';
import { type Wrong, wrongAtSight, wrongBecause, wrongWhenCompiled } from './problem.js';

/** Memory of one pattern's automaton, made as texts need it. Beyond it the engine forgets, and at last goes on without one: slower, in linear time. */
const MAX_AUTOMATON_BYTES = 512 * 1_024;

/** One pattern, ready. */
export interface Matcher extends Pattern {
  /** A text without any of them does not match; null = nothing is known. */
  readonly words: readonly string[] | null;
  /** For an engine that looks for several at once; null = it needs none. */
  readonly engine: { readonly regex: string; readonly isWhole: boolean } | null;
}

export function matcherOf(spec: PatternSpec): Matcher | Wrong {
  const { pattern, mode, caseSensitive } = spec;
  if (mode === 'contains') {
    if (caseSensitive) return new GlobMatcher(['', pattern, '']);
    return engineMatcher(RE2JS.quote(pattern), false, false, longestFoldable(pattern));
  }
  const wrong = wrongAtSight(pattern);
  if (wrong !== null) return wrong;
  const isWhole = mode === 'whole';
  const glob = caseSensitive ? asGlob(pattern) : null;
  return glob === null ? engineMatcher(pattern, isWhole, caseSensitive, null) : new GlobMatcher(isWhole ? glob : anywhere(glob));
}

const flagsOf = (caseSensitive: boolean) => RE2JS.DOTALL | (caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);

function engineMatcher(regex: string, isWhole: boolean, caseSensitive: boolean, word: string | null): Matcher | Wrong {
  const compile = (source: string) => RE2JS.compile(source, flagsOf(caseSensitive));
  let compiled: RE2JS;
  try {
    compiled = compile(regex);
  } catch (error) {
    return wrongBecause(regex, error, compile);
  }
  const words = word === null ? requiredWords(regex, caseSensitive) : word.length < 2 ? null : [word];
  return wrongWhenCompiled(compiled) ?? new EngineMatcher(compiled, regex, isWhole, caseSensitive, words);
}

class GlobMatcher implements Matcher {
  readonly engine = null;
  readonly words: readonly string[] | null;
  readonly #glob: Glob;

  constructor(glob: Glob) {
    const longest = longestPart(glob);
    this.words = longest === null ? null : [longest];
    this.#glob = glob;
  }

  test(text: string): boolean {
    return matchesGlob(this.#glob, text);
  }

  /** It has none. */
  groups(text: string): Readonly<Record<string, string>> | null {
    return this.test(text) ? {} : null;
  }
}

class EngineMatcher implements Matcher {
  readonly words: readonly string[] | null;
  readonly engine: { readonly regex: string; readonly isWhole: boolean };
  readonly #set: RE2Set;
  readonly #compiled: RE2JS;

  constructor(compiled: RE2JS, regex: string, isWhole: boolean, caseSensitive: boolean, words: readonly string[] | null) {
    this.words = words;
    // Flags in front of it, as the engine itself writes them: in a set each pattern has its own.
    this.engine = { regex: `(?s${caseSensitive ? '' : 'i'})${regex}`, isWhole };
    this.#compiled = compiled;
    // A set of one: only sets have a bound for their memory.
    this.#set = new RE2Set(isWhole ? RE2Set.ANCHOR_BOTH : RE2Set.UNANCHORED, flagsOf(caseSensitive), MAX_AUTOMATON_BYTES);
    this.#set.add(regex);
    this.#set.compile();
  }

  test(text: string): boolean {
    return this.#set.match(text).length > 0;
  }

  groups(text: string): Readonly<Record<string, string>> | null {
    const matcher = this.#compiled.matcher(text);
    if (!(this.engine.isWhole ? matcher.matches() : matcher.find())) return null;
    const found: Record<string, string> = {};
    for (let group = 1; group <= matcher.groupCount(); group++) found[String(group)] = matcher.group(group) ?? '';
    for (const [name, value] of Object.entries(matcher.getNamedGroups())) found[name] = value ?? '';
    return found;
  }
}
