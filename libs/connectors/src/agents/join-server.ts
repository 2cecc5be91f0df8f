import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { isIPv4 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { explain, type Log } from '@yosugara/kernel';
import { JOIN_PATH, type JoinRequest, JoinRequestSchema } from '@yosugara/protocol';
import type { AgentLimits } from './limits.js';
import type { JoinOutcome } from './ports.js';

const MAX_BODY_BYTES = 65_536;
const REQUEST_MS = 15_000;
const MINUTE_MS = 60_000;
const MOST_ADDRESSES = 10_000;

export interface JoinServerOptions {
  /** null = this process does not serve. */
  readonly join: () => ((request: JoinRequest, address: string) => Promise<JoinOutcome>) | null;
  readonly master: () => string | null;
  readonly limits: Pick<AgentLimits, 'refusedJoinsPerMinute' | 'joins'>;
  readonly log: Log;
}

const refused = (status: number, code: string, message: string): JoinOutcome => ({ kind: 'refused', status, code, message });

/** The one thing that is there for who has no certificate yet. Speaks HTTP/1.1 on sockets that the listener for agents gives it. */
export class JoinServer {
  readonly #o: JoinServerOptions;
  readonly #http: Server;
  /** Of each address, refused since when. */
  readonly #refusals = new Map<string, { sinceMs: number; count: number }>();
  #underWay = 0;

  constructor(options: JoinServerOptions) {
    this.#o = options;
    this.#http = createServer(
      { headersTimeout: 5_000, requestTimeout: REQUEST_MS, keepAliveTimeout: 1_000 },
      (request, response) => {
        void this.#answer(request, response).catch((error: unknown) => {
          options.log.error('agents.join', { why: explain(error) });
          response.destroy();
        });
      },
    );
    this.#http.on('clientError', (_, socket) => socket.destroy());
  }

  take(socket: TLSSocket): void {
    this.#http.emit('connection', socket);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const address = addressOf(request.socket.remoteAddress);
    const { status, body } = bodyOf(await this.#outcome(request, address), this.#o.master());
    const text = JSON.stringify(body);
    response.writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      connection: 'close',
    });
    response.end(text);
  }

  async #outcome(request: IncomingMessage, address: string): Promise<JoinOutcome> {
    if (request.url !== JOIN_PATH) return refused(404, 'NOT_FOUND', `there is only POST ${JOIN_PATH} here`);
    if (request.method !== 'POST') return refused(405, 'METHOD_NOT_ALLOWED', 'POST it');
    const join = this.#o.join();
    if (join === null) return refused(503, 'NOT_ACTIVE', 'this node is not the Master');
    if (this.#isTooMuch(address))
      return refused(429, 'TOO_MANY', `too many joins of ${address} were refused: try again in a minute`);
    const text = await readAll(request);
    const asked = text === null ? null : JoinRequestSchema.safeParse(jsonOf(text));
    if (asked?.success !== true) {
      const issue = asked?.error.issues[0];
      return refused(400, 'INVALID_INPUT', issue === undefined ? 'too long' : `${issue.path.join('.')}: ${issue.message}`);
    }
    if (this.#underWay >= this.#o.limits.joins) return refused(503, 'BUSY', 'many join just now: try again in some seconds');
    this.#underWay++;
    try {
      const outcome = await join(asked.data, address);
      if (outcome.kind === 'refused' && outcome.status < 500) this.#count(address);
      return outcome;
    } finally {
      this.#underWay--;
    }
  }

  #isTooMuch(address: string): boolean {
    const of = this.#refusals.get(address);
    return of !== undefined && performance.now() - of.sinceMs < MINUTE_MS && of.count >= this.#o.limits.refusedJoinsPerMinute;
  }

  #count(address: string): void {
    const nowMs = performance.now();
    const of = this.#refusals.get(address);
    if (of !== undefined && nowMs - of.sinceMs < MINUTE_MS) of.count++;
    else {
      this.#refusals.delete(address);
      this.#refusals.set(address, { sinceMs: nowMs, count: 1 });
    }
    // The oldest are in front.
    for (const [other, { sinceMs }] of this.#refusals) {
      if (this.#refusals.size <= MOST_ADDRESSES && nowMs - sinceMs < MINUTE_MS) break;
      this.#refusals.delete(other);
    }
  }
}

function bodyOf(outcome: JoinOutcome, master: string | null): { readonly status: number; readonly body: object } {
  if (outcome.kind === 'joined') return { status: 200, body: outcome.answer };
  const { status, code, message } = outcome;
  return { status, body: { code, message, ...(code === 'NOT_ACTIVE' ? { master } : {}) } };
}

/** null = too long. */
async function readAll(request: IncomingMessage): Promise<string | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > MAX_BODY_BYTES) return null;
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** IPv4 as itself on a socket of both. */
export function addressOf(remote: string | undefined): string {
  const text = remote ?? '';
  const inner = text.startsWith('::ffff:') ? text.slice(7) : text;
  return isIPv4(inner) ? inner : text;
}
