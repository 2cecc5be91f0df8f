import type { StringRule, TextMatch } from '@yosugara/protocol';
import { compileOne, isProblem, NEVER, type Pattern, type PatternPort, type PatternSet } from './patterns.js';
import { fillRule } from './template.js';

/** Somewhere in a monitor's body a pattern is none; what it belongs to matches nothing. */
export interface MonitorProblem {
  readonly place: string;
  readonly says: string;
}

/** A rule, and whether it may be looked at. */
export interface CompiledRules<Rule extends StringRule = StringRule> {
  readonly rules: readonly Rule[];
  /** Patterns of all rules, in their order. */
  readonly set: PatternSet;
}

export interface RuleMatch<Rule extends StringRule = StringRule> {
  /** Index of the rule. */
  readonly at: number;
  readonly rule: Rule;
  readonly groups: Readonly<Record<string, string>>;
}

export function compileRules<Rule extends StringRule>(
  rules: readonly Rule[],
  patterns: PatternPort,
  place: string,
  problems: MonitorProblem[],
): CompiledRules<Rule> {
  const set = patterns.compile(rules);
  for (const { index, says } of set.problems)
    if (rules[index]!.enabled) problems.push({ place: `${place}.${index}.pattern`, says });
  return { rules, set };
}

/** The first enabled rule that matches; null = none. @param holds what else it asks for. */
export function firstMatch<Rule extends StringRule>(
  { rules, set }: CompiledRules<Rule>,
  text: string,
  holds: (rule: Rule, at: number) => boolean = () => true,
): RuleMatch<Rule> | null {
  for (const at of set.match(text)) {
    const rule = rules[at]!;
    if (rule.enabled && holds(rule, at)) return { at, rule, groups: groupsFor(rule, set.at(at), text) };
  }
  return null;
}

/** Groups are looked for only where the message has a place for them. */
export function groupsFor(rule: StringRule, pattern: Pattern, text: string): Readonly<Record<string, string>> {
  return rule.message.replaceAll('#[LOG_LINE]', '').includes('#[') ? (pattern.groups(text) ?? {}) : {};
}

export const messageOf = <Rule extends StringRule>({ rule, groups }: RuleMatch<Rule>, text: string): string =>
  fillRule(rule.message, text, groups);

/** As people count. */
export const placeOf = (at: number): string => String(at + 1);

/** null = nothing is asked. */
export function compileMatch(
  match: TextMatch | null,
  patterns: PatternPort,
  place: string,
  problems: MonitorProblem[],
): Pattern | null {
  if (match === null) return null;
  const compiled = compileOne(patterns, match);
  if (!isProblem(compiled)) return compiled;
  problems.push({ place: `${place}.pattern`, says: compiled.says });
  return NEVER;
}
