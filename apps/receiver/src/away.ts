import type { AwayAnswerDocument, AwayRead } from '@yosugara/protocol';
import type { LineConnection } from '@yosugara/receivers';
import { type CopySender, encodeRecords } from '@yosugara/runtime';

/** Characters of base64 in one document: a line has at most 1 MiB. */
const PART_CHARACTERS = 512 * 1024;

/** The manager asks what the peer holds of a journal: the answer goes to it as it came, in parts. */
export async function answerRead(
  connection: Pick<LineConnection, 'send'>,
  sender: Pick<CopySender, 'read'>,
  { id, ...range }: AwayRead['read'],
): Promise<void> {
  const answer = await sender.read(range);
  const say = (away: AwayAnswerDocument['away']) => connection.send({ away });
  if (answer.kind === 'missing') return say({ id, kind: 'missing', throughSeq: answer.throughSeq });
  if (answer.kind === 'unasked') return say({ id, kind: 'unasked', why: answer.why });
  const text = Buffer.from(encodeRecords(answer.records)).toString('base64');
  for (let at = 0; at < text.length; at += PART_CHARACTERS) say({ id, part: text.slice(at, at + PART_CHARACTERS) });
  say({ id, kind: 'found' });
}
