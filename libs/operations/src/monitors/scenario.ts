import type { MonitorOf, Priority, ScenarioPage } from '@yosugara/protocol';
import type { PatternPort } from './patterns.js';
import type { PageSeen } from './result.js';
import { type CompiledRules, compileRules, firstMatch, type MonitorProblem, messageOf } from './rules.js';

export interface CompiledPage {
  readonly page: ScenarioPage;
  readonly rules: CompiledRules;
}

/** What one page says of the scenario: it goes on, or this is told and it ends. */
export type PageVerdict =
  | { readonly kind: 'goes on' }
  | { readonly kind: 'wrong'; readonly priority: Priority; readonly message: string };

export const compilePages = (
  { check }: MonitorOf<'http-scenario'>,
  patterns: PatternPort,
  problems: MonitorProblem[],
): readonly CompiledPage[] =>
  check.pages.map((page, at) => ({ page, rules: compileRules(page.rules, patterns, `check.pages.${at}.rules`, problems) }));

/** @param statuses such as `200` and `300-399`. */
export const isAllowedStatus = (statuses: readonly string[], status: number): boolean =>
  statuses.some((range) => {
    const [least = '', most = least] = range.split('-');
    return status >= Number(least) && status <= Number(most);
  });

/** For the probe, which goes on or not, and for the judgement after it. @param at index of the page. */
export function judgePage({ page, rules }: CompiledPage, at: number, seen: PageSeen, failurePriority: Priority): PageVerdict {
  const wrong = (priority: Priority, message: string): PageVerdict => ({
    kind: 'wrong',
    priority,
    message: `Page ${at + 1} (${page.name}): ${message}`,
  });
  if (seen.why !== null) return wrong(failurePriority, seen.why);
  const said = (why: string) => (page.message === '' ? why : page.message);
  if (!isAllowedStatus(page.statuses, seen.status))
    return wrong(page.priority, said(`the status is ${seen.status}; ${page.statuses.join(', ')} would be right`));
  if (rules.rules.length === 0) return { kind: 'goes on' };
  const match = firstMatch(rules, seen.body);
  if (match === null) return wrong(page.priority, said('none of its rules matches the body'));
  if (match.rule.action === 'ignore' || match.rule.priority === 'info') return { kind: 'goes on' };
  return wrong(match.rule.priority, messageOf(match, seen.body));
}
