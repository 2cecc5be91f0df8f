import {
  compileOne,
  isProblem,
  type PageSeen,
  type Pattern,
  type PatternPort,
  type PatternSet,
  render,
  type Values,
} from '@yosugara/operations';
import type { ScenarioPage } from '@yosugara/protocol';
import { type Look, ProbeFailure, sentence } from '../look.js';
import type { HttpSession } from './ask.js';
import { fetchPage } from './exchange.js';
import { bodyText, isAllowed } from './text.js';

export interface ScenarioPlan {
  readonly pages: readonly PagePlan[];
}

interface PagePlan {
  readonly page: ScenarioPage;
  readonly rules: PatternSet;
  readonly variables: readonly { readonly name: string; readonly pattern: Pattern | null }[];
}

export const planOf = (pages: readonly ScenarioPage[], patterns: PatternPort): ScenarioPlan => ({
  pages: pages.map((page) => ({
    page,
    rules: patterns.compile(page.rules),
    variables: page.variables.map(({ name, pattern }) => {
      const compiled = compileOne(patterns, { pattern, mode: 'regex', caseSensitive: true });
      return { name, pattern: isProblem(compiled) ? null : compiled };
    }),
  })),
});

/** Page after page, as long as each is right; the last one in the answer is the first that is wrong, when one is. */
export async function walkPages(
  look: Look,
  plan: ScenarioPlan,
  session: HttpSession,
  timeoutMs: number,
  known: Values,
): Promise<readonly PageSeen[]> {
  const seen: PageSeen[] = [];
  const found = new Map<string, string>();
  const values: Values = (name) => found.get(name) ?? known(name);
  for (const one of plan.pages) {
    const { isRight, ...page } = await visit(look, one, session, timeoutMs, values, found);
    seen.push(page);
    if (!isRight) break;
  }
  return seen;
}

async function visit(
  look: Look,
  { page, rules, variables }: PagePlan,
  session: HttpSession,
  timeoutMs: number,
  values: Values,
  found: Map<string, string>,
): Promise<PageSeen & { readonly isRight: boolean }> {
  const begun = performance.now();
  const ms = () => performance.now() - begun;
  try {
    const ask = { url: render(page.url, values), method: page.method, body: render(page.body, values) };
    const answer = await look.part(timeoutMs, async (part) => await fetchPage(part, ask, session));
    const tookMs = ms();
    const body = bodyText(answer);
    const isRight = isAllowed(page.statuses, answer.status) && fits(page, rules, body);
    if (isRight)
      for (const { name, pattern } of variables) {
        const value = pattern?.groups(body)?.['1'];
        if (value === undefined) throw new ProbeFailure(`what #[${name}] is to be is not in the page`);
        found.set(name, value);
      }
    return { ms: tookMs, status: answer.status, body, why: null, isRight };
  } catch (error) {
    return { ms: ms(), status: 0, body: '', why: sentence(error), isRight: false };
  }
}

/** The first enabled rule that matches says: info and ignore let the scenario go on. Without rules every body is right. */
function fits(page: ScenarioPage, rules: PatternSet, body: string): boolean {
  if (!page.rules.some(({ enabled }) => enabled)) return true;
  const rule = rules
    .match(body)
    .map((at) => page.rules[at]!)
    .find(({ enabled }) => enabled);
  return rule !== undefined && (rule.action === 'ignore' || rule.priority === 'info');
}
