import { invariant } from '@yosugara/kernel';
import type { Pattern, PatternPort, PatternProblem, PatternSet, PatternSpec } from '@yosugara/operations';
import { RE2Set } from 're2js';
import { Automaton } from './automaton.js';
import { type Matcher, matcherOf } from './matcher.js';
import { problemOf, type Wrong } from './problem.js';

/** What was compiled is kept for the next set: when one rule changes, the others have not. */
const MAX_KNOWN = 20_000;

/** RE2 in JavaScript (re2js), and words that a line must have before it is asked. */
export function re2Patterns(): PatternPort {
  const known = new Map<string, Matcher | Wrong>();
  const compiled = (spec: PatternSpec): Matcher | Wrong => {
    const key = `${spec.mode} ${spec.caseSensitive} ${spec.pattern}`;
    const before = known.get(key);
    if (before !== undefined) return before;
    if (known.size >= MAX_KNOWN) known.clear();
    const made = matcherOf(spec);
    known.set(key, made);
    return made;
  };
  return { compile: (specs) => new WordedSet(specs.map(compiled)) };
}

/** Patterns that are looked for together: more make more states of them than fit. */
const GROUP = 32;
const MAX_GROUP_BYTES = 4 * 1_024 * 1_024;
/** Larger ones are looked for alone: what a group costs at worst is what all of its patterns cost together. */
const MAX_GROUPED_STEPS = 200;
/** A group whose automaton was thrown away so often, each time within so many texts, is taken apart. */
const MAX_FORGOTTEN = 8;
const FORGETS_WITHIN = 1_000;
const NONE: readonly number[] = [];

/**
 * One pass over the text says which patterns have their words in it; only these are asked. Patterns without such words are asked
 * together, in groups.
 */
class WordedSet implements PatternSet {
  readonly problems: readonly PatternProblem[];
  readonly #matchers: readonly (Matcher | null)[];
  readonly #automaton: Automaton | null;
  /** Of each word, whose clauses it is in. */
  readonly #owners: readonly (readonly Owner[])[];
  /** Of each pattern, a bit for each of its clauses. */
  readonly #clauses: Uint8Array;
  /** Number of the last text that a word was in, that a pattern had a word in, and the clauses of that pattern that had none yet. */
  readonly #seen: Uint32Array;
  readonly #marked: Uint32Array;
  readonly #missing: Uint8Array;
  #texts = 0;
  readonly #wordless: readonly Group[];

  constructor(compiled: readonly (Matcher | Wrong)[]) {
    const problems: PatternProblem[] = [];
    this.#matchers = compiled.map((made, index) => {
      if (!('says' in made)) return made;
      problems.push(problemOf(index, made));
      return null;
    });
    this.problems = problems;
    const owners = ownersOf(this.#matchers);
    this.#owners = [...owners.values()];
    this.#clauses = Uint8Array.from(this.#matchers, (matcher) => (1 << (matcher?.words.length ?? 0)) - 1);
    this.#marked = new Uint32Array(compiled.length);
    this.#missing = new Uint8Array(compiled.length);
    this.#automaton = owners.size === 0 ? null : new Automaton([...owners.keys()]);
    this.#seen = new Uint32Array(owners.size);
    this.#wordless = groupsOf(this.#matchers);
  }

  match(text: string): readonly number[] {
    const found: number[] = [];
    for (const index of this.#worded(text)) if (this.#matchers[index]!.test(text)) found.push(index);
    for (const group of this.#wordless) group.match(text, found);
    return found.length === 0 ? NONE : found.sort((a, b) => a - b);
  }

  /** Those of which every clause has a word in the text. */
  #worded(text: string): readonly number[] {
    const words = this.#automaton?.scan(text) ?? NONE;
    if (words.length === 0) return NONE;
    const number = this.#nextNumber();
    const candidates: number[] = [];
    for (const word of words) {
      if (this.#seen[word] === number) continue;
      this.#seen[word] = number;
      for (const { index, bit } of this.#owners[word]!) {
        if (this.#marked[index] !== number) {
          this.#marked[index] = number;
          this.#missing[index] = this.#clauses[index]!;
        }
        const missing = this.#missing[index]!;
        if (missing === 0) continue;
        this.#missing[index] = missing & ~bit;
        if (this.#missing[index] === 0) candidates.push(index);
      }
    }
    return candidates;
  }

  #nextNumber(): number {
    if (this.#texts === 0xffff_ffff) {
      this.#seen.fill(0);
      this.#marked.fill(0);
      this.#texts = 0;
    }
    return ++this.#texts;
  }

  at(index: number): Pattern {
    const matcher = this.#matchers[index];
    invariant(matcher !== undefined && matcher !== null, `pattern ${index} is there and right`);
    return matcher;
  }
}

interface Owner {
  readonly index: number;
  /** Of the clause. */
  readonly bit: number;
}

function ownersOf(matchers: readonly (Matcher | null)[]): ReadonlyMap<string, readonly Owner[]> {
  const owners = new Map<string, Owner[]>();
  for (const [index, matcher] of matchers.entries())
    for (const [clause, words] of matcher?.words.entries() ?? [])
      for (const word of words) {
        const owner = { index, bit: 1 << clause };
        const list = owners.get(word);
        if (list === undefined) owners.set(word, [owner]);
        else list.push(owner);
      }
  return owners;
}

function groupsOf(matchers: readonly (Matcher | null)[]): readonly Group[] {
  const wordless = [...matchers.entries()].flatMap(([index, matcher]) =>
    matcher === null || matcher.words.length > 0 ? [] : [{ index, matcher }],
  );
  const isSmall = ({ matcher }: Member) => matcher.engine !== null && matcher.engine.steps <= MAX_GROUPED_STEPS;
  const kinds = [
    wordless.filter((member) => !isSmall(member)),
    wordless.filter((member) => isSmall(member) && member.matcher.engine!.isWhole),
    wordless.filter((member) => isSmall(member) && !member.matcher.engine!.isWhole),
  ];
  return kinds.flatMap((members) =>
    Array.from({ length: Math.ceil(members.length / GROUP) }, (_, at) => new Group(members.slice(at * GROUP, (at + 1) * GROUP))),
  );
}

interface Member {
  readonly index: number;
  readonly matcher: Matcher;
}

/** Patterns of one kind that nothing is known of. Together as long as their automaton fits, else one after the other. */
class Group {
  readonly #members: readonly Member[];
  #set: RE2Set | null;
  #states = 0;
  #texts = 0;
  #forgotten = 0;

  constructor(members: readonly Member[]) {
    this.#members = members;
    this.#set = members.every(({ matcher }) => matcher.engine !== null && matcher.engine.steps <= MAX_GROUPED_STEPS)
      ? setOf(members)
      : null;
  }

  match(text: string, found: number[]): void {
    if (this.#set === null) {
      for (const { index, matcher } of this.#members) if (matcher.test(text)) found.push(index);
      return;
    }
    for (const at of this.#set.match(text)) found.push(this.#members[at]!.index);
    this.#watch(this.#set);
  }

  /** The engine begins anew when its states do not fit; texts that need new ones all the time would each cost what the first did. */
  #watch({ dfa }: RE2Set): void {
    this.#texts++;
    if (dfa.stateCount < this.#states) {
      this.#forgotten = this.#texts <= FORGETS_WITHIN ? this.#forgotten + 1 : 1;
      this.#texts = 0;
      if (this.#forgotten === MAX_FORGOTTEN) this.#set = null;
    }
    this.#states = dfa.stateCount;
  }
}

function setOf(members: readonly Member[]): RE2Set | null {
  const first = members[0]?.matcher.engine;
  if (members.length < 2 || first === undefined || first === null) return null;
  const set = new RE2Set(first.isWhole ? RE2Set.ANCHOR_BOTH : RE2Set.UNANCHORED, 0, MAX_GROUP_BYTES);
  for (const { matcher } of members) set.add(matcher.engine!.regex);
  set.compile();
  return set;
}
