import type { Socket } from 'node:net';
import { type Look, ProbeFailure, quoted } from './look.js';

const MAX_LINE_BYTES = 8_192;
const MAX_BYTES = 65_536;

/** Reads a text protocol line by line, and not for ever. */
export class LineReader {
  readonly #look: Look;
  readonly #where: string;
  #held = '';
  #bytes = 0;
  #closed = false;
  #wake: (() => void) | null = null;

  constructor(look: Look, socket: Socket, where: string) {
    this.#look = look;
    this.#where = where;
    socket.setEncoding('latin1');
    socket.on('data', (text: string) => {
      this.#bytes += text.length;
      if (this.#bytes <= MAX_BYTES) this.#held += text;
      this.#wake?.();
    });
    socket.once('close', () => this.#close());
    socket.once('end', () => this.#close());
  }

  /** Without its end. @throws ProbeFailure */
  async line(): Promise<string> {
    for (;;) {
      const end = this.#held.indexOf('\n');
      if (end >= 0) {
        const line = this.#held.slice(0, end).replace(/\r$/, '');
        this.#held = this.#held.slice(end + 1);
        return line;
      }
      if (this.#held.length > MAX_LINE_BYTES || this.#bytes > MAX_BYTES)
        throw new ProbeFailure(`${this.#where} said more than a line can hold: ${quoted(this.#held)}`);
      if (this.#closed)
        throw new ProbeFailure(
          this.#held === ''
            ? `${this.#where} closed the connection without a word`
            : `${this.#where} closed the connection in the middle of a line: ${quoted(this.#held)}`,
        );
      await this.#look.wait(new Promise<void>((resolve) => (this.#wake = resolve)));
    }
  }

  #close(): void {
    this.#closed = true;
    this.#wake?.();
  }
}
