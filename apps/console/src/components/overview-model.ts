import { PRIORITIES, type Priority, type PriorityTally, type ScopeHealth } from '@yosugara/protocol';

export const tallied = (tally: PriorityTally): number => PRIORITIES.reduce((sum, each) => sum + tally[each], 0);

/** null: nothing is there. */
export const worstOf = (tally: PriorityTally): Priority | null => PRIORITIES.find((priority) => tally[priority] > 0) ?? null;

/** Of how it is now and of what nobody has confirmed yet, the worse. */
export function worstOfScope({ now, open }: Pick<ScopeHealth, 'now' | 'open'>): Priority | null {
  const found = [worstOf(now), worstOf(open)].filter((each) => each !== null);
  return PRIORITIES.find((priority) => found.includes(priority)) ?? null;
}

export interface ScopeLine {
  readonly scope: ScopeHealth;
  readonly depth: number;
  readonly hasBelow: boolean;
  readonly isOpen: boolean;
}

/**
 * Scopes as a tree; those that are well and have nothing bad below them are left out when only trouble is asked for. Built-in groups of all
 * nodes say nothing that the made ones do not: they come last, and only those with something to tell.
 */
export function healthLines(
  scopes: readonly ScopeHealth[],
  folded: ReadonlySet<string>,
  onlyTrouble: boolean,
): readonly ScopeLine[] {
  const shown = scopes.filter((scope) => !onlyTrouble || isTrouble(scope));
  const made = shown.filter(({ builtIn }) => !builtIn);
  const builtIn = shown.filter((scope) => scope.builtIn && SPEAKING.has(scope.id) && worstOfScope(scope) !== null);
  const lines: ScopeLine[] = [];
  const parents = new Set(made.map(({ parent }) => parent));
  const depths = new Map<string, number>();
  const hidden = new Set<string>();
  for (const scope of made) {
    const { parent } = scope;
    const depth = parent === null ? 0 : (depths.get(parent) ?? -1) + 1;
    depths.set(scope.id, depth);
    if (parent !== null && (hidden.has(parent) || folded.has(parent))) {
      hidden.add(scope.id);
      continue;
    }
    lines.push({ scope, depth, hasBelow: parents.has(scope.id), isOpen: !folded.has(scope.id) });
  }
  return [...lines, ...builtIn.map((scope) => ({ scope, depth: 0, hasBelow: false, isOpen: true }))];
}

const isTrouble = (scope: ScopeHealth): boolean => {
  const worst = worstOfScope(scope);
  return worst !== null && worst !== 'info';
};

/** Built-in scopes of what belongs to no made one. */
const SPEAKING: ReadonlySet<string> = new Set(['UNALLOCATED', 'UNREGISTERED', 'INTERNAL']);

/** Sessions by what is asked of people: running by itself, waiting for somebody, or wrong. */
export function jobCounts(states: Readonly<Record<string, number>>): { readonly running: number; readonly needsPeople: number } {
  const of = (...names: readonly string[]) => names.reduce((sum, name) => sum + (states[name] ?? 0), 0);
  return {
    running: of('running', 'queued', 'waiting', 'stopping'),
    needsPeople: of('held', 'suspended', 'error', 'not-managed', 'stopped', 'output-failed'),
  };
}
