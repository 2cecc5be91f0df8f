/** One BER item with the shortest definite length; parts are joined. */
export function tlv(tag: number, ...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const lengthBytes = length < 0x80 ? 1 : length < 0x100 ? 2 : length < 0x1_0000 ? 3 : 4;
  const out = new Uint8Array(1 + lengthBytes + length);
  out[0] = tag;
  if (lengthBytes === 1) out[1] = length;
  else {
    out[1] = 0x80 | (lengthBytes - 1);
    for (let at = lengthBytes, rest = length; at > 1; at--, rest = rest >>> 8) out[at] = rest & 0xff;
  }
  let at = 1 + lengthBytes;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** The shortest two's complement of a number that is exact. */
export function berInteger(value: number, tag = 0x02): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  do {
    bytes.unshift(((rest % 256) + 256) % 256);
    rest = Math.floor(rest / 256);
  } while (!((rest === 0 && bytes[0]! < 0x80) || (rest === -1 && bytes[0]! >= 0x80)));
  return tlv(tag, bytes);
}

export function berOid(oid: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = oid.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) + 128);
    bytes.push(...groups);
  }
  return tlv(0x06, bytes);
}

/**
 * Writes from the end to the beginning, into one buffer: a length stands before what it is the length of, so nothing is put together
 * twice. For what is written for every message.
 */
export class BerWriter {
  readonly #bytes: Uint8Array;
  /** Offset of what was written last. */
  at: number;

  /** @param most bytes, heads included. */
  constructor(most: number) {
    this.#bytes = new Uint8Array(most);
    this.at = most;
  }

  /** As it is, without a head. */
  put(bytes: Uint8Array): void {
    this.at -= bytes.length;
    this.#bytes.set(bytes, this.at);
  }
  zeros(count: number): void {
    this.at -= count;
  }
  /** Of what was written since the writer stood at `end`. */
  head(tag: number, end: number): void {
    let length = end - this.at;
    let count = 0;
    if (length < 0x80) this.#bytes[--this.at] = length;
    else {
      for (; length > 0; count++, length >>>= 8) this.#bytes[--this.at] = length & 0xff;
      this.#bytes[--this.at] = 0x80 | count;
    }
    this.#bytes[--this.at] = tag;
  }
  octets(bytes: Uint8Array): void {
    const end = this.at;
    this.put(bytes);
    this.head(0x04, end);
  }
  /** @param value a whole number, 0..2147483647. */
  natural(value: number): void {
    const end = this.at;
    let rest = value;
    do {
      this.#bytes[--this.at] = rest & 0xff;
      rest >>>= 8;
    } while (rest > 0 || this.#bytes[this.at]! >= 0x80);
    this.head(0x02, end);
  }
  /** A view of what was written. */
  done(): Uint8Array {
    return this.#bytes.subarray(this.at);
  }
}
