import { createSocket } from 'node:dgram';

/** Numbered syslog lines, each once to both nodes, until stopped; at most as many as the page draws, however long that takes. */
export class NumberedLines {
  readonly #tag: string;
  readonly #socket = createSocket('udp4').on('error', () => {});
  readonly #timer: NodeJS.Timeout;
  readonly #most: number;
  #sent = 0;

  constructor(tag: string, everyMs: number, most: number) {
    this.#tag = tag;
    this.#most = most;
    this.#timer = setInterval(() => this.#send(), everyMs);
  }

  #send(): void {
    if (this.#sent === this.#most) return;
    const line = `<165>1 ${new Date().toISOString()} e2e-host e2e - - - ${this.#tag} number ${++this.#sent} end`;
    for (const address of ['127.0.1.1', '127.0.1.2']) this.#socket.send(line, 5514, address);
  }

  /** @returns how many were sent. */
  stop(): number {
    clearInterval(this.#timer);
    this.#socket.close();
    return this.#sent;
  }
}
