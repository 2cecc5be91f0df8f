import { setTimeout as delay } from 'node:timers/promises';
import { askPinned, authorityShownBy, type PinnedQuestion } from '@yosugara/connectors/pinned';
import { YosugaraError } from '@yosugara/kernel';

/** The first server said no, with its own code: asking again does not help. */
export class JoinRefusedError extends YosugaraError {}

/** @throws YosugaraError PINNED_SERVER nobody answered; JoinRefusedError with the code of the refusal. */
export async function askFirst(question: PinnedQuestion): Promise<unknown> {
  const { status, body } = await askPinned(question);
  if (status === 200) return body;
  const { code = 'REFUSED', message = `status ${status}` } = (body ?? {}) as { code?: string; message?: string };
  throw new JoinRefusedError(code, `${question.host}:${question.port} refused: ${message}`);
}

const ANSWERS_WITHIN_MS = 20_000;
const AGAIN_MS = 100;

/** Whether joins are answered: a token that was printed can be used at once. @param sha256 of the authority's certificate, as a token has it. */
export async function answersJoins(host: string, port: number, sha256: string): Promise<boolean> {
  const endMs = performance.now() + ANSWERS_WITHIN_MS;
  for (;;) {
    const shown = await authorityShownBy({ host, port }, fingerprintOf(sha256)).catch(() => null);
    if (shown !== null || performance.now() >= endMs) return shown !== null;
    await delay(AGAIN_MS);
  }
}

/** Of what a token says of the authority, as it is compared with what a server shows. */
export const fingerprintOf = (sha256: string): string => Buffer.from(sha256, 'base64url').toString('hex');
