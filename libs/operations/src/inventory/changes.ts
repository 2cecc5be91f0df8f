import type { Inventory, InventoryItem } from '@yosugara/protocol';
import { newestDueMs, scheduleOf } from '../monitors/ticks.js';

export interface InventoryChange {
  /** They are so from now on: new ones, and others of the same key. */
  readonly begun: readonly InventoryItem[];
  /** They are so no more. */
  readonly ended: readonly Pick<InventoryItem, 'kind' | 'key'>[];
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

const idOf = ({ kind, key }: Pick<InventoryItem, 'kind' | 'key'>): string => `${kind}\0${key}`;

/** What is other than it was. A kind that could not be looked at is as it was; of two with one key the first one counts. */
export function inventoryChange(before: readonly InventoryItem[], now: Pick<Inventory, 'items' | 'troubles'>): InventoryChange {
  const unknown = new Set(now.troubles.map(({ kind }) => kind));
  const was = new Map(before.map((item) => [idOf(item), item]));
  const is = new Map<string, InventoryItem>();
  for (const item of now.items) if (!unknown.has(item.kind) && !is.has(idOf(item))) is.set(idOf(item), item);
  const begun: InventoryItem[] = [];
  const ended: Pick<InventoryItem, 'kind' | 'key'>[] = [];
  let changed = 0;
  for (const [id, item] of is) {
    const old = was.get(id);
    if (old !== undefined && isSame(old, item)) continue;
    begun.push(item);
    if (old === undefined) continue;
    changed++;
    ended.push({ kind: item.kind, key: item.key });
  }
  for (const [id, { kind, key }] of was) if (!is.has(id) && !unknown.has(kind)) ended.push({ kind, key });
  return { begun, ended, added: begun.length - changed, removed: ended.length - changed, changed };
}

function isSame(one: InventoryItem, other: InventoryItem): boolean {
  // A start has an id of its own. When it was is reckoned from the clock, which is set a little now and then.
  if (one.kind === 'boot') return true;
  const [a, b] = [Object.entries(one.fields), Object.entries(other.fields)];
  return one.name === other.name && a.length === b.length && a.every(([field, value]) => other.fields[field] === value);
}

const NAME = 'inventory';

/** When a node is due by the schedule, at the same time each day and spread over all of it. @param lastMs null: it was never asked, and is due at once */
export function inventoryDueMs(node: string, lastMs: number | null, everyHours: number): number {
  if (lastMs === null) return 0;
  const schedule = scheduleOf(NAME, node, everyHours * 3_600_000);
  return newestDueMs(schedule, lastMs) + schedule.intervalMs;
}
