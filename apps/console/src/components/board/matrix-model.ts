import { PRIORITIES, type Priority, type StatusRow } from '@yosugara/protocol';

export interface Cell {
  readonly worst: Priority;
  readonly count: number;
}
export interface Matrix {
  readonly columns: readonly string[];
  readonly rows: readonly {
    readonly facility: string;
    readonly name: string;
    readonly worst: Priority;
    readonly cells: ReadonlyMap<string, Cell>;
  }[];
}

const rank = (priority: Priority): number => PRIORITIES.indexOf(priority);
const worse = (one: Priority, other: Priority): Priority => (rank(one) <= rank(other) ? one : other);

/** Nodes by monitor, the worst of each pair; the worst nodes first. */
export function matrixOf(statuses: readonly StatusRow[]): Matrix {
  const rows = new Map<string, { name: string; worst: Priority; cells: Map<string, Cell> }>();
  for (const { facility, scope, sender, monitor, priority } of statuses) {
    const found = rows.get(facility) ?? {
      name: scope === '' ? (sender ?? facility) : scope,
      worst: priority,
      cells: new Map<string, Cell>(),
    };
    rows.set(facility, found);
    found.worst = worse(found.worst, priority);
    const cell = found.cells.get(monitor);
    found.cells.set(monitor, { worst: worse(cell?.worst ?? priority, priority), count: (cell?.count ?? 0) + 1 });
  }
  return {
    columns: [...new Set(statuses.map(({ monitor }) => monitor))].sort(),
    rows: [...rows]
      .map(([facility, row]) => ({ facility, ...row }))
      .sort((one, other) => rank(one.worst) - rank(other.worst) || one.name.localeCompare(other.name)),
  };
}
