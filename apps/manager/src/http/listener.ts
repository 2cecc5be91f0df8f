import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Server as HttpsServer } from 'node:https';
import type { Log } from '@yosugara/kernel';
import type { ConsoleTls } from './console-tls.js';
import { createTlsServer } from './tls-server.js';

const RETRY_MS = 100;
const MAX_CONNECTIONS = 2_048;
const TIMES = { headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 5_000 } as const;

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * One address. While wanted it tries to listen every 100 ms: the address of the VIP may not be here yet, or the old Master's
 * process on this loopback may still hold the port.
 */
export class Listener {
  readonly #address: string;
  readonly #port: number;
  readonly #handler: Handler;
  readonly #tls: ConsoleTls | null;
  readonly #log: Log;
  readonly #onChange: () => void;
  #server: Server | HttpsServer | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #lastFailure = '';

  /** @param tls null: plain http. */
  constructor(address: string, port: number, handler: Handler, tls: ConsoleTls | null, log: Log, onChange: () => void) {
    this.#address = address;
    this.#port = port;
    this.#handler = handler;
    this.#tls = tls;
    this.#log = log;
    this.#onChange = onChange;
  }

  get isOpen(): boolean {
    return this.#server?.listening === true;
  }

  open(): void {
    if (this.#server !== null) return;
    clearTimeout(this.#retry);
    const server = this.#tls === null ? createServer(TIMES, this.#handler) : createTlsServer(this.#tls, TIMES, this.#handler);
    if (server === null) return this.#again('no certificate that can be used');
    this.#server = server;
    server.maxConnections = MAX_CONNECTIONS;
    server.on('error', (error: NodeJS.ErrnoException) => this.#failed(server, error));
    server.on('listening', () => {
      if (this.#server !== server) return;
      this.#lastFailure = '';
      this.#log.info('http.listening', { address: this.#address, port: this.#port, tls: this.#tls !== null });
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

  #failed(server: Server | HttpsServer, error: NodeJS.ErrnoException): void {
    if (this.#server !== server) return;
    this.#server = null;
    this.#again(error.code ?? error.message);
    this.#onChange();
  }

  #again(why: string): void {
    if (why !== this.#lastFailure) this.#log.warn('http.notListening', { address: this.#address, port: this.#port, why });
    this.#lastFailure = why;
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.open(), RETRY_MS);
  }
}
