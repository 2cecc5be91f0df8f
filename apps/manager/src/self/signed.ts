import { createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { type InsidePlace, insideRequest } from '@yosugara/connectors/inside';
import { YosugaraError } from '@yosugara/kernel';
import { z } from 'zod';
import type { ManagerConfig } from '../config.js';

const DEADLINE_MS = 5_000;
/** Of one request: far below what the API takes. */
export const MOST_CHARS = 100_000;

/** A word, and that somebody said it who has this cluster's key. */
export const SignedSchema = z.strictObject({ payload: z.string().max(2 * MOST_CHARS), signature: z.string().max(128) });
export type Signed = z.infer<typeof SignedSchema>;

/** @param purpose what is said for one thing counts for no other. */
export function signed(key: Buffer, purpose: string, said: unknown): Signed {
  const payload = JSON.stringify(said);
  return { payload, signature: signatureOf(key, purpose, payload) };
}

/** @returns undefined — nobody of this cluster said that, or it is no JSON. */
export function readIfSigned(key: Buffer, purpose: string, { payload, signature }: Signed): unknown {
  const [said, is] = [Buffer.from(signature), Buffer.from(signatureOf(key, purpose, payload))];
  if (said.length !== is.length || !timingSafeEqual(said, is)) return undefined;
  try {
    return JSON.parse(payload);
  } catch {
    return undefined;
  }
}

const signatureOf = (key: Buffer, purpose: string, payload: string): string =>
  createHmac('sha256', key).update(purpose).update(payload).digest('hex');

/** Where the Master's manager listens, for the other node's. @throws when nobody serves, or nobody could be told from a stranger. */
export function placeOf(config: ManagerConfig, master: string | null): InsidePlace {
  const member = config.config.cluster.members.find(({ id }) => id === master && id !== config.node);
  if (member === undefined) throw new YosugaraError('NOT_TOLD', 'nobody serves now');
  const ca = config.tls == null ? null : config.postgres.clusterCa;
  if (config.tls != null && ca === null) throw new YosugaraError('NOT_TOLD', 'this node has no CA of the cluster');
  return { host: member.address, port: config.port, ca };
}

/** @returns the answer's body. @throws when the manager of the Master did not take it. */
export async function postSigned(place: InsidePlace, path: string, word: Signed): Promise<unknown> {
  const body = JSON.stringify(word);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const call = insideRequest(place, {
      ...{ method: 'POST', path, signal: AbortSignal.timeout(DEADLINE_MS) },
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), 'x-yosugara': '1' },
    });
    call.once('response', resolve).once('error', reject).end(body);
  });
  const said: unknown = await json(answer).catch(() => null);
  if (answer.statusCode === 200) return said;
  throw new YosugaraError('NOT_TOLD', `the manager of the Master answered ${answer.statusCode}`);
}
