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

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Equal as JSON: what a row of the database would hold. */
export function mustEqual(found: unknown, wanted: unknown, what: string): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Violation(`${what}: ${a} instead of ${b}`);
}
