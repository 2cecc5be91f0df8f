import type { Random } from './random.js';

/** Longest input but for the rare large one. */
const USUAL_BYTES = 2_048;
const LARGE_BYTES = 65_536;
const INTERESTING = [
  0x00, 0x01, 0x0a, 0x0d, 0x20, 0x22, 0x2d, 0x30, 0x31, 0x3a, 0x3c, 0x3e, 0x5b, 0x5c, 0x5d, 0x7f, 0x80, 0x83, 0xa0, 0xc2, 0xe3,
  0xed, 0xf4, 0xff,
];

/** One input out of the corpus: spliced, cut, repeated, with bits turned and words of the dictionary set in. */
export function mutate(random: Random, corpus: readonly Uint8Array[], dictionary: readonly Uint8Array[]): Uint8Array {
  let bytes = random.of(corpus);
  const steps = 1 + random.below(6);
  for (let step = 0; step < steps; step++) bytes = once(random, bytes, corpus, dictionary);
  if (random.oneIn(2_000)) bytes = repeated(random, bytes);
  return bytes;
}

function once(random: Random, bytes: Uint8Array, corpus: readonly Uint8Array[], dictionary: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const end = Math.min(bytes.length, at + random.below(16));
  switch (random.below(9)) {
    case 0:
      return changed(bytes, at, (bytes[at] ?? 0) ^ (1 << random.below(8)));
    case 1:
      return changed(bytes, at, random.of(INTERESTING));
    case 2:
      return changed(bytes, at, random.below(256));
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(random.of(INTERESTING)), bytes.subarray(at));
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(end));
    case 5:
      return joined(bytes.subarray(0, end), bytes.subarray(at));
    case 6:
      return bytes.subarray(0, at);
    case 7: {
      const other = random.of(corpus);
      return joined(bytes.subarray(0, at), other.subarray(random.below(other.length + 1)));
    }
    default:
      return joined(bytes.subarray(0, at), random.of(dictionary), bytes.subarray(random.oneIn(2) ? at : end));
  }
}

function changed(bytes: Uint8Array, at: number, value: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (at < copy.length) copy[at] = value;
  return copy;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(
    Math.min(
      USUAL_BYTES,
      parts.reduce((sum, part) => sum + part.length, 0),
    ),
  );
  let at = 0;
  for (const part of parts) {
    const fits = part.subarray(0, whole.length - at);
    whole.set(fits, at);
    at += fits.length;
  }
  return whole;
}

/** A large input of one piece again and again: what takes time by the square of its length is found so. */
function repeated(random: Random, bytes: Uint8Array): Uint8Array {
  const from = random.below(bytes.length);
  const piece = bytes.subarray(from, from + 1 + random.below(32));
  const whole = new Uint8Array(1 + random.below(LARGE_BYTES));
  const head = bytes.subarray(0, Math.min(from, whole.length));
  whole.set(head);
  if (piece.length > 0)
    for (let at = head.length; at < whole.length; at += piece.length) whole.set(piece.subarray(0, whole.length - at), at);
  return whole;
}
