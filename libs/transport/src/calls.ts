import type { Connection, Stream } from '@libp2p/interface';
import { explain, type Log, type NodeId, YosugaraError } from '@yosugara/kernel';

/** A question and its answer, a stream for each: what members say to one another beside consensus, by the same identities. */
export const ASK_PROTOCOL = '/yosugara/ask/1';
const MAX_BYTES = 256 * 1_024;
const MAX_ANSWERING = 16;
const QUESTION_MS = 5_000;
const PREFIX_BYTES = 4;

/** A member could not be asked, or did not answer. */
export class MemberCallError extends YosugaraError {
  override readonly name = 'MemberCallError';
  constructor(peer: NodeId, why: string, cause?: unknown) {
    super('MEMBER_SILENT', `${peer} could not be asked: ${why}`, { cause });
  }
}

export type AnswerMember = (from: NodeId, question: Uint8Array) => Promise<Uint8Array>;

/** @throws MemberCallError — no connection, no answer in time, one that is too large. */
export async function askMember(
  peer: NodeId,
  connection: Connection | undefined,
  question: Uint8Array,
  deadlineMs: number,
): Promise<Uint8Array> {
  if (connection === undefined) throw new MemberCallError(peer, 'there is no connection to it');
  const signal = AbortSignal.timeout(deadlineMs);
  let stream: Stream | undefined;
  const cut = () => stream?.abort(new Error(`no answer within ${deadlineMs} ms`));
  signal.addEventListener('abort', cut);
  try {
    stream = await connection.newStream(ASK_PROTOCOL, { signal });
    if (signal.aborted) cut();
    await writeFrame(stream, question, signal);
    const answer = await readFrame(stream);
    await stream.close({ signal });
    return answer;
  } catch (error) {
    stream?.abort(error instanceof Error ? error : new Error(String(error)));
    throw new MemberCallError(peer, signal.aborted ? `no answer within ${deadlineMs} ms` : explain(error), error);
  } finally {
    signal.removeEventListener('abort', cut);
  }
}

/** Who asks has shown by the connection who it is. */
export class MemberAnswers {
  readonly #log: Log;
  #answer: AnswerMember | null = null;
  #answering = 0;

  constructor(log: Log) {
    this.#log = log;
  }

  by(answer: AnswerMember): void {
    this.#answer = answer;
  }

  async take(stream: Stream, from: NodeId): Promise<void> {
    const answer = this.#answer;
    if (answer === null || this.#answering >= MAX_ANSWERING) return stream.abort(new Error('it answers nothing just now'));
    this.#answering++;
    const late = setTimeout(() => stream.abort(new Error('no question came')), QUESTION_MS);
    try {
      const question = await readFrame(stream);
      clearTimeout(late);
      await writeFrame(stream, await answer(from, question), AbortSignal.timeout(QUESTION_MS));
      await stream.close({ signal: AbortSignal.timeout(QUESTION_MS) });
    } catch (error) {
      this.#log.debug('transport.question_failed', { from, why: explain(error) });
      stream.abort(error instanceof Error ? error : new Error(String(error)));
    } finally {
      clearTimeout(late);
      this.#answering--;
    }
  }
}

async function writeFrame(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  if (bytes.length > MAX_BYTES) throw new Error(`${bytes.length} bytes are more than ${MAX_BYTES}`);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + bytes.length);
  frame.writeUInt32BE(bytes.length);
  frame.set(bytes, PREFIX_BYTES);
  if (!stream.send(frame)) await stream.onDrain({ signal });
}

async function readFrame(stream: Stream): Promise<Uint8Array> {
  let held = Buffer.alloc(0);
  for await (const chunk of stream) {
    held = Buffer.concat([held, chunk.subarray()]);
    if (held.length < PREFIX_BYTES) continue;
    const length = held.readUInt32BE();
    if (length > MAX_BYTES) throw new Error(`${length} bytes are more than ${MAX_BYTES}`);
    if (held.length >= PREFIX_BYTES + length) return held.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
  }
  throw new Error('it ended within a frame');
}
