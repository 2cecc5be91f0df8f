import type { ScopeView } from '@yosugara/protocol';

export interface ScopeLine {
  readonly scope: ScopeView;
  readonly depth: number;
  readonly hasBelow: boolean;
  readonly isOpen: boolean;
}

/** Lines of a tree in the order that the manager tells it, each scope before those below it; what lies in a folded one is left out. */
export function shownScopes(scopes: readonly ScopeView[], folded: ReadonlySet<string>): readonly ScopeLine[] {
  const parents = new Set(scopes.map(({ parent }) => parent));
  const depths = new Map<string, number>();
  const hidden = new Set<string>();
  const lines: ScopeLine[] = [];
  for (const scope of scopes) {
    const depth = scope.parent === null ? 0 : (depths.get(scope.parent) ?? 0) + 1;
    depths.set(scope.id, depth);
    const isHidden = scope.parent !== null && (hidden.has(scope.parent) || folded.has(scope.parent));
    if (isHidden) hidden.add(scope.id);
    else lines.push({ scope, depth, hasBelow: parents.has(scope.id), isOpen: !folded.has(scope.id) });
  }
  return lines;
}
