/** The packet is not what X.690 or SNMP allow. `reason` is a short stable name that is counted. Thrown within events only. */
export class BerProblem extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

export interface BerItem {
  readonly tag: number;
  /** Where the contents begin and end in the reader's bytes. */
  readonly start: number;
  readonly end: number;
}

/** Reads definite-length BER, as SNMP uses it (RFC 3417 section 8), one item after the other. */
export class BerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  get done(): boolean {
    return this.#at >= this.#end;
  }

  next(): BerItem {
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw new BerProblem('ber_tag');
    let length = this.#byte();
    if (length === 0x80 || length > 0x84) throw new BerProblem('ber_length');
    if (length > 0x80) {
      let count = length & 0x7f;
      for (length = 0; count > 0; count--) length = length * 256 + this.#byte();
    }
    const start = this.#at;
    if (start + length > this.#end) throw new BerProblem('ber_truncated');
    this.#at = start + length;
    return { tag, start, end: start + length };
  }

  expect(tag: number, what: string): BerItem {
    const item = this.next();
    if (item.tag !== tag) throw new BerProblem(`no_${what}`);
    return item;
  }

  inside(item: BerItem): BerReader {
    return new BerReader(this.#bytes, item.start, item.end);
  }

  bytesOf(item: BerItem): Uint8Array {
    return this.#bytes.subarray(item.start, item.end);
  }

  /** Two's complement, any length up to 9 bytes. */
  integer(item: BerItem): bigint {
    const length = item.end - item.start;
    if (length === 0 || length > 9) throw new BerProblem('ber_integer');
    let value = BigInt(this.#bytes[item.start]! & 0x80 ? -1 : 0);
    for (let at = item.start; at < item.end; at++) value = (value << 8n) | BigInt(this.#bytes[at]!);
    return value;
  }

  oid(item: BerItem): string {
    const parts: string[] = [];
    let value = 0n;
    let length = 0;
    for (let at = item.start; at < item.end; at++) {
      const byte = this.#bytes[at]!;
      if (++length > 5) throw new BerProblem('ber_oid');
      value = (value << 7n) | BigInt(byte & 0x7f);
      if (byte & 0x80) continue;
      if (parts.length === 0) parts.push(...firstTwo(value));
      else parts.push(String(value));
      value = 0n;
      length = 0;
    }
    if (length !== 0 || parts.length === 0) throw new BerProblem('ber_oid');
    if (parts.length > 128) throw new BerProblem('oid_too_long');
    return parts.join('.');
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new BerProblem('ber_truncated');
    return this.#bytes[this.#at++]!;
  }
}

/** X.690 8.19.4: the first two arcs share a number. */
function firstTwo(value: bigint): readonly string[] {
  const first = value < 40n ? 0n : value < 80n ? 1n : 2n;
  return [String(first), String(value - first * 40n)];
}
