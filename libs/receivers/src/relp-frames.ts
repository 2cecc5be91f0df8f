export interface RelpFrame {
  /** 1..999 999 999, chosen by the client; an answer carries the same. */
  readonly txnr: number;
  readonly command: string;
  readonly data: Buffer;
  /** It was longer; the rest was dropped. */
  readonly truncated: boolean;
}

/** TXNR SP COMMAND SP DATALEN and one more: the longest that can stand before the data. */
const MAX_HEAD_BYTES = 9 + 1 + 32 + 1 + 9 + 1;
const HEAD = /^(\d{1,9}) ([A-Za-z]{1,32}) (\d{1,9})([ \n])/;
const HALF_A_HEAD = /^(?:\d{0,9}|\d{1,9} [A-Za-z]{0,32}|\d{1,9} [A-Za-z]{1,32} \d{0,9})$/;
const LF = 0x0a;

/**
 * Frames of librelp's protocol: TXNR SP COMMAND SP DATALEN [SP DATA] LF. Total: whatever comes is frames, half a frame, or broken.
 * Memory is bounded by one frame of `maxBytes` and one chunk.
 */
export class RelpFramer {
  readonly #maxBytes: number;
  #chunks: Buffer[] = [];
  #held = 0;
  #head: { readonly txnr: number; readonly command: string; readonly lengthBytes: number } | null = null;
  /** Of a frame that was too long: its beginning, and how much is still to be dropped. */
  #cut: { readonly data: Buffer; leftBytes: number } | null = null;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get heldBytes(): number {
    return this.#held;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#held += chunk.length;
  }

  /** null = more bytes are needed; `broken` = this is no RELP: the connection is of no use. */
  next(): RelpFrame | null | 'broken' {
    if (this.#head === null) {
      const said = this.#readHead();
      if (said !== 'read') return said;
    }
    const { txnr, command, lengthBytes } = this.#head!;
    if (this.#cut === null && lengthBytes > this.#maxBytes) {
      if (this.#held < this.#maxBytes) return null;
      // A copy: a slice would keep whole chunks for as long as the rest is dropped.
      this.#cut = { data: Buffer.from(this.#take(this.#maxBytes)), leftBytes: lengthBytes - this.#maxBytes };
    }
    if (this.#cut !== null) {
      const dropped = Math.min(this.#cut.leftBytes, this.#held);
      if (dropped > 0) this.#take(dropped);
      this.#cut.leftBytes -= dropped;
      if (this.#cut.leftBytes > 0 || this.#held === 0) return null;
    } else if (this.#held < lengthBytes + 1) return null;
    const data = this.#cut?.data ?? this.#take(lengthBytes);
    if (this.#take(1)[0] !== LF) return 'broken';
    const truncated = this.#cut !== null;
    this.#head = null;
    this.#cut = null;
    return { txnr, command, data, truncated };
  }

  #readHead(): 'read' | null | 'broken' {
    if (this.#held === 0) return null;
    const text = this.#joined().toString('latin1', 0, MAX_HEAD_BYTES);
    const found = HEAD.exec(text);
    if (found === null) return HALF_A_HEAD.test(text) ? null : 'broken';
    const [whole, txnr, command, length, end] = found;
    const lengthBytes = Number(length);
    // `5 close 0` LF: without data there is no space either; some senders set one all the same.
    if (end === '\n' && lengthBytes > 0) return 'broken';
    this.#take(end === '\n' ? whole.length - 1 : whole.length);
    this.#head = { txnr: Number(txnr), command: command!, lengthBytes };
    return 'read';
  }

  #joined(): Buffer {
    const joined = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = [joined];
    return joined;
  }

  /** @param bytes at most what is held. Joins once a frame, however many chunks it came in. */
  #take(bytes: number): Buffer {
    const joined = this.#joined();
    const rest = joined.subarray(bytes);
    this.#chunks = rest.length === 0 ? [] : [rest];
    this.#held = rest.length;
    return joined.subarray(0, bytes);
  }
}
