import type { Overview, Priority, PriorityTally, ScopeHealth } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';
import type { OverviewRows, Tallied } from '@yosugara/store';

export const MOST_LISTED = 20;

const none = (): Record<Priority, number> => ({ critical: 0, unknown: 0, warning: 0, info: 0 });

export function tallyOf(all: readonly Tallied[]): PriorityTally {
  const tally = none();
  for (const { priority, count } of all) tally[priority] += count;
  return tally;
}

/** What happened at a node counts for each scope that it is in or below, once. */
export function scopesOf(
  { facilities }: Pick<SettingsSnapshot, 'facilities'>,
  rows: Pick<OverviewRows, 'open' | 'now'>,
): readonly ScopeHealth[] {
  const counted = { open: new Map<string, PriorityTally>(), now: new Map<string, PriorityTally>() };
  for (const what of ['open', 'now'] as const)
    for (const { facility, priority, count } of rows[what])
      for (const scope of facilities.scopesAbove(facility)) {
        const tally = counted[what].get(scope) ?? none();
        counted[what].set(scope, tally);
        tally[priority] += count;
      }
  return facilities.tree().flatMap(({ id, name, parent, builtIn, enabled }) => {
    const nodes = facilities.nodesBelow(id).length;
    const [open, now] = [counted.open.get(id), counted.now.get(id)];
    if (!enabled || (builtIn && nodes === 0 && open === undefined && now === undefined)) return [];
    return [{ id, name, parent, builtIn, nodes, open: open ?? none(), now: now ?? none() }];
  });
}

export function silentOf(
  { nodes }: Pick<SettingsSnapshot, 'nodes'>,
  rows: OverviewRows['silent'],
): NonNullable<Overview['silent']> {
  const inForce = rows.filter(({ facility }) => nodes.get(facility)?.enabled === true);
  return {
    rows: inForce.slice(0, MOST_LISTED).map(({ sinceMs, ...row }) => ({
      ...row,
      name: nodes.get(row.facility)?.body.name ?? row.facility,
      since: new Date(sinceMs).toISOString(),
    })),
    more: inForce.length > MOST_LISTED,
  };
}

/** Monitors in force whose answer says whether a node can be reached. */
export const reachabilityOf = (snapshot: Pick<SettingsSnapshot, 'enabled'>): readonly string[] =>
  snapshot
    .enabled('monitor')
    .filter(({ body }) => body.type === 'agent-alive' || ('reachability' in body && body.reachability))
    .map(({ id }) => id);
