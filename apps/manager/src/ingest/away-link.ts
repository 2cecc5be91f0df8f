import { decodeRecord } from '@yosugara/journal';
import { explain } from '@yosugara/kernel';
import type { RawRecord } from '@yosugara/operations';
import { AwayAnswerSchema, type AwayRead } from '@yosugara/protocol';
import { type AwayAnswer, type AwayRange, decodeRecords } from '@yosugara/runtime';

/** The receiver asks one thing after the other, each for 5 s. */
const ANSWER_MS = 30_000;
/** A record is at most 8 MiB, and goes alone when it is long. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

interface Asked {
  text: string;
  readonly done: (answer: AwayAnswer<RawRecord>) => void;
}

/** Questions of ingest to the other node, through this node's receiver. The bytes that come back are checked as those of a local read. */
export class AwayLink {
  readonly #send: (document: AwayRead) => boolean;
  readonly #asked = new Map<number, Asked>();
  #id = 0;

  /** @param send false: there is no receiver that knows the question. */
  constructor(send: (document: AwayRead) => boolean) {
    this.#send = send;
  }

  /** Never rejects. */
  read(range: AwayRange): Promise<AwayAnswer<RawRecord>> {
    return new Promise((resolve) => {
      const id = ++this.#id;
      const done = (answer: AwayAnswer<RawRecord>) => {
        clearTimeout(deadline);
        this.#asked.delete(id);
        resolve(answer);
      };
      const deadline = setTimeout(
        () => done({ kind: 'unasked', why: `no answer of the receiver within ${ANSWER_MS} ms` }),
        ANSWER_MS,
      );
      this.#asked.set(id, { text: '', done });
      if (!this.#send({ read: { id, ...range } })) done({ kind: 'unasked', why: 'no receiver that could ask the peer' });
    });
  }

  /** @returns whether it was an answer. */
  take(document: unknown): boolean {
    const parsed = AwayAnswerSchema.safeParse(document);
    if (!parsed.success) return false;
    const { id, part = '', kind, throughSeq, why = 'no reason given' } = parsed.data.away;
    const asked = this.#asked.get(id);
    if (asked === undefined) return true;
    asked.text += part;
    if (asked.text.length > MAX_CHARACTERS) asked.done({ kind: 'unasked', why: 'the answer is too long' });
    else if (kind === 'found') asked.done(decoded(asked.text));
    else if (kind === 'missing' && throughSeq !== undefined) asked.done({ kind, throughSeq });
    else if (kind !== undefined) asked.done({ kind: 'unasked', why });
    return true;
  }

  /** The receiver is gone. */
  lost(): void {
    for (const { done } of [...this.#asked.values()]) done({ kind: 'unasked', why: 'the receiver is gone' });
  }
}

function decoded(text: string): AwayAnswer<RawRecord> {
  try {
    return { kind: 'found', records: decodeRecords(Buffer.from(text, 'base64')).map(decodeRecord) };
  } catch (error) {
    return { kind: 'unasked', why: `what the peer sent cannot be read: ${explain(error)}` };
  }
}
