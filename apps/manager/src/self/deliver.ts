import type { InsidePlace } from '@yosugara/connectors/inside';
import { YosugaraError } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { PRIORITIES } from '@yosugara/protocol';
import { z } from 'zod';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import type { Operations } from '../operations/operations.js';
import { MOST_CHARS, placeOf, postSigned, readIfSigned, type Signed, SignedSchema, signed } from './signed.js';

const PURPOSE = 'yosugara internal results\n';

const text = (most: number) => z.string().max(most);
/** Results of ourselves, of another node: nothing else could be told this way. */
const ResultsSchema = z.strictObject({
  node: text(64),
  results: z
    .array(
      z.strictObject({
        ...{ id: text(2_048), trigger: z.literal('internal'), plugin: z.literal('internal') },
        ...{ monitor: z.literal('INTERNAL'), facility: z.literal('INTERNAL'), sender: z.null() },
        ...{ item: text(1_024), sub: text(256), priority: z.enum(PRIORITIES), application: text(64) },
        ...{ message: text(1_024), original: text(8_192), atMs: z.number(), notifications: z.array(text(128)).max(20) },
      }),
    )
    .max(100),
});

/** What a Standby's manager posts: the word, and that somebody said it who has this cluster's key. Twice said is once told. */
export const SignedResultsSchema = SignedSchema;
export type SignedResults = Signed;

export const signResults = (key: Buffer, node: string, results: readonly Result[]): SignedResults =>
  signed(key, PURPOSE, { node, results });

/** @returns null — nobody of this cluster said that, or it is none. */
export const readSigned = (key: Buffer, said: SignedResults): readonly Result[] | null =>
  ResultsSchema.safeParse(readIfSigned(key, PURPOSE, said)).data?.results ?? null;

export interface DeliverOptions {
  readonly config: ManagerConfig;
  readonly authority: Pick<Authority, 'now'>;
  /** Missing: nothing is stored by this process. */
  readonly operations: Pick<Operations, 'tell'> | undefined;
}

/** Where it serves, into its own database; on a Standby through the manager of the Master. @throws when it cannot be now. */
export function delivererOf({
  config,
  authority,
  operations,
}: DeliverOptions): (results: readonly Result[]) => Promise<readonly string[]> {
  return async (results) => {
    const { mode, master } = authority.now();
    if (mode === 'active') return await tellAll(operations, results);
    return await post(placeOf(config, master), config.secrets.sessionKey, config.node, results);
  };
}

/** @returns ids of those that are stored. */
export async function tellAll(
  operations: Pick<Operations, 'tell'> | undefined,
  results: readonly Result[],
): Promise<readonly string[]> {
  if (operations === undefined) throw new YosugaraError('NOT_TOLD', 'nothing is stored by this process');
  const told = await Promise.allSettled(results.map(async (result) => await operations.tell(result)));
  const failed = told.find((each) => each.status === 'rejected');
  const ids = results.flatMap(({ id }, at) => (told[at]?.status === 'fulfilled' ? [id] : []));
  if (ids.length === 0 && failed !== undefined) throw failed.reason;
  return ids;
}

async function post(place: InsidePlace, key: Buffer, node: string, results: readonly Result[]): Promise<readonly string[]> {
  const said = await postSigned(place, '/api/v1/internal/results', signResults(key, node, results.slice(0, fitting(results))));
  const stored = z.object({ stored: z.array(z.string()) }).safeParse(said);
  if (stored.success) return stored.data.stored;
  throw new YosugaraError('NOT_TOLD', 'the manager of the Master did not say what it stored');
}

/** How many of them one request takes; at least one. */
function fitting(results: readonly Result[]): number {
  let chars = 0;
  const at = results.findIndex((result) => (chars += JSON.stringify(result).length) > MOST_CHARS);
  return at < 0 ? results.length : Math.max(1, at);
}
