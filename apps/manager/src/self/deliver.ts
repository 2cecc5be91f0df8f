import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { type InsidePlace, insideRequest } from '@yosugara/connectors/inside';
import { YosugaraError } from '@yosugara/kernel';
import type { Result } from '@yosugara/operations';
import { PRIORITIES } from '@yosugara/protocol';
import { z } from 'zod';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import type { Operations } from '../operations/operations.js';

const DEADLINE_MS = 5_000;
/** Of one request: far below what the API takes. */
const MOST_CHARS = 100_000;
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
export const SignedResultsSchema = z.strictObject({ payload: z.string().max(2 * MOST_CHARS), signature: z.string().max(128) });
export type SignedResults = z.infer<typeof SignedResultsSchema>;

export function signResults(key: Buffer, node: string, results: readonly Result[]): SignedResults {
  const payload = JSON.stringify({ node, results });
  return { payload, signature: signatureOf(key, payload) };
}

/** @returns null — nobody of this cluster said that, or it is none. */
export function readSigned(key: Buffer, { payload, signature }: SignedResults): readonly Result[] | null {
  const [said, is] = [Buffer.from(signature), Buffer.from(signatureOf(key, payload))];
  if (said.length !== is.length || !timingSafeEqual(said, is)) return null;
  try {
    return ResultsSchema.parse(JSON.parse(payload)).results;
  } catch {
    return null;
  }
}

const signatureOf = (key: Buffer, payload: string): string =>
  createHmac('sha256', key).update(PURPOSE).update(payload).digest('hex');

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
    const member = config.config.cluster.members.find(({ id }) => id === master && id !== config.node);
    if (member === undefined) throw new YosugaraError('NOT_TOLD', 'nobody serves now');
    const ca = config.tls == null ? null : config.postgres.clusterCa;
    if (config.tls != null && ca === null) throw new YosugaraError('NOT_TOLD', 'this node has no CA of the cluster');
    const place = { host: member.address, port: config.port, ca };
    return await post(place, config.secrets.sessionKey, config.node, results);
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
  const body = JSON.stringify(signResults(key, node, results.slice(0, fitting(results))));
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = insideRequest(place, {
      ...{ method: 'POST', path: '/api/v1/internal/results', signal: AbortSignal.timeout(DEADLINE_MS) },
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-yosugara': '1' },
    });
    call.once('response', resolve).once('error', reject).end(body);
  });
  const said: unknown = await json(answer).catch(() => null);
  const stored = z.object({ stored: z.array(z.string()) }).safeParse(said);
  if (answer.statusCode === 200 && stored.success) return stored.data.stored;
  throw new YosugaraError('NOT_TOLD', `the manager of the Master answered ${answer.statusCode}`);
}

/** How many of them one request takes; at least one. */
function fitting(results: readonly Result[]): number {
  let chars = 0;
  const at = results.findIndex((result) => (chars += JSON.stringify(result).length) > MOST_CHARS);
  return at < 0 ? results.length : Math.max(1, at);
}
