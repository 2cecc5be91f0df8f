import type { AwayAnswer, AwayRange } from './away.js';
import type { CopyFrame } from './wire.js';

/** The peer reads at most 256 KiB for it, from a disk that may be slow. */
const ANSWER_MS = 5_000;

interface Asked {
  readonly id: number;
  readonly done: (answer: AwayAnswer<Uint8Array>) => void;
}

/** Questions to the peer for what this node does not hold, one at a time: so much of answers is ever under way. */
export class AwayReads {
  #send: ((frame: CopyFrame) => void) | null = null;
  #id = 0;
  #asked: Asked | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  /** There is a connection, and the peer on it answers. */
  begin(send: (frame: CopyFrame) => void): void {
    this.#send = send;
  }

  end(): void {
    this.#send = null;
    this.#asked?.done({ kind: 'unasked', why: 'the connection to the peer ended' });
  }

  get canAsk(): boolean {
    return this.#send !== null;
  }

  /** Within 5 s of its turn. Never rejects. */
  read(range: AwayRange): Promise<AwayAnswer<Uint8Array>> {
    const answer = this.#turn.then(() => this.#ask(range));
    this.#turn = answer;
    return answer;
  }

  #ask(range: AwayRange): Promise<AwayAnswer<Uint8Array>> {
    return new Promise((resolve) => {
      const send = this.#send;
      if (send === null) return resolve({ kind: 'unasked', why: 'no connection to a peer that answers' });
      const id = ++this.#id;
      const done = (answer: AwayAnswer<Uint8Array>) => {
        clearTimeout(deadline);
        this.#asked = null;
        resolve(answer);
      };
      const deadline = setTimeout(
        () => done({ kind: 'unasked', why: `no answer of the peer within ${ANSWER_MS} ms` }),
        ANSWER_MS,
      );
      this.#asked = { id, done };
      send({ type: 'read', id, ...range });
    });
  }

  /** @param frame an answer to an older question is not looked at. */
  take(frame: Extract<CopyFrame, { type: 'found' | 'missing' | 'unread' }>): void {
    if (this.#asked?.id !== frame.id) return;
    if (frame.type === 'found') this.#asked.done({ kind: 'found', records: frame.records });
    else if (frame.type === 'missing') this.#asked.done({ kind: 'missing', throughSeq: frame.throughSeq });
    else this.#asked.done({ kind: 'unasked', why: frame.why });
  }
}
