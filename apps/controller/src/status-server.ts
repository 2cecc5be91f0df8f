import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { explain, type Log, YosugaraError } from '@yosugara/kernel';
import type { Status } from '@yosugara/protocol';
import type { ControllerDriver, StopProofMessage } from '@yosugara/runtime';
import { z } from 'zod';
import { metricsText } from './metrics.js';

const MAX_BODY_BYTES = 8_192;
const REQUEST_DEADLINE_MS = 2_000;
const StopProofBody = z.strictObject({
  node: z.string(),
  epoch: z.int(),
  bootId: z.string().max(64),
  atWallMs: z.number(),
  signature: z.string().max(256),
});

/** What it asks the driver at each request; nothing is remembered between two. */
export type StatusSource = Pick<ControllerDriver, 'serves' | 'standsBy' | 'status' | 'role' | 'stopProven'>;

/** The load balancer's endpoint and the dead men's letter box. No login; answers are computed at the moment of the request. */
export class StatusServer {
  readonly #driver: StatusSource;
  readonly #verify: (proof: StopProofMessage) => Promise<boolean>;
  readonly #log: Log;
  readonly #status: () => Status;
  readonly #servers = new Map<string, Server>();

  /** @param status the driver's, with what else is known of the cluster. */
  constructor(
    driver: StatusSource,
    verify: (proof: StopProofMessage) => Promise<boolean>,
    log: Log,
    status: () => Status = () => driver.status(),
  ) {
    this.#driver = driver;
    this.#status = status;
    this.#verify = verify;
    this.#log = log;
  }

  /** @throws YosugaraError PORT_BUSY — names address and port. */
  async listen(address: string, port: number): Promise<void> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((cause: unknown) => {
        this.#log.warn('status.failed', { why: explain(cause) });
        response.destroy();
      });
    });
    server.requestTimeout = REQUEST_DEADLINE_MS;
    server.headersTimeout = REQUEST_DEADLINE_MS;
    server.maxConnections = 256;
    await new Promise<void>((resolve, reject) => {
      server.once('error', (cause) =>
        reject(new YosugaraError('PORT_BUSY', `cannot listen on ${address}:${port} (status endpoint)`, { cause })),
      );
      server.listen(port, address, resolve);
    });
    this.#servers.set(address, server);
  }

  listensOn(address: string): boolean {
    return this.#servers.has(address);
  }

  async unlisten(address: string): Promise<void> {
    const server = this.#servers.get(address);
    this.#servers.delete(address);
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  async close(): Promise<void> {
    for (const address of [...this.#servers.keys()]) await this.unlisten(address);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const answer = VERDICTS.get(path);
    if (answer !== undefined) {
      // HAProxy asks by OPTIONS unless told otherwise, others by HEAD; nothing else is a question.
      if (!ASKS.has(request.method ?? '')) return text(response, 405, 'GET, HEAD or OPTIONS', 'text/plain');
      return verdict(response, answer(this.#driver));
    }
    switch (path) {
      case '/metrics':
        return text(response, 200, this.#metrics(), 'text/plain; version=0.0.4');
      case '/internal/stop-proof':
        return await this.#stopProof(request, response);
      default:
        return text(response, 404, 'NOT FOUND', 'text/plain');
    }
  }

  #metrics(): string {
    const { role, epoch, term } = this.#driver.role();
    return metricsText({ status: this.#status(), role, epoch, term, serving: this.#driver.serves() });
  }

  async #stopProof(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== 'POST') return text(response, 405, 'POST only', 'text/plain');
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > MAX_BODY_BYTES) return text(response, 413, 'too large', 'text/plain');
      chunks.push(chunk);
    }
    let parsed: ReturnType<typeof StopProofBody.safeParse>;
    try {
      parsed = StopProofBody.safeParse(JSON.parse(Buffer.concat(chunks).toString('utf8')));
    } catch {
      return text(response, 400, 'not JSON', 'text/plain');
    }
    if (!parsed.success) return text(response, 400, 'not a stop proof', 'text/plain');
    const proof = parsed.data as StopProofMessage;
    if (!(await this.#verify(proof))) {
      this.#log.error('deadman.forged', { node: proof.node, epoch: proof.epoch });
      return text(response, 403, 'signature', 'text/plain');
    }
    this.#driver.stopProven(proof.node, proof.epoch, proof.bootId);
    return text(response, 200, 'OK', 'text/plain');
  }
}

const ASKS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);
type Answer = (driver: StatusSource) => boolean;
const standsBy: Answer = (driver) => driver.standsBy();
const live: Answer = () => true;
const ready: Answer = (driver) => driver.serves() || driver.standsBy();
const VERDICTS: ReadonlyMap<string, Answer> = new Map([
  ['/status/master', (driver) => driver.serves()],
  ['/status/standby', standsBy],
  ['/standby', standsBy],
  /** The controller answers. */
  ['/status/live', live],
  ['/health', live],
  /** Serves, or could take over. */
  ['/status/ready', ready],
  ['/ready', ready],
]);

/** Exact to the byte: `SUCCESS` (7) with 200, `FAILED` (6) with 503, no newline. */
const verdict = (response: ServerResponse, yes: boolean): void =>
  text(response, yes ? 200 : 503, yes ? 'SUCCESS' : 'FAILED', 'text/plain');

function text(response: ServerResponse, code: number, body: string, type: string): void {
  response.sendDate = false;
  response.writeHead(code, { 'Content-Type': type, 'Content-Length': Buffer.byteLength(body), Connection: 'close' });
  response.end(body);
}
