import { askPinned, type PinnedQuestion } from '@yosugara/connectors/pinned';
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
