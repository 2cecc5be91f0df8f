import { createHash } from 'node:crypto';

/** What tells rows apart, as 16 bytes: the parts may be longer than an index entry (a third of a page), and hold anything. */
export function rowKey(...parts: readonly string[]): Buffer {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16);
}

/** Neither a text nor JSON of PostgreSQL can hold a NUL; and JSON no half of a surrogate pair, which is the only one that is written as an escape. */
export const storable = (text: string): string => (text.includes('\0') ? text.replaceAll('\0', '\u{FFFD}') : text);
export const storableJson = (value: unknown): string => {
  const text = JSON.stringify(value);
  return UNSTORABLE.test(text) ? text.replace(ESCAPED, '$1\\ufffd') : text;
};
const UNSTORABLE = /\\u(?:0000|d[89a-f])/;
const ESCAPED = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g;

/** The last one counts where a batch has several of one key: a statement may change a row once only. */
export function lastOfEach<T>(
  all: readonly T[],
  keyOf: (one: T) => Buffer,
): ReadonlyMap<string, { readonly key: Buffer; readonly one: T }> {
  const last = new Map<string, { key: Buffer; one: T }>();
  for (const one of all) {
    const key = keyOf(one);
    last.set(key.toString('latin1'), { key, one });
  }
  return last;
}
