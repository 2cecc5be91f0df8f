import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Log } from '@yosugara/kernel';

const RETRY_MS = 100;
const MAX_CONNECTIONS = 2_048;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * One address. While wanted it tries to listen every 100 ms: the address of the VIP may not be here yet, or the old Master's
 * process on this loopback may still hold the port.
 */
export class Listener {
  readonly #address: string;
  readonly #port: number;
  readonly #handler: Handler;
  readonly #log: Log;
  readonly #onChange: () => void;
  #server: Server | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lastFailure = '';

  constructor(address: string, port: number, handler: Handler, log: Log, onChange: () => void) {
    this.#address = address;
    this.#port = port;
    this.#handler = handler;
    this.#log = log;
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#server?.listening === true;
  }

  open(): void {
    if (this.#server !== null) return;
    const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 }, this.#handler);
    this.#server = server;
    server.maxConnections = MAX_CONNECTIONS;
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(server, error));
    server.on('listening', () => {
      if (this.#server !== server) return;
      this.#lastFailure = '';
      this.#log.info('http.listening', { address: this.#address, port: this.#port });
      this.#onChange();
    });
    server.listen({ host: this.#address, port: this.#port });
  }

  /** At once, open connections too: whoever talks to the VIP must come to the new Master. */
  close(): void {
    const server = this.#server;
    clearTimeout(this.#retry);
    this.#server = null;
    if (server === null) return;
    const wasOpen = server.listening;
    server.close(() => undefined);
    server.closeAllConnections();
    if (!wasOpen) return;
    this.#log.info('http.closed', { address: this.#address, port: this.#port });
    this.#onChange();
  }

  #failed(server: Server, error: NodeJS.ErrnoException): void {
    if (this.#server !== server) return;
    const why = error.code ?? error.message;
    if (why !== this.#lastFailure) this.#log.warn('http.notListening', { address: this.#address, port: this.#port, why });
    this.#lastFailure = why;
    this.#server = null;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), RETRY_MS);
    this.#onChange();
  }
}
