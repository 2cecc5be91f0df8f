const LF = 0x0a;

/** Bytes in, lines out, none of them longer than so much. */
export class LineFramer {
  readonly #mostBytes: () => number;
  #parts: Buffer[] = [];
  #heldBytes = 0;

  constructor(mostBytes: () => number) {
    this.#mostBytes = mostBytes;
  }

  /** Lines that are whole now, without their ends; null = one is too long, and nothing after it can be understood. */
  push(chunk: Buffer): readonly string[] | null {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      const part = chunk.subarray(from, end);
      from = end + 1;
      if (this.#heldBytes + part.length >= this.#mostBytes()) return null;
      lines.push(this.#parts.length === 0 ? part.toString('utf8') : Buffer.concat([...this.#parts, part]).toString('utf8'));
      this.#parts = [];
      this.#heldBytes = 0;
    }
    if (from < chunk.length) {
      this.#parts.push(chunk.subarray(from));
      this.#heldBytes += chunk.length - from;
    }
    return this.#heldBytes >= this.#mostBytes() ? null : lines;
  }
}
