/** The packet is not what X.690 or SNMP allow. `reason` is a short stable name that is counted. Thrown within events only. */
export class BerProblem extends Error {
  readonly reason: string;
  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }
}

const problems = new Map<string, BerProblem>();

/**
 * One for each reason, and those are few: none is made of what a packet says. To take down a stack takes longer than to read the
 * packet, and who sends rubbish sends a lot of it.
 */
export function berProblem(reason: string): BerProblem {
  let problem = problems.get(reason);
  if (problem === undefined) problems.set(reason, (problem = new BerProblem(reason)));
  return problem;
}

export interface BerItem {
  readonly tag: number;
  /** Where its tag stands. */
  readonly at: number;
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
    const at = this.#at;
    const tag = this.#byte();
    if ((tag & 0x1f) === 0x1f) throw berProblem('ber_tag');
    let length = this.#byte();
    if (length === 0x80 || length > 0x84) throw berProblem('ber_length');
    if (length > 0x80) {
      let count = length & 0x7f;
      for (length = 0; count > 0; count--) length = length * 256 + this.#byte();
    }
    const start = this.#at;
    if (start + length > this.#end) throw berProblem('ber_truncated');
    this.#at = start + length;
    return { tag, at, start, end: start + length };
  }

  expect(tag: number, what: string): BerItem {
    const item = this.next();
    if (item.tag !== tag) throw berProblem(`no_${what}`);
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
    if (length === 0 || length > 9) throw berProblem('ber_integer');
    let value = BigInt(this.#bytes[item.start]! & 0x80 ? -1 : 0);
    for (let at = item.start; at < item.end; at++) value = (value << 8n) | BigInt(this.#bytes[at]!);
    return value;
  }

  /** Like `integer`, for fields that fit into four bytes (INTEGER and the unsigned types of RFC 2578). */
  number(item: BerItem): number {
    const length = item.end - item.start;
    if (length === 0 || length > 5) throw berProblem('ber_integer');
    let value = this.#bytes[item.start]! & 0x80 ? -1 : 0;
    for (let at = item.start; at < item.end; at++) value = value * 256 + this.#bytes[at]!;
    return value;
  }

  /** In decimal. */
  decimal(item: BerItem): string {
    return String(item.end - item.start <= 5 ? this.number(item) : this.integer(item));
  }

  oid(item: BerItem): string {
    let text = '';
    let parts = 0;
    // Five times seven bits: more than 32 bits, less than what a number holds exactly.
    let value = 0;
    let length = 0;
    for (let at = item.start; at < item.end; at++) {
      const byte = this.#bytes[at]!;
      if (++length > 5) throw berProblem('ber_oid');
      value = value * 128 + (byte & 0x7f);
      if (byte & 0x80) continue;
      if (++parts > 127) throw berProblem('oid_too_long');
      text = parts === 1 ? firstTwo(value) : `${text}.${value}`;
      value = 0;
      length = 0;
    }
    if (length !== 0 || parts === 0) throw berProblem('ber_oid');
    return text;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw berProblem('ber_truncated');
    return this.#bytes[this.#at++]!;
  }
}

/** X.690 8.19.4: the first two arcs share a number. */
function firstTwo(value: number): string {
  const first = Math.min(Math.floor(value / 40), 2);
  return `${first}.${value - first * 40}`;
}
