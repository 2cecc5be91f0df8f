import { TYPE, type Varbind } from './package.js';

export type SnmpValue =
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'counter'; readonly bits: 32 | 64; readonly count: bigint }
  | { readonly kind: 'text'; readonly text: string }
  /** It has no such object. */
  | { readonly kind: 'none' };

const UTF8 = new TextDecoder('utf-8', { fatal: true });
/** Net-SNMP's way to send what SMI has not: an opaque value with a BER item of its own in it (NET-SNMP-TC, Float and Double). */
const OPAQUE = { float: [0x9f, 0x78, 4], double: [0x9f, 0x79, 8] } as const;

export function snmpValue({ type, value }: Varbind): SnmpValue {
  switch (type) {
    case TYPE.integer:
    case TYPE.gauge:
    case TYPE.ticks:
      return { kind: 'number', number: value as number };
    case TYPE.counter32:
      return { kind: 'counter', bits: 32, count: BigInt(value as number) };
    case TYPE.counter64:
      return { kind: 'counter', bits: 64, count: unsigned(value as Buffer) };
    case TYPE.octets:
      return { kind: 'text', text: octets(value as Buffer) };
    case TYPE.oid:
    case TYPE.address:
      return { kind: 'text', text: value as string };
    case TYPE.opaque:
      return opaque(value as Buffer);
    default:
      return { kind: 'none' };
  }
}

const unsigned = (bytes: Buffer): bigint => (bytes.length === 0 ? 0n : BigInt.asUintN(64, BigInt(`0x${bytes.toString('hex')}`)));

/** UTF-8 that can be shown; what is none, in hexadecimal. Some end their texts with a zero. */
function octets(bytes: Buffer): string {
  const end = bytes.at(-1) === 0 ? bytes.subarray(0, -1) : bytes;
  try {
    const text = UTF8.decode(end);
    if (!/[\u0000-\u0008\u000e-\u001f]/.test(text)) return text;
  } catch {
    // It is no text.
  }
  return `0x${bytes.toString('hex')}`;
}

function opaque(bytes: Buffer): SnmpValue {
  const is = (head: readonly number[]) => head.every((byte, at) => bytes[at] === byte) && bytes.length === head.length + head[2]!;
  if (is(OPAQUE.float)) return { kind: 'number', number: bytes.readFloatBE(3) };
  if (is(OPAQUE.double)) return { kind: 'number', number: bytes.readDoubleBE(3) };
  return { kind: 'text', text: `0x${bytes.toString('hex')}` };
}

/** As one writes it: what is no number is null. */
export function numberOf(value: SnmpValue): number | null {
  if (value.kind === 'number') return value.number;
  if (value.kind === 'counter') return Number(value.count);
  if (value.kind === 'none' || value.text.trim() === '') return null;
  const number = Number(value.text);
  return Number.isFinite(number) ? number : null;
}

export const textOf = (value: SnmpValue): string =>
  value.kind === 'text'
    ? value.text
    : value.kind === 'counter'
      ? String(value.count)
      : value.kind === 'number'
        ? String(value.number)
        : '';
