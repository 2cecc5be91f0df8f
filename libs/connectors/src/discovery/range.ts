import { InvalidInputError } from '@yosugara/kernel';

/** Asked at once by one search. */
export const MAX_SEARCHED = 256;

const ALLOWED = `an IPv4 address, 10.0.0.0/24, or 10.0.0.1-10.0.0.99, of at most ${MAX_SEARCHED} addresses`;

/** IPv4 only: nobody sweeps a network of IPv6. @throws InvalidInputError */
export function addressesOfRange(range: string): readonly string[] {
  const [from, through] = boundsOf(range.trim());
  if (through < from || through - from >= MAX_SEARCHED) throw new InvalidInputError('range', range, ALLOWED);
  return Array.from({ length: through - from + 1 }, (_, at) => textOf(from + at));
}

function boundsOf(range: string): readonly [number, number] {
  const [first = '', last] = range.split('-');
  if (last !== undefined) return [numberOf(first.trim(), range), numberOf(last.trim(), range)];
  const [address = '', bits] = range.split('/');
  const number = numberOf(address, range);
  if (bits === undefined) return [number, number];
  if (!/^\d{1,2}$/.test(bits) || Number(bits) > 32) throw new InvalidInputError('range', range, ALLOWED);
  const size = 2 ** (32 - Number(bits));
  const network = Math.floor(number / size) * size;
  // The network's own address and that of all hosts are nobody's (RFC 3021 leaves them to those of two).
  return size <= 2 ? [network, network + size - 1] : [network + 1, network + size - 2];
}

function numberOf(address: string, range: string): number {
  const parts = address.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255))
    throw new InvalidInputError('range', range, ALLOWED);
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

const textOf = (number: number): string => [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
