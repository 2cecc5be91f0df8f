import { isIPv4, isIPv6 } from 'node:net';
import { type RecipeFields, writeRecipe } from './raw-recipe.js';

/** PostgreSQL counts from 2000-01-01. */
const EPOCH_2000_US = 946_684_800_000_000;
const TEXT_OID = 25;
/** Of a text this short each character is written here: a call of Buffer's costs more. */
const SHORT_TEXT = 40;

/** Fields of COPY's binary format, each behind its length. Every number is written byte by byte: Buffer's own look at each of them first. */
export class BinaryWriter {
  #buffer: Buffer;
  #at = 0;
  /** Where the last text stands. */
  readonly #text = { from: 0, end: 0 };

  constructor(sizeGuess: number) {
    this.#buffer = Buffer.allocUnsafe(sizeGuess);
  }

  done(): Buffer {
    return this.#buffer.subarray(0, this.#at);
  }
  nothing(): void {
    this.int32(-1);
  }
  int16(value: number): void {
    this.#room(2);
    this.#buffer[this.#at++] = value >> 8;
    this.#buffer[this.#at++] = value;
  }
  int32(value: number): void {
    this.#room(4);
    this.#int32At(value, this.#at);
    this.#at += 4;
  }
  smallint(value: number | null): void {
    if (value === null) return this.int32(-1);
    this.int32(2);
    this.int16(value);
  }
  integer(value: number): void {
    this.int32(4);
    this.int32(value);
  }
  int8(value: number): void {
    this.int32(8);
    const high = Math.floor(value / 2 ** 32);
    this.int32(high);
    this.int32(value - high * 2 ** 32);
  }
  timestamp(us: number | null): void {
    if (us === null) return this.int32(-1);
    this.int8(us - EPOCH_2000_US);
  }
  text(value: string | null): void {
    if (value === null) return this.int32(-1);
    this.#prefixed(value, 0);
  }
  jsonb(value: unknown): void {
    if (value === null) return this.int32(-1);
    this.#prefixed(JSON.stringify(value), 1);
  }
  bytea(value: Uint8Array): void {
    this.int32(value.length);
    this.#bytes(value);
  }
  /** Behind the text of the message. @returns whether it is a recipe; else it is the bytes themselves. */
  raw(value: Uint8Array, fields: RecipeFields): boolean {
    this.#room(5 + value.length);
    const start = this.#at + 4;
    const end = writeRecipe(this.#buffer, this.#text, value, fields, start);
    if (end < 0) this.bytea(value);
    else {
      this.#int32At(end - start, this.#at);
      this.#at = end;
    }
    return end >= 0;
  }
  base64(value: string | null): void {
    if (value === null) return this.int32(-1);
    this.#room(4 + value.length);
    const length = this.#buffer.write(value, this.#at + 4, 'base64');
    this.int32(length);
    this.#at += length;
  }
  textArray(values: readonly string[]): void {
    const start = this.#at;
    this.int32(0);
    for (const head of [1, 0, TEXT_OID, values.length, 1]) this.int32(head);
    for (const value of values) this.text(value);
    this.#int32At(this.#at - start - 4, start);
  }
  /** utils/adt/network.c: family (2 or 3), bits, is_cidr, length, address. A zone (`%eth0`) has no place in it. */
  inet(address: string): void {
    this.bytea(inetBytes(address));
  }

  /** @param version jsonb begins with one byte of it; 0 = none. */
  #prefixed(value: string, version: 0 | 1): void {
    // Three bytes are the most that UTF-8 has for each unit of a string: room for all, and the length when it is known.
    this.#room(4 + version + value.length * 3);
    const start = this.#at + 4 + version;
    const length = this.#written(value, start) + version;
    if (version === 1) this.#buffer[start - 1] = version;
    this.int32(length);
    this.#at += length;
    this.#text.from = start;
    this.#text.end = this.#at;
  }
  /** In UTF-8. @returns bytes. */
  #written(value: string, start: number): number {
    const buffer = this.#buffer;
    if (value.length > SHORT_TEXT) return buffer.write(value, start);
    for (let at = 0; at < value.length; at++) {
      const code = value.charCodeAt(at);
      if (code >= 0x80) return buffer.write(value, start);
      buffer[start + at] = code;
    }
    return value.length;
  }
  #bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#buffer.set(value, this.#at);
    this.#at += value.length;
  }
  #int32At(value: number, at: number): void {
    const buffer = this.#buffer;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
  }
  #room(length: number): void {
    if (this.#at + length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#at + length));
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

/** The same few senders say nearly everything. */
const KNOWN_ADDRESSES = new Map<string, Uint8Array>();
const MAX_KNOWN_ADDRESSES = 10_000;

function inetBytes(address: string): Uint8Array {
  const known = KNOWN_ADDRESSES.get(address);
  if (known !== undefined) return known;
  const bytes = addressBytes(address.replace(/%.*$/, ''));
  const inet = Uint8Array.from([bytes.length === 4 ? 2 : 3, bytes.length * 8, 0, bytes.length, ...bytes]);
  if (KNOWN_ADDRESSES.size >= MAX_KNOWN_ADDRESSES) KNOWN_ADDRESSES.clear();
  KNOWN_ADDRESSES.set(address, inet);
  return inet;
}

/** 4 or 16 bytes; what is no address (a UNIX socket, one day) is 0.0.0.0. */
function addressBytes(address: string): number[] {
  if (isIPv4(address)) return address.split('.').map(Number);
  if (!isIPv6(address)) return [0, 0, 0, 0];
  const plain = address.replace(
    /(\d+)\.(\d+)\.(\d+)\.(\d+)$/,
    (_, a, b, c, d) => `${((Number(a) << 8) | Number(b)).toString(16)}:${((Number(c) << 8) | Number(d)).toString(16)}`,
  );
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const words = [...left, ...Array<string>(tail === undefined ? 0 : 8 - left.length - right.length).fill('0'), ...right];
  return words.flatMap((word) => [Number.parseInt(word, 16) >> 8, Number.parseInt(word, 16) & 255]);
}
