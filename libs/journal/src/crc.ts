/*
 * CRC-32 (IEEE) of what is put together from parts whose CRCs are known: in arithmetic, without looking at the bytes again.
 * Source: zlib's crc32.c (Mark Adler), multmodp, x2nmodp, crc32_combine. Polynomials over GF(2), bits reflected.
 */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/** Of anything that ends with its own CRC-32, little endian: always the same. */
export const CRC_OF_CHECKED = 0x2144df1c;

const BYTE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

/** a · b modulo the polynomial. */
function multiplied(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let left = a; left !== 0; left <<= 1) {
    if (left < 0) product ^= factor;
    factor = factor & 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product;
}

/** x^(8 · bytes) modulo the polynomial. */
function powerOf(bytes: number): number {
  let power = ONE | 0;
  let square = (ONE >>> 8) | 0;
  for (let left = bytes; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) power = multiplied(square, power);
    square = multiplied(square, square);
  }
  return power;
}

/** 0 = not computed yet; no power of x is 0. */
const POWERS = new Int32Array(4_096);

function knownPowerOf(bytes: number): number {
  if (bytes >= POWERS.length) return powerOf(bytes);
  const known = POWERS[bytes]!;
  return known === 0 ? (POWERS[bytes] = powerOf(bytes)) : known;
}

/** CRC of `first` followed by `second`. @param secondBytes length of what `second` is the CRC of. */
export function combinedCrc(first: number, second: number, secondBytes: number): number {
  return (multiplied(knownPowerOf(secondBytes), first | 0) ^ second) >>> 0;
}

/** As `crc32(bytes.subarray(from, to), begun)` of node:zlib; quicker than a call for so few bytes. */
export function crcOfFew(bytes: Uint8Array, from: number, to: number, begun: number): number {
  let crc = ~begun;
  for (let at = from; at < to; at++) crc = BYTE[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
