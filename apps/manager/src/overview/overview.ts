import type { Overview, Priority, PriorityTally, ScopeHealth } from '@yosugara/protocol';
import type { SettingsSnapshot } from '@yosugara/runtime';
import type { OverviewRows, Tallied } from '@yosugara/store';
import { type IsSeen, seenParent } from '../access/seen.js';

export const MOST_LISTED = 20;

const none = (): Record<Priority, number> => ({ critical: 0, unknown: 0, warning: 0, info: 0 });

export function tallyOf(all: readonly Tallied[]): PriorityTally {
  const tally = none();
  for (const { priority, count } of all) tally[priority] += count;
  return tally;
}

/** What happened at a node counts for each scope that it is in or below, once. */
export function scopesOf(
  { facilities, scopes: made, nodes: all }: Pick<SettingsSnapshot, 'facilities' | 'scopes' | 'nodes'>,
  rows: Pick<OverviewRows, 'open' | 'now'>,
  isSeen: IsSeen,
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
    const nodes = facilities.nodesBelow(id).filter((node) => isSeen(all.get(node))).length;
    const [open, now] = [counted.open.get(id), counted.now.get(id)];
    if (!enabled || (!builtIn && !isSeen(made.get(id)))) return [];
    if (builtIn && nodes === 0 && open === undefined && now === undefined) return [];
    return [{ id, name, parent: seenParent(parent, made, isSeen), builtIn, nodes, open: open ?? none(), now: now ?? none() }];
  });
}

export function silentOf(
  { nodes }: Pick<SettingsSnapshot, 'nodes'>,
  rows: OverviewRows['silent'],
  isSeen: IsSeen,
): NonNullable<Overview['silent']> {
  const inForce = rows.filter(({ facility }) => nodes.get(facility)?.enabled === true);
  return {
    rows: inForce.slice(0, MOST_LISTED).map(({ sinceMs, ...row }) => ({
      ...row,
      name: isSeen(nodes.get(row.facility)) ? (nodes.get(row.facility)?.body.name ?? row.facility) : row.facility,
      since: new Date(sinceMs).toISOString(),
    })),
    more: inForce.length > MOST_LISTED,
  };
}

export const jobsOf = ({ late, ...jobs }: OverviewRows['jobs']): NonNullable<Overview['jobs']> => ({
  ...{ ...jobs, states: { ...jobs.states }, late: late.slice(0, MOST_LISTED), moreLate: late.length > MOST_LISTED },
});

/** Monitors in force whose answer says whether a node can be reached. */
export const reachabilityOf = (snapshot: Pick<SettingsSnapshot, 'enabled'>, isSeen: IsSeen): readonly string[] =>
  snapshot
    .enabled('monitor')
    .filter(isSeen)
    .filter(({ body }) => body.type === 'agent-alive' || ('reachability' in body && body.reachability))
    .map(({ id }) => id);
