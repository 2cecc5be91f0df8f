import { CAPACITY_SERIES, type Collected, seriesNameOf } from '@yosugara/operations';
import { z } from 'zod';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import { placeOf, postSigned, readIfSigned, type Signed, signed } from '../self/signed.js';
import type { CapacityTables } from './capacity-tables.js';

const PURPOSE = 'yosugara capacity\n';
export const MEASURES_PATH = '/api/v1/internal/measures';

/** How full a node is, of the node itself: nothing else could be stored this way. */
const MeasuresSchema = z.strictObject({
  node: z.string().max(64),
  values: z.array(z.tuple([z.string().max(1_024), z.number(), z.number()])).max(1_000),
});

export interface KeepOptions {
  readonly config: ManagerConfig;
  readonly authority: Pick<Authority, 'now' | 'demand'>;
  readonly tables: Pick<CapacityTables, 'store'>;
}

/** Where it serves, into its own database; on a Standby through the manager of the Master. @throws when it cannot be now. */
export function keeperOf({ config, authority, tables }: KeepOptions): (collected: readonly Collected[]) => Promise<void> {
  return async (collected) => {
    const { mode, epoch, master } = authority.now();
    if (mode === 'active') return await tables.store(collected, epoch, () => void authority.demand('active', epoch));
    const values = collected.map(({ item, atMs, value }) => [item, atMs, value]);
    const word = signed(config.secrets.sessionKey, PURPOSE, { node: config.node, values });
    await postSigned(placeOf(config, master), MEASURES_PATH, word);
  };
}

/** @returns null — nobody of this cluster said that. What is no measure of that node is left out. */
export function readMeasures(key: Buffer, said: Signed): readonly Collected[] | null {
  const word = MeasuresSchema.safeParse(readIfSigned(key, PURPOSE, said)).data;
  if (word === undefined) return null;
  return word.values.flatMap(([item, atMs, value]) =>
    seriesNameOf(item)?.node === word.node ? [{ ...CAPACITY_SERIES, item, atMs, value }] : [],
  );
}
