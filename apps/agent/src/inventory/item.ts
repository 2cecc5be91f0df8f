import type { InventoryItem, InventoryKind } from '@yosugara/protocol/inventory';
import { MAX_INVENTORY_NAME, MAX_INVENTORY_TEXT } from '@yosugara/protocol/inventory';

const plain = (text: string, most: number): string => {
  const shown = text.replaceAll(/[\p{Cc}\p{Cs}]/gu, '\u{FFFD}');
  // Not through the middle of a character.
  return shown.slice(0, most).replace(/\p{Cs}$/u, '');
};

/** As managers take it: what is empty is not said, what is too long is cut, what is no text is none. */
export function itemOf(
  kind: InventoryKind,
  key: string,
  name: string,
  fields: Readonly<Record<string, string | number | null | undefined>>,
): InventoryItem {
  const said: Record<string, string | number> = {};
  for (const [field, value] of Object.entries(fields)) {
    if (value === null || value === undefined || value === '') continue;
    if (typeof value === 'string') said[field] = plain(value, MAX_INVENTORY_TEXT);
    else if (Number.isFinite(value)) said[field] = value;
  }
  return { kind, key: plain(key, MAX_INVENTORY_NAME), name: plain(name, MAX_INVENTORY_NAME), fields: said };
}
