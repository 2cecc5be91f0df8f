import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { explain, YosugaraError } from '@yosugara/kernel';
import type { FromAgent } from '@yosugara/protocol/agents';
import {
  INVENTORY,
  INVENTORY_DEADLINE_MS,
  INVENTORY_FORMAT,
  type Inventory,
  type InventoryCut,
  type InventoryItem,
  type InventoryKind,
  type InventoryTrouble,
  MAX_INVENTORY_PACKED_CHARS,
  MAX_INVENTORY_TEXT,
} from '@yosugara/protocol/inventory';
import {
  readBoot,
  readCpus,
  readDevices,
  readFilesystemItems,
  readHost,
  readInterfaces,
  readMemoryItem,
  readOs,
} from './hardware.js';
import { readPackages } from './packages.js';
import { readPrograms } from './programs.js';

/** Of one reader: what takes longer is told as trouble. */
const READER_MS = INVENTORY_DEADLINE_MS - 20_000;

export interface InventoryReader {
  readonly kinds: readonly InventoryKind[];
  readonly read: () => Promise<readonly InventoryItem[]>;
}

export const READERS: readonly InventoryReader[] = [
  { kinds: ['host'], read: readHost },
  { kinds: ['os'], read: readOs },
  { kinds: ['boot'], read: async () => await readBoot() },
  { kinds: ['cpu'], read: readCpus },
  { kinds: ['memory'], read: readMemoryItem },
  { kinds: ['interface'], read: readInterfaces },
  { kinds: ['filesystem'], read: readFilesystemItems },
  { kinds: ['device'], read: readDevices },
  { kinds: ['package'], read: readPackages },
  { kinds: ['port', 'process'], read: readPrograms },
];

class LateError extends YosugaraError {
  override readonly name = 'LateError';
  constructor() {
    super('LATE', `it took longer than ${READER_MS / 1_000} s`);
  }
}

/** What this host consists of. A reader that fails leaves its kinds untold, and why. Never throws. */
export async function collectInventory(readers: readonly InventoryReader[] = READERS): Promise<Inventory> {
  const items: InventoryItem[] = [];
  const cut: InventoryCut[] = [];
  const troubles: InventoryTrouble[] = [];
  const take = ({ kinds }: InventoryReader, found: readonly InventoryItem[]) => {
    for (const kind of kinds) {
      // In an order of their own, so that of too many the same ones are told each time.
      const those = found.filter((item) => item.kind === kind).sort((one, other) => (one.key < other.key ? -1 : 1));
      const { most } = INVENTORY[kind];
      items.push(...those.slice(0, most));
      if (those.length > most) cut.push({ kind, kept: most, found: those.length });
    }
  };
  await Promise.all(
    readers.map(async (reader) => {
      try {
        take(reader, await inTime(reader.read()));
      } catch (error) {
        const why = explain(error)
          .replaceAll(/[\p{Cc}\p{Cs}]/gu, ' ')
          .slice(0, MAX_INVENTORY_TEXT);
        for (const kind of reader.kinds) troubles.push({ kind, why });
      }
    }),
  );
  return { format: INVENTORY_FORMAT, items, cut, troubles };
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const late = new Promise<never>((_, reject) => (timer = setTimeout(() => reject(new LateError()), READER_MS)));
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

let underWay: Promise<Omit<Extract<FromAgent, { say: 'inventoried' }>, 'id'>> | null = null;

/** Whoever asks while it is looked is told of the same look. */
export async function inventoried(id: number): Promise<Extract<FromAgent, { say: 'inventoried' }>> {
  underWay ??= packed().finally(() => {
    underWay = null;
  });
  return { ...(await underWay), id };
}

async function packed() {
  const say = 'inventoried' as const;
  try {
    const text = JSON.stringify(await collectInventory());
    const zipped = (await promisify(gzip)(text)).toString('base64');
    if (zipped.length <= MAX_INVENTORY_PACKED_CHARS) return { say, packed: zipped, why: null };
    return { say, packed: null, why: `there is too much of it to be sent: ${zipped.length} characters` };
  } catch (error) {
    return { say, packed: null, why: explain(error).slice(0, 4_096) };
  }
}
