import type { ServerResponse } from 'node:http';

const HEARTBEAT_MS = 1_000;
/** A reader that does not read loses the stream and connects anew; the console then fetches what it missed. */
const MAX_UNSENT_BYTES = 1_048_576;
/** Well below, so that one event more does no harm. */
const CLOGGED_BYTES = 131_072;

export type StreamEvent = 'hello' | 'cluster' | 'messages' | 'events' | 'lagging' | 'sessions';

/** Server-sent events (WHATWG HTML, 9.2) on a response that Fastify has handed over. */
export class EventStream {
  readonly #response: ServerResponse;
  readonly #onEnd: (() => void)[] = [];
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #isOpen = true;

  constructor(response: ServerResponse, headers: Readonly<Record<string, number | string | string[] | undefined>>) {
    this.#response = response;
    response.writeHead(200, {
      ...Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined)),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    // Lets the page judge silence: a Master without power closes nothing.
    this.#heartbeat = setInterval(() => this.#write(': \n\n'), HEARTBEAT_MS);
    response.on('close', () => this.end());
    response.on('error', () => this.end());
    response.flushHeaders();
  }

  /** @param id where the stream goes on when the client says it back. */
  send(event: StreamEvent, body: unknown, id?: string): void {
    this.#write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(body)}\n\n`);
  }

  /** The reader does not keep up: what can wait should. */
  get isClogged(): boolean {
    return !this.#isOpen || this.#response.writableLength > CLOGGED_BYTES;
  }

  onEnd(handler: () => void): void {
    if (this.#isOpen) this.#onEnd.push(handler);
    else handler();
  }

  end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    clearInterval(this.#heartbeat);
    this.#response.end();
    for (const handler of this.#onEnd) handler();
  }

  #write(text: string): void {
    if (!this.#isOpen) return;
    if (this.#response.writableLength > MAX_UNSENT_BYTES) {
      this.#response.destroy();
      this.end();
      return;
    }
    this.#response.write(text);
  }
}
