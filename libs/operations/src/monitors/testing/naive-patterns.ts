import { invariant } from '@yosugara/kernel';
import type { Pattern, PatternPort, PatternProblem, PatternSpec } from '../patterns.js';

const quoted = (text: string) => text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');

function regexOf({ pattern, mode, caseSensitive }: PatternSpec): RegExp {
  const source = mode === 'contains' ? quoted(pattern) : mode === 'whole' ? `^(?:${pattern})$` : pattern;
  return new RegExp(source, caseSensitive ? 'su' : 'sui');
}

function patternOf(spec: PatternSpec): Pattern {
  const regex = regexOf(spec);
  return {
    test: (text) => regex.test(text),
    groups: (text) => {
      const found = regex.exec(text);
      if (found === null) return null;
      const numbered = found.slice(1).map((value, at) => [String(at + 1), value ?? ''] as const);
      const named = Object.entries(found.groups ?? {}).map(([name, value]) => [name, value ?? ''] as const);
      return Object.fromEntries([...numbered, ...named]);
    },
  };
}

/** By JavaScript's own engine, one after the other: what the real port must agree with, on patterns that both understand. */
export const naivePatterns: PatternPort = {
  compile(specs) {
    const problems: PatternProblem[] = [];
    const patterns = specs.map((spec, index) => {
      try {
        return patternOf(spec);
      } catch (error) {
        problems.push({ index, at: null, says: String(error) });
        return null;
      }
    });
    return {
      problems,
      match: (text) => patterns.flatMap((pattern, index) => (pattern?.test(text) === true ? [index] : [])),
      at: (index) => {
        const pattern = patterns[index];
        invariant(pattern !== undefined && pattern !== null, `pattern ${index} is there and right`);
        return pattern;
      },
    };
  },
};
