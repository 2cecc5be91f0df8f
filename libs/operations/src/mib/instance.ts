import { readableText } from '../events/text.js';
import { hintedOctets } from './display-hint.js';
import type { MibIndex } from './store.js';

const INTEGERS: ReadonlySet<string> = new Set([
  ...['INTEGER', 'Integer32', 'Unsigned32', 'Gauge', 'Gauge32', 'Counter', 'Counter32', 'TimeTicks'],
]);
const OCTETS: ReadonlySet<string> = new Set(['OCTET STRING', 'BITS', 'Opaque']);
/** RFC 1212 4.1.6: the kind of address (1 = internet) comes first. */
const INTERNET = 1;
const MAX_ARC = 0xffff_ffff;
/** A hint may say much of little: beyond so many characters an octet it is not used. */
const MAX_CHARS_AN_OCTET = 8;
/** RFC 4001: how an InetAddress is read, and how long it is, is said by the InetAddressType before it. */
const INET: Readonly<Record<number, { readonly octets: number; readonly hint: string }>> = {
  ...{ 1: { octets: 4, hint: '1d.1d.1d.1d' }, 2: { octets: 16, hint: '2x:2x:2x:2x:2x:2x:2x:2x' } },
  ...{ 3: { octets: 8, hint: '1d.1d.1d.1d%4d' }, 4: { octets: 20, hint: '2x:2x:2x:2x:2x:2x:2x:2x%4d' } },
};
const TEXT = /^255[at]$/;

/**
 * An instance as the INDEX clause of its table says (RFC 2578 7.7), one value an object. Never fails.
 *
 * @param arcs what follows the column in an OID.
 * @param nameOf for OIDs in it.
 * @returns null when they are no instance of that table.
 */
export function readInstance(arcs: string, index: readonly MibIndex[], nameOf: (oid: string) => string): string[] | null {
  const left = new Arcs(arcs);
  const values: string[] = [];
  let addressType: number | null = null;
  for (const [at, one] of index.entries()) {
    const isLast = at === index.length - 1;
    const value: Read | null = one.implied && !isLast ? null : readOne(left, one, addressType, nameOf);
    if (value === null) return null;
    values.push(value.text);
    addressType = one.type.name === 'InetAddressType' ? value.number : null;
  }
  return left.isAtEnd ? values : null;
}

interface Read {
  readonly text: string;
  readonly number: number | null;
}

function readOne(left: Arcs, one: MibIndex, addressType: number | null, nameOf: (oid: string) => string): Read | null {
  const { type, implied } = one;
  if (INTEGERS.has(type.base)) {
    const number = left.take(1)?.[0];
    if (number === undefined) return null;
    return { text: type.labels?.find(({ value }) => value === number)?.label ?? String(number), number };
  }
  if (type.base === 'IpAddress') return textOf(dotted(left.take(4)));
  if (type.base === 'NetworkAddress') return left.take(1)?.[0] === INTERNET ? textOf(dotted(left.take(4))) : null;
  const isOid = type.base === 'OBJECT IDENTIFIER';
  if (!isOid && !OCTETS.has(type.base)) return null;
  const length = implied ? left.count : (type.size ?? left.take(1)?.[0]);
  const arcs = length === undefined ? null : left.take(length);
  if (arcs === null) return null;
  if (isOid) return arcs.length === 0 ? null : textOf(nameOf(arcs.join('.')));
  const inet = type.name === 'InetAddress' && addressType !== null ? INET[addressType] : undefined;
  return arcs.some((arc) => arc > 255)
    ? null
    : textOf(octets(Uint8Array.from(arcs), inet?.octets === arcs.length ? inet.hint : type.hint));
}

const textOf = (text: string | null): Read | null => (text === null ? null : { text, number: null });

function dotted(arcs: readonly number[] | null): string | null {
  return arcs === null || arcs.some((arc) => arc > 255) ? null : arcs.join('.');
}

/** `"eth0"`, what its hint makes of it, or `0x00ff`. */
function octets(bytes: Uint8Array, hint: string | null): string {
  if (hint !== null && !TEXT.test(hint)) {
    const hinted = hintedOctets(hint, bytes);
    if (hinted !== null && tells(hinted, bytes)) return hinted;
  }
  const { text, valid } = readableText(bytes);
  if (valid && !bytes.includes(0) && !/[\x00-\x1f\x7f-\x9f]/.test(text)) return `"${text.replace(/["\\]/g, '\\$&')}"`;
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}

/** What is as long as it likes, has signs of the form around it, or is read as other octets tells nobody what is there. */
function tells(hinted: string, bytes: Uint8Array): boolean {
  if (hinted === '' || hinted.length > MAX_CHARS_AN_OCTET * bytes.length || /["[\]\x00-\x1f\x7f]/.test(hinted)) return false;
  const read = bytesOf(hinted);
  return read === null || (read.length === bytes.length && read.every((byte, at) => byte === bytes[at]));
}

/** The numbers of an OID, taken one after the other. */
class Arcs {
  readonly #arcs: readonly number[];
  #at = 0;

  constructor(text: string) {
    this.#arcs = text === '' ? [] : text.split('.').map((arc) => (/^\d{1,10}$/.test(arc) ? Number(arc) : Number.NaN));
  }

  get count(): number {
    return this.#arcs.length - this.#at;
  }

  get isAtEnd(): boolean {
    return this.count === 0;
  }

  /** null: there are not as many, or they are no arcs. */
  take(count: number): readonly number[] | null {
    if (count > this.count) return null;
    const taken = this.#arcs.slice(this.#at, this.#at + count);
    this.#at += count;
    return taken.every((arc) => arc <= MAX_ARC) ? taken : null;
  }
}

/** One `[value]`; a quoted text may have anything in it. */
const VALUE = String.raw`\[("(?:[^"\\]|\\.)*"|[^"[\]]*)\]`;
const BRACKETED = new RegExp(VALUE, 'y');
/** A name as `MibStore.oidOf` takes it: `ifDescr`, `ifDescr.3`, `ifDescr[3]`. Source of a regular expression: name, instance. */
export const NAMED_OID = String.raw`([A-Za-z][\w-]{0,255})((?:\.\d{1,10}){0,128}|(?:${VALUE.replace('(', '(?:')}){1,32})`;
const ADDRESS = /^\d{1,3}(\.\d{1,3}){3}$/;

/**
 * The arcs of an instance as `readInstance` writes it, `[2][10.0.0.1]`.
 *
 * @param oidOf for names in it.
 * @returns null when it is none of that table.
 */
export function writeInstance(text: string, index: readonly MibIndex[], oidOf: (name: string) => string | null): string | null {
  const values: string[] = [];
  for (BRACKETED.lastIndex = 0; BRACKETED.lastIndex < text.length; ) {
    const found = BRACKETED.exec(text);
    if (found === null) return null;
    values.push(found[1]!);
  }
  if (values.length !== index.length) return null;
  const arcs: (number | string)[] = [];
  for (const [at, one] of index.entries()) {
    const written = writeOne(values[at]!, one, oidOf);
    if (written === null) return null;
    arcs.push(...written);
  }
  return arcs.join('.');
}

function writeOne(value: string, { type, implied }: MibIndex, oidOf: (name: string) => string | null) {
  if (INTEGERS.has(type.base)) {
    const number = type.labels?.find(({ label }) => label === value)?.value ?? (/^\d{1,10}$/.test(value) ? Number(value) : -1);
    return number >= 0 && number <= MAX_ARC ? [number] : null;
  }
  if (type.base === 'IpAddress') return ADDRESS.test(value) ? value.split('.') : null;
  if (type.base === 'NetworkAddress') return ADDRESS.test(value) ? [INTERNET, ...value.split('.')] : null;
  const isOid = type.base === 'OBJECT IDENTIFIER';
  const arcs = isOid ? oidOf(value)?.split('.') : bytesOf(value);
  if (arcs === undefined || arcs === null || (!isOid && !OCTETS.has(type.base))) return null;
  if (implied || type.size !== undefined) return type.size === undefined || type.size === arcs.length ? arcs : null;
  return [arcs.length, ...arcs];
}

/** A text in quotes, `0x00ff`, or what the usual hints write: `10.0.0.1`, `00:00:5e:00:ff:01`, `2001:db8:0:0:0:0:0:1`. */
function bytesOf(value: string): readonly number[] | null {
  if (value.startsWith('"')) return [...new TextEncoder().encode(value.slice(1, -1).replace(/\\(.)/g, '$1'))];
  if (/^0x([\da-f]{2})*$/.test(value)) return (value.slice(2).match(/../g) ?? []).map((pair) => Number.parseInt(pair, 16));
  if (ADDRESS.test(value)) return value.split('.').map(Number);
  if (/^[\da-f]{2}(:[\da-f]{2})*$/.test(value)) return value.split(':').map((pair) => Number.parseInt(pair, 16));
  if (!/^[\da-f]{1,4}(:[\da-f]{1,4}){7}$/.test(value)) return null;
  return value.split(':').flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}
