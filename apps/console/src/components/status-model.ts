import { PRIORITIES, type Priority, type StatusRow } from '@yosugara/protocol';

export interface StatusGroup {
  readonly kind: 'group';
  readonly scope: string;
  readonly counts: Readonly<Record<Priority, number>>;
  readonly worst: Priority;
  readonly isOpen: boolean;
  readonly size: number;
}
export type StatusLine = StatusGroup | { readonly kind: 'row'; readonly row: StatusRow };

const rank = (priority: Priority): number => PRIORITIES.indexOf(priority);

export function countByPriority(rows: readonly { readonly priority: Priority }[]): Record<Priority, number> {
  const counts: Record<Priority, number> = { critical: 0, unknown: 0, warning: 0, info: 0 };
  for (const { priority } of rows) counts[priority] += 1;
  return counts;
}

/**
 * Groups of one scope each, the worst first, then by name; within one the worst first, then the newest.
 * @param folded scopes that somebody closed, or opened where the usual is closed. All well is closed, the rest is open.
 */
export function statusLines(rows: readonly StatusRow[], folded: ReadonlySet<string>): readonly StatusLine[] {
  const byScope = new Map<string, StatusRow[]>();
  for (const row of rows) {
    const scope = row.scope === '' ? (row.sender ?? row.facility) : row.scope;
    const group = byScope.get(scope);
    if (group === undefined) byScope.set(scope, [row]);
    else group.push(row);
  }
  const groups = [...byScope].map(([scope, members]) => {
    members.sort(
      (one, two) => rank(one.priority) - rank(two.priority) || (one.since < two.since ? 1 : one.since > two.since ? -1 : 0),
    );
    const worst = members[0]!.priority;
    const isOpen = folded.has(scope) ? worst === 'info' : worst !== 'info';
    return { kind: 'group' as const, scope, counts: countByPriority(members), worst, isOpen, size: members.length, members };
  });
  groups.sort((one, two) => rank(one.worst) - rank(two.worst) || one.scope.localeCompare(two.scope));
  return groups.flatMap(({ members, ...group }): readonly StatusLine[] => [
    group,
    ...(group.isOpen ? members.map((row) => ({ kind: 'row' as const, row })) : []),
  ]);
}
