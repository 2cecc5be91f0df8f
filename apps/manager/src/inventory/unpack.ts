import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { YosugaraError } from '@yosugara/kernel';
import {
  INVENTORY,
  INVENTORY_KINDS,
  type Inventory,
  InventorySchema,
  MAX_INVENTORY_BYTES,
  MAX_INVENTORY_FIELDS,
  MAX_INVENTORY_ITEMS,
} from '@yosugara/protocol';

/** What a host consists of was not learned; the sentence is for people. */
export class InventoryError extends YosugaraError {
  override readonly name = 'InventoryError';
  constructor(message: string, cause?: unknown) {
    super('INVENTORY_REFUSED', message, { cause });
  }
}

/** As an agent packed it. Whatever it is, it takes bounded memory and time. @throws InventoryError */
export async function unpackInventory(packed: string): Promise<Inventory> {
  const value = await unzipped(packed);
  // Before a schema looks at each of them, and says of each what is wrong.
  const excess = excessOf(value);
  if (excess !== null) throw new InventoryError(`what its agent sent is no inventory: ${excess}`);
  const parsed = InventorySchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw new InventoryError(`what its agent sent is no inventory: ${path.join('.').slice(0, 200)}: ${message.slice(0, 500)}`);
  }
  for (const kind of INVENTORY_KINDS) {
    const count = parsed.data.items.filter((item) => item.kind === kind).length;
    const { most } = INVENTORY[kind];
    if (count > most)
      throw new InventoryError(`what its agent sent is no inventory: ${count} of ${kind}, where at most ${most} are told`);
  }
  return parsed.data;
}

async function unzipped(packed: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await promisify(gunzip)(Buffer.from(packed, 'base64'), { maxOutputLength: MAX_INVENTORY_BYTES });
  } catch (error) {
    const isTooLarge = error instanceof Error && 'code' in error && error.code === 'ERR_BUFFER_TOO_LARGE';
    const why = isTooLarge ? `unpacked it has more than ${MAX_INVENTORY_BYTES / 1_048_576} MiB` : 'it is not packed by gzip';
    throw new InventoryError(`what its agent sent is no inventory: ${why}`, error);
  }
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new InventoryError('what its agent sent is no inventory: it is no JSON', error);
  }
}

function excessOf(value: unknown): string | null {
  const { items, cut, troubles } = (value ?? {}) as Readonly<Record<string, unknown>>;
  if (!Array.isArray(items)) return 'items: a list is missing';
  if (items.length > MAX_INVENTORY_ITEMS) return `${items.length} items, where at most ${MAX_INVENTORY_ITEMS} are told`;
  for (const list of [cut, troubles])
    if (Array.isArray(list) && list.length > INVENTORY_KINDS.length)
      return 'more is said to be cut off, or in trouble, than there are kinds';
  for (const [at, item] of items.entries())
    if (Object.keys((item as { fields?: object } | null)?.fields ?? {}).length > MAX_INVENTORY_FIELDS)
      return `items.${at}: too many fields`;
  return null;
}
