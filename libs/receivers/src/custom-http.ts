import { createServer, type IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { AwakeTimer } from '@yosugara/kernel';
import { type CustomTrap, customTrapJson } from '@yosugara/operations';
import type { Intake, ReceivedRecord, SafeAnswers, TakesAgain } from '@yosugara/runtime';
import { type Accepted, acceptStreams, countsOf, type StreamCounts } from './acceptor.js';
import { customTrapsOf } from './custom-body.js';
import { CustomResends, type Progress } from './custom-resends.js';
import { type Answer, answerWith, type Problem, readBody, takesAgain } from './http-answers.js';
import { LoopTurns, type ReadStamp, stampSince } from './read-delay.js';
import { type Refusal, SourceGate } from './sources.js';
import type { TlsOptions } from './tls-policy.js';
import type { TokenFile } from './tokens.js';
import type { Endpoint, Listener } from './udp.js';

export interface CustomTrapOptions extends Endpoint {
  readonly intake: Intake;
  /** Of the journal behind the intake. */
  readonly room: TakesAgain;
  /** Number that the record just taken in got. */
  readonly lastSeq: () => number;
  readonly answers: SafeAnswers;
  readonly tokens: Pick<TokenFile, 'accepts'>;
  readonly tls?: TlsOptions;
  readonly gate?: SourceGate;
  readonly resends?: CustomResends;
  readonly maxConnections?: number;
  readonly maxBodyBytes?: number;
  /** Of all requests that are being read and journaled; further ones come again. */
  readonly maxHeldBytes?: number;
  /** No longer than this a request waits to be safe on both disks; then it is told to come again. */
  readonly safeMs?: number;
  /** A request, or its absence on an open connection, takes no longer. */
  readonly requestMs?: number;
}

export const CUSTOM_TRAP_PATH = '/custom-trap';
const MAX_BODY_BYTES = 1024 * 1024;
/** As text; as objects it may be several times as much. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;
const SAFE_MS = 10_000;
const REQUEST_MS = 30_000;
const RETRY_AFTER_S = 5;
const REFUSALS: Readonly<Record<number, Refusal>> = {
  401: 'unauthorized',
  413: 'too_large',
  429: 'rate',
  503: 'come_again',
};

/**
 * Custom traps over HTTP(S): `200` goes out only when every trap of the request is safe on both disks (I1).
 * @throws PortInUseError, ListenError
 */
export async function listenCustomTraps(options: CustomTrapOptions): Promise<Listener> {
  const gate = options.gate ?? new SourceGate();
  const counts = countsOf(gate);
  const turns = new LoopTurns();
  const connections = new WeakMap<Socket, Connection>();
  const { requestMs = REQUEST_MS } = options;
  const service = new CustomTraps(options, counts);
  const server = createServer({ keepAlive: true, requireHostHeader: false }, (request, response) => {
    const connection = connections.get(request.socket);
    if (connection === undefined) return void request.socket.destroy();
    const since = turns.emptySince;
    // The answer waits for two disks; what is read before is bounded by `readBody`.
    connection.deadline.stop();
    connection.open++;
    response.once('close', () => {
      connection.open--;
      // Others that were sent in one go with it are still answered.
      if (connection.open === 0 && !request.socket.destroyed) connection.deadline = deadlineOf(request.socket, requestMs);
    });
    void service
      .serve(request, connection, () => stampSince(since))
      .then(
        (answer) => answerWith(response, answer),
        () => request.socket.destroy(),
      );
  });
  // Whatever is no HTTP is told so and sent away.
  server.on('clientError', (_error, socket) => {
    const connection = connections.get(socket as Socket);
    if (connection !== undefined) counts.refuse(connection.from.address, 'bad_request');
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    else socket.destroy();
  });
  try {
    const listener = await acceptStreams({ ...options, transport: 'http' }, gate, counts, (accepted) => {
      const { socket } = accepted;
      const connection = { ...accepted, deadline: deadlineOf(socket, requestMs), open: 0 };
      connections.set(socket, connection);
      socket.once('close', () => connection.deadline.stop());
      server.emit('connection', socket);
    });
    return {
      ...listener,
      close: async () => {
        turns.close();
        server.closeAllConnections();
        await listener.close();
      },
    };
  } catch (error) {
    turns.close();
    throw error;
  }
}

interface Connection extends Accepted {
  deadline: AwakeTimer;
  /** Requests that are not answered yet. */
  open: number;
}

/** What came while this program stood still is read before anybody is cut off. */
const deadlineOf = (socket: Socket, ms: number): AwakeTimer => new AwakeTimer(ms, () => socket.destroy());

/** All of a request is in the journal, and not on both disks yet. */
interface Journaled {
  readonly count: number;
  readonly key: string;
  readonly progress: Progress;
  readonly untilMs: number;
}

class CustomTraps {
  readonly #options: CustomTrapOptions;
  readonly #counts: StreamCounts;
  readonly #resends: CustomResends;
  #heldBytes = 0;

  constructor(options: CustomTrapOptions, counts: StreamCounts) {
    this.#options = options;
    this.#counts = counts;
    this.#resends = options.resends ?? new CustomResends();
  }

  async serve(request: IncomingMessage, accepted: Accepted, stamp: () => ReadStamp): Promise<Answer> {
    const refused = this.#refusal(request, accepted);
    if (refused !== null) return this.#refuse(accepted, refused);
    const { maxBodyBytes = MAX_BODY_BYTES, maxHeldBytes = MAX_HELD_BYTES } = this.#options;
    const bytes = Math.min(Number(request.headers['content-length'] ?? maxBodyBytes), maxBodyBytes);
    if (this.#heldBytes + bytes > maxHeldBytes) {
      const found = `${this.#heldBytes} bytes of requests that are just being read`;
      return this.#refuse(accepted, { ...comeAgain, place: 'receiver', found });
    }
    this.#heldBytes += bytes;
    let journaled: Answer | Journaled;
    try {
      journaled = await this.#takeIn(request, accepted, stamp);
    } finally {
      this.#heldBytes -= bytes;
    }
    // Body and traps are let go: to be safe on both disks may take a while.
    return 'status' in journaled ? journaled : await this.#answer(journaled, request.socket);
  }

  async #takeIn(request: IncomingMessage, accepted: Accepted, stamp: () => ReadStamp): Promise<Answer | Journaled> {
    const { maxBodyBytes = MAX_BODY_BYTES, requestMs = REQUEST_MS } = this.#options;
    const body = await readBody(request, maxBodyBytes, requestMs);
    if (body === null)
      return this.#refuse(accepted, { status: 413, place: 'body', found: 'more', allowed: `at most ${maxBodyBytes} bytes` });
    const asked = { url: request.url, contentType: request.headers['content-type'] };
    const traps = customTrapsOf(asked, body, accepted.source.limits.messageBytes);
    if ('status' in traps) return this.#refuse(accepted, traps);
    const { source } = accepted;
    if (!source.hasRoom) {
      const retryAfterS = Math.ceil(source.roomInMs / 1_000);
      const allowed = 'fewer traps a second (receiver.limits)';
      return this.#refuse(accepted, { status: 429, retryAfterS, place: 'source', found: source.address, allowed });
    }
    return await this.#journal(traps, CustomResends.keyOf(accepted.from.address, body), accepted, stamp, request);
  }

  #refusal({ method, url = '', headers }: IncomingMessage, { source }: Accepted): Problem | null {
    const [path = ''] = url.split('?');
    if (path !== CUSTOM_TRAP_PATH) return { status: 404, place: 'path', found: path, allowed: CUSTOM_TRAP_PATH };
    if (method !== 'POST') return { status: 405, place: 'method', found: method ?? '', allowed: 'POST' };
    const token = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
    if (token === undefined || !this.#options.tokens.accepts(token)) {
      const found = token === undefined ? 'none' : 'an unknown token';
      return { status: 401, place: 'header Authorization', found, allowed: 'Bearer and a token of the receiver’s tokens file' };
    }
    const { 'content-type': type = 'none', 'content-encoding': encoding = 'identity' } = headers;
    if (!/^(?:application\/json|text\/plain)(?:;|$)/i.test(type.trim()))
      return { status: 415, place: 'header Content-Type', found: type, allowed: 'application/json | text/plain' };
    if (encoding.toLowerCase() !== 'identity')
      return { status: 415, place: 'header Content-Encoding', found: encoding, allowed: 'identity' };
    return this.#options.answers.isFull
      ? {
          ...comeAgain,
          place: 'receiver',
          found: `${this.#options.answers.waiting} requests that wait (source ${source.address})`,
        }
      : null;
  }

  /** Everything, or as much as there is time for; what is left over goes on when the same request comes again. */
  async #journal(
    traps: readonly CustomTrap[],
    key: string,
    accepted: Accepted,
    stamp: () => ReadStamp,
    request: IncomingMessage,
  ): Promise<Answer | Journaled> {
    const untilMs = performance.now() + (this.#options.safeMs ?? SAFE_MS);
    const progress = this.#resends.take(key);
    const isGone = () => request.socket.destroyed;
    while (progress.journaled < traps.length) {
      if (this.#append(traps[progress.journaled]!, accepted, stamp(), progress)) continue;
      if (performance.now() > untilMs || isGone()) {
        this.#resends.leave(key, progress);
        const found = `${progress.journaled} of ${traps.length} traps taken in`;
        const allowed = 'the same request again: the journal takes nothing now';
        return this.#refuse(accepted, { ...comeAgain, place: 'journal', found, allowed });
      }
      await takesAgain(this.#options.room, request.socket, untilMs);
    }
    return { count: traps.length, key, progress, untilMs };
  }

  async #answer({ count, key, progress, untilMs }: Journaled, socket: Socket): Promise<Answer> {
    if ((await this.#isSafe(progress.lastSeq, socket, untilMs)) && !socket.destroyed)
      return { status: 200, body: { accepted: count } };
    this.#resends.leave(key, progress);
    return { ...comeAgain, place: 'journal', found: 'not on both disks yet' };
  }

  #append(trap: CustomTrap, { from, source }: Accepted, stamp: ReadStamp, progress: Progress): boolean {
    const { address, listener: kind, intake, lastSeq } = this.#options;
    const raw = Buffer.from(customTrapJson(trap));
    const taken = intake({
      ...{ ...stamp, kind: 'custom', transport: 'http', source: from, listener: { kind, address }, flags: 0, raw },
    } satisfies ReceivedRecord);
    if (!taken) return false;
    source.took();
    this.#counts.received++;
    progress.journaled++;
    progress.lastSeq = lastSeq();
    return true;
  }

  async #isSafe(seq: number, socket: Socket, untilMs: number): Promise<boolean> {
    return await new Promise((resolve) => {
      const end = (isSafe: boolean) => {
        clearTimeout(timer);
        socket.off('close', gone);
        if (!isSafe) this.#options.answers.forget(seq);
        resolve(isSafe);
      };
      const gone = () => end(false);
      const timer = setTimeout(() => end(false), Math.max(0, untilMs - performance.now()));
      socket.once('close', gone);
      this.#options.answers.whenSafe(seq, () => end(true));
    });
  }

  #refuse({ from }: Accepted, problem: Problem): Problem {
    this.#counts.refuse(from.address, REFUSALS[problem.status] ?? 'bad_request');
    return problem;
  }
}

const comeAgain = { status: 503, retryAfterS: RETRY_AFTER_S, allowed: 'the same request again in a few seconds' } as const;
