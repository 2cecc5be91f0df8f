/** One message off a stream. `truncated`: it was longer, or the connection ended within it. */
export interface FramedMessage {
  readonly raw: Buffer;
  readonly truncated: boolean;
}

const LF = 0x0a;
const SPACE = 0x20;
/** MSG-LEN of at most so many digits. */
const MAX_DIGITS = 9;

/**
 * Both framings of RFC 6587, told apart by the first byte of the connection: a digit 1..9 means octet counting (3.4.1), since a syslog
 * message begins with `<`; anything else means that LF ends a message (3.4.2). Memory is bounded by one message and one chunk.
 */
export class SyslogFramer {
  readonly #maxBytes: number;
  #mode: 'unknown' | 'counted' | 'lines' = 'unknown';
  #buffer: Buffer = Buffer.alloc(0);
  /** Rest of a message that was too long: bytes to drop (counted), or -1 = until the next LF. */
  #dropping = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  push(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
  }

  /** The next whole message; null = more bytes are needed; `broken` = this is no octet counting: the connection is of no use. */
  next(): FramedMessage | null | 'broken' {
    if (!this.#dropRest()) return null;
    if (this.#mode === 'unknown') {
      const first = this.#buffer[0];
      if (first === undefined) return null;
      this.#mode = first >= 0x31 && first <= 0x39 ? 'counted' : 'lines';
    }
    return this.#mode === 'counted' ? this.#counted() : this.#line();
  }

  /** What is left when the connection ends: a last line without LF is whole, a counted message is cut. */
  end(): FramedMessage | null {
    if (!this.#dropRest() || this.#buffer.length === 0) return null;
    const raw = this.#buffer;
    this.#buffer = Buffer.alloc(0);
    if (this.#mode !== 'counted') return { raw: raw.subarray(0, this.#maxBytes), truncated: raw.length > this.#maxBytes };
    const space = raw.indexOf(SPACE);
    return space < 0 || space === raw.length - 1 ? null : { raw: raw.subarray(space + 1), truncated: true };
  }

  #counted(): FramedMessage | null | 'broken' {
    const space = this.#buffer.subarray(0, MAX_DIGITS + 1).indexOf(SPACE);
    if (space < 0) {
      const digits = this.#buffer.subarray(0, MAX_DIGITS + 1);
      return digits.length > MAX_DIGITS || digits.some((byte) => byte < 0x30 || byte > 0x39) ? 'broken' : null;
    }
    const text = this.#buffer.toString('latin1', 0, space);
    if (!/^[1-9]\d*$/.test(text)) return 'broken';
    const length = Number(text);
    const start = space + 1;
    const take = Math.min(length, this.#maxBytes);
    if (this.#buffer.length < start + take) return null;
    const raw = this.#buffer.subarray(start, start + take);
    this.#buffer = this.#buffer.subarray(start + take);
    this.#dropping = length - take;
    return { raw, truncated: length > take };
  }

  #line(): FramedMessage | null {
    for (;;) {
      const end = this.#buffer.indexOf(LF);
      if (end < 0 && this.#buffer.length <= this.#maxBytes) return null;
      if (end < 0 || end > this.#maxBytes) {
        const raw = this.#buffer.subarray(0, this.#maxBytes);
        this.#buffer = this.#buffer.subarray(this.#maxBytes);
        this.#dropping = -1;
        return { raw, truncated: true };
      }
      const raw = this.#buffer.subarray(0, end);
      this.#buffer = this.#buffer.subarray(end + 1);
      // An empty line is nobody's message.
      if (raw.length > 0) return { raw, truncated: false };
    }
  }

  /** @returns false while there is more to drop than has come. */
  #dropRest(): boolean {
    if (this.#dropping === 0) return true;
    const end = this.#dropping > 0 ? Math.min(this.#dropping, this.#buffer.length) : this.#buffer.indexOf(LF) + 1;
    const found = this.#dropping > 0 ? end === this.#dropping : end > 0;
    this.#buffer = found || this.#dropping > 0 ? this.#buffer.subarray(end) : Buffer.alloc(0);
    this.#dropping = this.#dropping > 0 ? this.#dropping - end : found ? 0 : -1;
    return found;
  }
}
