/** How nodes are reached, by their settings. */
export interface Paths {
  /** Nodes that it is reached through, any one of them; none: it is reached without another. */
  behind(node: string): readonly string[];
  /** A monitor that is marked as reachability looks at it. */
  isWatched(node: string): boolean;
}

/** Found down by one monitor. */
export interface Down {
  readonly sinceMs: number;
  /** When it answered again; it counts as down for a while longer. */
  readonly clearedMs: number | null;
}

/**
 * One moment's picture of all ways. Whoever lies behind several nodes is reached while one of them is: it is blocked when no way is left
 * to a node that is behind none. Settings may lead in a circle: then no way is left when some node on it is down.
 */
export class PathView {
  readonly #paths: Paths;
  readonly #down: ReadonlyMap<string, ReadonlyMap<string, Down>>;
  readonly #heardMs: ReadonlyMap<string, number>;
  readonly #blocked = new Map<string, readonly string[]>();

  constructor(paths: Paths, down: ReadonlyMap<string, ReadonlyMap<string, Down>>, heardMs: ReadonlyMap<string, number>) {
    this.#paths = paths;
    this.#down = down;
    this.#heardMs = heardMs;
  }

  /** Nodes that keep it from being reached: those that are down and lie behind none that is. Empty = it can be reached. */
  blockedBy(node: string): readonly string[] {
    const known = this.#blocked.get(node);
    if (known !== undefined) return known;
    const nearest = this.#nearestDown(node);
    const roots = nearest.length === 0 ? [] : this.#rootsOf(nearest);
    this.#blocked.set(node, roots);
    return roots;
  }

  /** There is a way on which each node that is looked at was heard of at that time or later, and is not down. */
  isHeardSince(node: string, atMs: number): boolean {
    const isNews = (each: string) => !this.#paths.isWatched(each) || (this.#heardMs.get(each) ?? 0) >= atMs;
    return this.#walk(node, (each) => !this.#down.has(each) && isNews(each)).leadsOut;
  }

  #nearestDown(node: string): readonly string[] {
    const { leadsOut, stoppedBy } = this.#walk(node, (each) => !this.#down.has(each));
    return leadsOut ? [] : stoppedBy;
  }

  #rootsOf(nearest: readonly string[]): readonly string[] {
    const roots = new Set<string>();
    const seen = new Set(nearest);
    for (const each of seen) {
      const above = this.#nearestDown(each);
      // In a circle each would be behind the other: then the nearest are as good as any.
      if (above.length === 0) roots.add(each);
      for (const higher of above) seen.add(higher);
    }
    return [...(roots.size === 0 ? new Set(nearest) : roots)].sort();
  }

  /** Upwards from what a node is behind, through all that `isPassable`. */
  #walk(
    node: string,
    isPassable: (each: string) => boolean,
  ): { readonly leadsOut: boolean; readonly stoppedBy: readonly string[] } {
    const stoppedBy = new Set<string>();
    const seen = new Set<string>([node]);
    const todo = [...this.#paths.behind(node)];
    if (todo.length === 0) return { leadsOut: true, stoppedBy: [] };
    for (let each = todo.pop(); each !== undefined; each = todo.pop()) {
      if (seen.has(each)) continue;
      seen.add(each);
      if (!isPassable(each)) {
        stoppedBy.add(each);
        continue;
      }
      const above = this.#paths.behind(each);
      if (above.length === 0) return { leadsOut: true, stoppedBy: [] };
      todo.push(...above);
    }
    // Nothing but a circle in which nobody is down.
    return { leadsOut: stoppedBy.size === 0, stoppedBy: [...stoppedBy] };
  }
}
