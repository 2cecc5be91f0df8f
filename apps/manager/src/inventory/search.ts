import { holds, type InventoryCondition } from '@yosugara/operations';
import type { FoundItem, FoundWanted } from '@yosugara/store';
import type { InventoryTables } from './inventory-tables.js';

const AT_ONCE = 1_000;
/** Of one page, whether they fit or not. */
const MOST_LOOKED_AT = 20_000;

export interface InventorySearch extends Omit<FoundWanted, 'limit'> {
  readonly condition: InventoryCondition | null;
  readonly isSeen: (node: string) => boolean;
  readonly limit: number;
}

/** Versions are compared here, and whose nodes are seen is known here: the database gives what has the name, in order. */
export async function searchInventory(
  tables: Pick<InventoryTables, 'find'>,
  { condition, isSeen, limit, ...wanted }: InventorySearch,
): Promise<{ readonly rows: readonly FoundItem[]; readonly last: FoundItem | null }> {
  const rows: FoundItem[] = [];
  let { after } = wanted;
  for (let looked = 0; ; ) {
    const found = await tables.find({ ...wanted, after, limit: AT_ONCE });
    for (const row of found) {
      looked++;
      if (!isSeen(row.node) || (condition !== null && !holds(row, condition))) continue;
      rows.push(row);
      if (rows.length === limit) return { rows, last: row };
    }
    const last = found.at(-1);
    if (last === undefined || found.length < AT_ONCE) return { rows, last: null };
    if (looked >= MOST_LOOKED_AT) return { rows, last };
    after = last;
  }
}
