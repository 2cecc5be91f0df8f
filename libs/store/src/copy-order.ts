import type { MessageToStore } from '@yosugara/runtime';

/**
 * Rows of one host side by side, of those without a name of one source; each host's in their order. The indexes by host and by source have
 * a page for the newest of each: taken in the order of time, every row goes to another page than the one before
 * (docs/decisions/0052-rows-are-stored-host-by-host.md). A database does not promise an order, and no search relies on one.
 */
export function hostByHost(rows: readonly MessageToStore[]): readonly MessageToStore[] {
  const groups = new Map<string, MessageToStore[]>();
  for (const row of rows) {
    const key = row.host ?? row.source;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups.size < 2 ? rows : [...groups.values()].flat();
}
