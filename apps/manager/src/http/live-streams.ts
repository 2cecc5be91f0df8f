import type { FastifyReply } from 'fastify';
import type { Identity } from '../auth/identity.js';
import type { Sessions } from '../auth/sessions.js';
import type { Authority } from '../control/authority.js';
import type { ApiSettings } from '../tokens.js';
import { ApiRefusal } from './errors.js';
import { EventStream, type StreamEvent } from './event-stream.js';

const SESSION_CHECK_MS = 15_000;
const SEND_EVERY_MS = 250;

export interface LiveStreamsOptions {
  readonly sessions: Sessions;
  readonly authority: Authority;
  readonly settings: ApiSettings;
  readonly most: number;
  /** What whoever is one too many is told. */
  readonly refusal: string;
}

/** What a client is owed next. `id`: where it goes on when it says it back. */
export interface Owed {
  readonly name: StreamEvent;
  readonly body: unknown;
  readonly id: string;
}

/** How one client goes on where it was. */
export interface Following {
  /** @returns the end of the listening. */
  readonly listen: () => () => void;
  /** What it missed. Listened to before, so that nothing falls between. @returns the `id` of its greeting. */
  readonly catchUp: () => Promise<string>;
  /** null: nothing waits. Not asked while the client does not read: what is owed waits, and is bounded there. */
  readonly next: () => Owed | null;
}

/** Streams of one kind that are open: not more than so many, each no longer than its session, none after the end of the program. */
export class LiveStreams {
  readonly #open = new Set<EventStream>();
  readonly #options: LiveStreamsOptions;

  constructor(options: LiveStreamsOptions) {
    this.#options = options;
  }

  /** @throws ApiRefusal TOO_MANY_STREAMS. */
  mustHaveRoom(): void {
    const { most, refusal } = this.#options;
    if (this.#open.size >= most) throw new ApiRefusal(503, 'TOO_MANY_STREAMS', refusal);
  }

  /** Who answers, and as what. */
  hello() {
    const { epoch, mode } = this.#options.authority.now();
    return { node: this.#options.settings.node, epoch, mode };
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

  /** A stream that greets, brings what was missed, and then what comes, until its client goes. */
  async follow(reply: FastifyReply, asker: Identity, { listen, catchUp, next }: Following): Promise<void> {
    const unlisten = listen();
    let id: string;
    try {
      id = await catchUp();
    } catch (error) {
      unlisten();
      throw error;
    }
    const stream = this.open(reply, asker);
    stream.onEnd(unlisten);
    stream.send('hello', this.hello(), id);
    const send = () => {
      while (!stream.isClogged) {
        const owed = next();
        if (owed === null) break;
        stream.send(owed.name, owed.body, owed.id);
      }
    };
    send();
    const timer = setInterval(send, SEND_EVERY_MS);
    stream.onEnd(() => clearInterval(timer));
  }

  endAll(): void {
    for (const stream of [...this.#open]) stream.end();
  }

  /** Logged out elsewhere, expired, or with other rights than when it began: the stream ends too, and whoever may begins another. */
  #endWithSession(stream: EventStream, asker: Identity): void {
    if (asker.tokenHash === null) return;
    const timer = setInterval(() => {
      void this.#options.sessions.isStillGood(asker).then((good) => good || stream.end());
    }, SESSION_CHECK_MS);
    stream.onEnd(() => clearInterval(timer));
  }
}
