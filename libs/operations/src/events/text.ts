const STRICT = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Bytes as text that PostgreSQL takes and a person can read: valid UTF-8 as it is, any other byte as `\xNN`, NUL left out
 * (PostgreSQL's text cannot hold it; the raw bytes keep it).
 */
export function readableText(bytes: Uint8Array): { readonly text: string; readonly valid: boolean } {
  try {
    return { text: withoutNul(STRICT.decode(bytes)), valid: true };
  } catch {
    return { text: withoutNul(escaped(bytes)), valid: false };
  }
}

function withoutNul(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', '') : text;
}

function escaped(bytes: Uint8Array): string {
  let out = '';
  let good = 0;
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length > 0) {
      at += length;
      continue;
    }
    out += `${STRICT.decode(bytes.subarray(good, at))}\\x${bytes[at]!.toString(16).padStart(2, '0')}`;
    good = ++at;
  }
  return out + STRICT.decode(bytes.subarray(good));
}

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
