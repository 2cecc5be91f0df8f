import type { SenderCount } from '../senders/count.js';

/** One of the cluster's notifications to the outside. */
export interface Way {
  readonly notification: string;
  readonly way: string;
}

export interface Expected {
  /** Ids of what was to be told, by notification. */
  readonly ids: ReadonlyMap<string, ReadonlySet<string>>;
  /** Ids that the other side took, as often as it did. */
  readonly taken: ReadonlyMap<string, readonly string[]>;
  /** Take-overs meanwhile: what was in flight then may have come twice, and of each notification one thing at most is in flight. */
  readonly takeOvers: number;
  /** Ids of what was stored before a take-over, and marked as told only after it. Only these may have come twice. */
  readonly inFlight: ReadonlySet<string>;
}

const GOAL = '0 lost, doubled at most what was in flight';
const examples = (ids: readonly string[]): string => `, such as ${ids.slice(0, 3).join(', ')}`;

/** What was told against what was to be told, by the id of its result. */
export function countTold(
  ways: readonly Way[],
  { ids, taken, takeOvers, inFlight }: Expected,
): { readonly counts: readonly SenderCount[]; readonly violations: readonly string[] } {
  const violations: string[] = [];
  const counts = ways.map(({ notification, way }): SenderCount => {
    const wanted = ids.get(notification) ?? new Set<string>();
    const times = new Map<string, number>();
    for (const id of taken.get(notification) ?? []) times.set(id, (times.get(id) ?? 0) + 1);
    const lost = [...wanted].filter((id) => !times.has(id));
    const strange = [...times.keys()].filter((id) => !wanted.has(id));
    const doubled = [...times].filter(([, many]) => many > 1).map(([id]) => id);
    const more = [...times.values()].reduce((sum, many) => sum + many - 1, 0);
    if (lost.length > 0) violations.push(`${notification}: ${lost.length} of ${wanted.size} were not told${examples(lost)}`);
    if (strange.length > 0)
      violations.push(`${notification}: ${strange.length} were told that nobody stored${examples(strange)}`);
    const marked = doubled.filter((id) => !inFlight.has(id));
    if (marked.length > 0)
      violations.push(`${notification}: ${marked.length} came twice though they were not in flight${examples(marked)}`);
    if (more > takeOvers)
      violations.push(`${notification}: ${more} came once more, and at ${takeOvers} take-overs as many may${examples(doubled)}`);
    return { stream: notification, way, loss: 'none', goal: GOAL, sent: wanted.size, lost: lost.length, doubled: more };
  });
  return { counts, violations };
}
