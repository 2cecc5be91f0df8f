import type { Pattern, PatternSpec } from '@yosugara/operations';
import { RE2JS, RE2Set } from 're2js';
import { anywhere, asGlob, type Glob, matchesGlob } from './glob.js';
import { type Clauses, ownWord, rarest, requiredWords } from './literals.js';
import { type Wrong, wrongAtSight, wrongBecause, wrongWhenCompiled } from './problem.js';

/** Memory of one pattern's automaton, made as texts need it. Beyond it the engine forgets, and at last goes on without one: slower, in linear time. */
const MAX_AUTOMATON_BYTES = 512 * 1_024;

export interface Engine {
  /** With its flags. */
  readonly regex: string;
  readonly isWhole: boolean;
  /** Of its program: what a letter of the text may cost at most. */
  readonly steps: number;
}

/** One pattern, ready. */
export interface Matcher extends Pattern {
  /** What a text must have; without it, it is not asked. */
  readonly words: Clauses;
  /** For an engine that looks for several at once; null = it needs none. */
  readonly engine: Engine | null;
}

export function matcherOf(spec: PatternSpec): Matcher | Wrong {
  const { pattern, mode, caseSensitive } = spec;
  if (mode === 'contains') {
    if (caseSensitive) return new GlobMatcher(['', pattern, '']);
    return engineMatcher(RE2JS.quote(pattern), false, false, ownWord(pattern, false));
  }
  const wrong = wrongAtSight(pattern);
  if (wrong !== null) return wrong;
  const isWhole = mode === 'whole';
  const glob = caseSensitive ? asGlob(pattern) : null;
  return glob === null ? engineMatcher(pattern, isWhole, caseSensitive, null) : new GlobMatcher(isWhole ? glob : anywhere(glob));
}

const flagsOf = (caseSensitive: boolean) => RE2JS.DOTALL | (caseSensitive ? 0 : RE2JS.CASE_INSENSITIVE);

function engineMatcher(regex: string, isWhole: boolean, caseSensitive: boolean, known: Clauses | null): Matcher | Wrong {
  const compile = (source: string) => RE2JS.compile(source, flagsOf(caseSensitive));
  let compiled: RE2JS;
  try {
    compiled = compile(regex);
  } catch (error) {
    return wrongBecause(regex, error, compile);
  }
  const wrong = wrongWhenCompiled(compiled);
  return (
    wrong ??
    new EngineMatcher(
      compiled,
      regex,
      isWhole,
      caseSensitive,
      known ?? requiredWords(caseSensitive ? compiled : RE2JS.compile(regex, RE2JS.DOTALL), caseSensitive),
    )
  );
}

class GlobMatcher implements Matcher {
  readonly engine = null;
  readonly words: Clauses;
  readonly #glob: Glob;

  constructor(glob: Glob) {
    this.words = rarest(glob.flatMap((part) => ownWord(part, true)));
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
  readonly words: Clauses;
  readonly engine: Engine;
  readonly #compiled: RE2JS;
  readonly #source: string;
  readonly #flags: number;
  /** Made when it is first asked: of most rules never a word is seen. */
  #set: RE2Set | null = null;

  constructor(compiled: RE2JS, regex: string, isWhole: boolean, caseSensitive: boolean, words: Clauses) {
    this.words = words;
    // Flags in front of it, as the engine itself writes them: in a set each pattern has its own.
    this.engine = { regex: `(?s${caseSensitive ? '' : 'i'})${regex}`, isWhole, steps: compiled.programSize() };
    this.#compiled = compiled;
    this.#source = regex;
    this.#flags = flagsOf(caseSensitive);
  }

  test(text: string): boolean {
    this.#set ??= this.#made();
    return this.#set.match(text).length > 0;
  }

  /** A set of one: only sets have a bound for their memory. */
  #made(): RE2Set {
    const set = new RE2Set(this.engine.isWhole ? RE2Set.ANCHOR_BOTH : RE2Set.UNANCHORED, this.#flags, MAX_AUTOMATON_BYTES);
    set.add(this.#source);
    set.compile();
    return set;
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
