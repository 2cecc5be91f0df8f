/** How the bytes of a source are read when they are no UTF-8. */
export type Charset = 'utf-8' | 'shift_jis' | 'euc-jp' | 'iso-8859-1' | 'windows-1252';

type Decoder = InstanceType<typeof TextDecoder>;

export interface ReadableText {
  readonly text: string;
  /** false: some bytes are no text, and are shown escaped. */
  readonly valid: boolean;
}

const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes as text that PostgreSQL takes and a person can read: valid UTF-8 as it is, else what `charset` makes of them, any other byte as
 * `\xNN`, NUL left out (PostgreSQL's text cannot hold it; the raw bytes keep it).
 */
export function readableText(bytes: Uint8Array, charset: Charset = 'utf-8'): ReadableText {
  const text = strictly(STRICT, bytes);
  if (text !== null) return { text: withoutNul(text), valid: true };
  const read = charset === 'utf-8' ? { text: escaped(bytes), valid: false } : inCharset(bytes, charset);
  return { text: withoutNul(read.text), valid: read.valid };
}

function strictly(decoder: Decoder, bytes: Uint8Array): string | null {
  try {
    return decoder.decode(bytes);
  } catch {
    return null;
  }
}

function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}

/** Each half of a surrogate pair, which UTF-8 cannot say, is U+FFFD: as many characters as before. */
export function wellFormed(text: string): string {
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}

function inCharset(bytes: Uint8Array, charset: Exclude<Charset, 'utf-8'>): ReadableText {
  if (charset === 'iso-8859-1') return { text: latin1(bytes), valid: true };
  const whole = strictly(legacyDecoder(charset), bytes);
  return whole !== null ? { text: whole, valid: true } : { text: escapedIn(bytes, charset), valid: false };
}

/**
 * A character a byte. Not TextDecoder: on the web `iso-8859-1` is another name of windows-1252. Not one character after the other: a text
 * that was put together so is copied once more when it becomes a key.
 */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4_096) text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
  return text;
}

const legacy = new Map<string, Decoder>();

/** Made when first needed: a Node built without full ICU has no such decoders, and most installations need none. */
function legacyDecoder(charset: string): Decoder {
  let decoder = legacy.get(charset);
  if (decoder === undefined) legacy.set(charset, (decoder = new TextDecoder(charset, { fatal: true })));
  return decoder;
}

function escaped(bytes: Uint8Array): string {
  return escapedWhere(bytes, STRICT, sequenceLength);
}

/** Whole characters of the charset are read, a byte that begins none is escaped. Often it is only the last, half of a character that a limit cut. */
function escapedIn(bytes: Uint8Array, charset: 'shift_jis' | 'euc-jp' | 'windows-1252'): string {
  const lenient = new TextDecoder(charset);
  const length = charset === 'shift_jis' ? shiftJisLength : charset === 'euc-jp' ? eucJpLength : () => 1;
  return escapedWhere(bytes, lenient, length);
}

function escapedWhere(bytes: Uint8Array, decoder: Decoder, lengthAt: (bytes: Uint8Array, at: number) => number): string {
  let out = '';
  let good = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = lengthAt(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    if (good < at) out += decoder.decode(bytes.subarray(good, at));
    out += ESCAPES[bytes[at]!];
    good = ++at;
  }
  return good < bytes.length ? out + decoder.decode(bytes.subarray(good)) : out;
}

const ESCAPES = Array.from({ length: 256 }, (_, byte) => `\\x${byte.toString(16).padStart(2, '0')}`);

/** Length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7), or 0. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const length = first >= 0xc2 && first <= 0xdf ? 2 : first >= 0xe0 && first <= 0xef ? 3 : first >= 0xf0 && first <= 0xf4 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1]!;
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (let next = at + 2; next < at + length; next++) if ((bytes[next]! & 0xc0) !== 0x80) return 0;
  return length;
}

/** JIS X 0208 in its shifted form, half-width katakana 0xa1–0xdf; 0x40–0xfc without 0x7f follow a lead byte. */
function shiftJisLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80 || (first >= 0xa1 && first <= 0xdf)) return 1;
  if (!((first >= 0x81 && first <= 0x9f) || (first >= 0xe0 && first <= 0xfc)) || at + 1 >= bytes.length) return 0;
  const second = bytes[at + 1]!;
  return second >= 0x40 && second <= 0xfc && second !== 0x7f ? 2 : 0;
}

/** 0xa1–0xfe twice; 0x8e and a half-width katakana; 0x8f and two of JIS X 0212. */
function eucJpLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at]!;
  if (first < 0x80) return 1;
  const high = (byte: number | undefined) => byte !== undefined && byte >= 0xa1 && byte <= 0xfe;
  if (first === 0x8e) return high(bytes[at + 1]) && bytes[at + 1]! <= 0xdf ? 2 : 0;
  if (first === 0x8f) return high(bytes[at + 1]) && high(bytes[at + 2]) ? 3 : 0;
  return high(first) && high(bytes[at + 1]) ? 2 : 0;
}
