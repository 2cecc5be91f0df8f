/*
 * Hand-written scanning of decoded text: characters by code, never a copy. It runs on text and not on bytes, since in Shift_JIS the
 * second byte of a character may well be a `\` or a `]`.
 */
export const Char = {
  lf: 0x0a,
  cr: 0x0d,
  space: 0x20,
  quote: 0x22,
  percent: 0x25,
  star: 0x2a,
  comma: 0x2c,
  dash: 0x2d,
  dot: 0x2e,
  slash: 0x2f,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  less: 0x3c,
  equals: 0x3d,
  greater: 0x3e,
  open: 0x5b,
  backslash: 0x5c,
  close: 0x5d,
  del: 0x7f,
  bom: 0xfeff,
} as const;

export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

export function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

export function isAlnum(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x30 && code <= 0x39) || (code >= 0x41 && code <= 0x5a);
}

/** Two digits as a number; -1 = there are none. NaN of a charCodeAt beyond the end fails every comparison. */
export function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

export function fourDigits(text: string, at: number): number {
  const high = twoDigits(text, at);
  const low = twoDigits(text, at + 2);
  return high < 0 || low < 0 ? -1 : high * 100 + low;
}

/** Where the digits that begin at `at` end. */
export function digitsEnd(text: string, at: number): number {
  let end = at;
  while (isDigit(text.charCodeAt(end))) end++;
  return end;
}

/** Where the word ends: at the next space or control character, or at the end. */
export function wordEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text.charCodeAt(end) > Char.space) end++;
  return end;
}

export function skipSpaces(text: string, at: number): number {
  let end = at;
  while (text.charCodeAt(end) === Char.space) end++;
  return end;
}
