const MAX_TEXT = 65_536;
/** More octets as one number than any type has: they would cost the square of their count. */
const MAX_NUMBER = 8;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const LATIN1 = new TextDecoder('latin1');
const UTF8 = new TextDecoder('utf-8');

/** One octet-format of RFC 2579 3.1 (2): [*]length, format, [separator [terminator]]. */
interface Part {
  readonly repeats: boolean;
  readonly length: number;
  readonly format: string;
  readonly separator: string;
  readonly terminator: string;
}

/** @returns null when the hint is none, or does not fit the value. */
export function hintedInteger(hint: string, value: bigint): string | null {
  const found = /^(?:(d)(?:-(\d{1,2}))?|([xob]))$/.exec(hint);
  if (found === null) return null;
  const digits = value < 0n ? -value : value;
  const sign = value < 0n ? '-' : '';
  if (found[3] !== undefined) return sign + digits.toString(found[3] === 'x' ? 16 : found[3] === 'o' ? 8 : 2);
  const places = Number(found[2] ?? 0);
  if (places === 0) return String(value);
  const text = digits.toString().padStart(places + 1, '0');
  return `${sign}${text.slice(0, -places)}.${text.slice(-places)}`;
}

/** @returns null when the hint is none. */
export function hintedOctets(hint: string, bytes: Uint8Array): string | null {
  const parts = partsOf(hint);
  if (parts === null) return null;
  let text = '';
  let at = 0;
  for (let turn = 0; at < bytes.length && text.length < MAX_TEXT; turn++) {
    // The last one is used again for what is left.
    const part = parts[Math.min(turn, parts.length - 1)]!;
    let times = part.repeats ? bytes[at++]! : 1;
    const before = at;
    for (; times > 0 && at < bytes.length; times--) {
      const chunk = bytes.subarray(at, at + part.length);
      text += formatted(part.format, chunk);
      at += chunk.length;
      const isLast = times === 1 && part.terminator !== '';
      if (at < bytes.length && !isLast) text += part.separator;
    }
    if (part.repeats && part.terminator !== '' && at < bytes.length) text += part.terminator;
    // A length of 0 takes nothing: it would never end.
    if (at === before && turn >= parts.length) break;
  }
  return text;
}

function partsOf(hint: string): readonly Part[] | null {
  const parts: Part[] = [];
  // By whole characters (`u`): half of one could not be stored.
  const next = /(\*?)(\d{1,5})([xdoat])([^\d*]?)([^\d*]?)/uy;
  while (next.lastIndex < hint.length) {
    const start = next.lastIndex;
    const found = next.exec(hint);
    if (found === null) return null;
    const repeats = found[1] === '*';
    let terminator = found[5] ?? '';
    // Only what repeats has a terminator; a second sign would be the begin of nonsense.
    if (!repeats && terminator !== '') return null;
    if (!repeats) terminator = '';
    parts.push({ repeats, length: Number(found[2]), format: found[3]!, separator: found[4] ?? '', terminator });
    if (next.lastIndex === start) return null;
  }
  return parts.length === 0 ? null : parts;
}

function formatted(format: string, bytes: Uint8Array): string {
  if (format === 'a') return LATIN1.decode(bytes).replaceAll('\0', '');
  if (format === 't') return UTF8.decode(bytes).replaceAll('\0', '');
  if (format === 'x' || bytes.length > MAX_NUMBER) {
    let text = '';
    for (const byte of bytes) text += HEX[byte];
    return text;
  }
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value.toString(format === 'o' ? 8 : 10);
}
