import type { Random } from './random.js';

/** What is fuzzed. */
export interface Target {
  readonly name: string;
  readonly corpus: readonly Uint8Array[];
  readonly dictionary: readonly Uint8Array[];
  /** Runs it on bytes and looks at what comes out. Throws what it threw, or a `Violation`. */
  check(input: Uint8Array, random: Random): void;
  /** An input made by the rules of the format, where what must come out is known. */
  readonly grammar?: (random: Random) => { readonly input: Uint8Array; check(): void };
}

/** What came out is not what must come out. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export function must(holds: boolean, says: string): asserts holds {
  if (!holds) throw new Violation(says);
}

const encoder = new TextEncoder();
const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LATIN1 = new TextDecoder('latin1');
/** An entry of a btree holds 2 704 bytes, with the time that stands beside the field. */
const MAX_INDEXED_BYTES = 2_600;

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** As an upload is: characters of several bytes where they are some, else a character a byte, so that every input is a text. */
export function asText(input: Uint8Array): string {
  try {
    return UTF8.decode(input);
  } catch {
    return LATIN1.decode(input);
  }
}

/** What the database has an index over. A row that does not fit into one is refused, whoever sent it. */
export function mustFitIndexes(message: { readonly host: string | null; readonly app: string | null }): void {
  for (const field of ['host', 'app'] as const)
    must(utf8(message[field] ?? '').length <= MAX_INDEXED_BYTES, `${field} is longer than an entry of its index`);
}

/** Equal as JSON: what a row of the database would hold. */
export function mustEqual(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Violation(`${what}: ${a} instead of ${b}`);
}
