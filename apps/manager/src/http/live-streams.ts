import type { FastifyReply } from 'fastify';
import type { Identity } from '../auth/identity.js';
import type { Sessions } from '../auth/sessions.js';
import { ApiRefusal } from './errors.js';
import { EventStream } from './event-stream.js';

const SESSION_CHECK_MS = 15_000;

/** Streams of one kind that are open: not more than so many, each no longer than its session, none after the end of the program. */
export class LiveStreams {
  readonly #open = new Set<EventStream>();
  readonly #sessions: Sessions;
  readonly #most: number;
  readonly #refusal: string;

  /** @param refusal what whoever is one too many is told. */
  constructor(sessions: Sessions, most: number, refusal: string) {
    this.#sessions = sessions;
    this.#most = most;
    this.#refusal = refusal;
  }

  /** @throws ApiRefusal TOO_MANY_STREAMS. */
  mustHaveRoom(): void {
    if (this.#open.size >= this.#most) throw new ApiRefusal(503, 'TOO_MANY_STREAMS', this.#refusal);
  }

  /** Takes the reply over: from here on nothing else may answer. */
  open(reply: FastifyReply, asker: Identity): EventStream {
    reply.hijack();
    const stream = new EventStream(reply.raw, reply.getHeaders());
    this.#open.add(stream);
    stream.onEnd(() => this.#open.delete(stream));
    this.#endWithSession(stream, asker);
    return stream;
  }

  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  /** Logged out elsewhere, expired, or with other rights than when it began: the stream ends too, and whoever may begins another. */
  #endWithSession(stream: EventStream, asker: Identity): void {
    if (asker.tokenHash === null) return;
    const timer = setInterval(() => {
      void this.#sessions.isStillGood(asker).then((good) => good || stream.end());
    }, SESSION_CHECK_MS);
    stream.onEnd(() => clearInterval(timer));
  }
}
