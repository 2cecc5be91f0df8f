/** A-Z as a-z; the two letters beyond ASCII that RE2 takes for one of them (Unicode's simple folding): long s and the Kelvin sign. */
export const foldCode = (code: number): number =>
  code >= 0x41 && code <= 0x5a ? code + 32 : code === 0x17f ? 0x73 : code === 0x212a ? 0x6b : code;

/** Transitions in all, 4 bytes each. */
const MAX_CELLS = 4_000_000;
const NONE: readonly number[] = [];
const WORD_LENGTHS = [24, 12, 8, 6, 4, 3, 2];

/**
 * Finds which of many words are in a text, in one pass: Aho and Corasick, "Efficient string matching" (1975), with a dense table.
 * It takes ASCII letters of both cases for the same, so it is for words that a text must have, never for what it means.
 */
export class Automaton {
  /** Of each UTF-16 unit; 0 = in no word. */
  readonly #classOf = new Uint8Array(65_536);
  #classes = 1;
  readonly #next: Int32Array;
  /** Words that end in a state are `#ends[#endsAt[state] … #endsAt[state + 1]]`. */
  readonly #endsAt: Int32Array;
  readonly #ends: Int32Array;

  /** @param words not empty. Where there are too many, only a beginning of each is looked for. */
  constructor(words: readonly string[]) {
    let trie: Trie | null = null;
    this.#classify(words);
    for (const length of WORD_LENGTHS) {
      trie = new Trie(words.map((word) => this.#coded(word.slice(0, length))));
      if (trie.size * this.#classes <= MAX_CELLS) break;
    }
    const { next, ends } = trie!.automaton(this.#classes);
    this.#next = next;
    this.#endsAt = new Int32Array(ends.length + 1);
    for (const [state, words] of ends.entries()) this.#endsAt[state + 1] = this.#endsAt[state]! + words.length;
    this.#ends = Int32Array.from(ends.flat());
  }

  /** Letters that no class is left for share the last one: words are then found too often, never too seldom. */
  #classify(words: readonly string[]): void {
    for (const word of words)
      for (let at = 0; at < word.length; at++) {
        const code = foldCode(word.charCodeAt(at));
        if (this.#classOf[code] === 0) this.#classOf[code] = this.#classes < 255 ? this.#classes++ : 255;
      }
    if (this.#classes === 255) this.#classes = 256;
    for (let code = 0x41; code <= 0x5a; code++) this.#classOf[code] = this.#classOf[foldCode(code)]!;
    for (const code of [0x17f, 0x212a]) this.#classOf[code] = this.#classOf[foldCode(code)]!;
  }

  #coded(word: string): Uint8Array {
    return Uint8Array.from({ length: word.length }, (_, at) => this.#classOf[word.charCodeAt(at)]!);
  }

  /** Numbers of the words in the text, each as often as it is there. */
  scan(text: string): readonly number[] {
    const [classOf, next, endsAt, classes] = [this.#classOf, this.#next, this.#endsAt, this.#classes];
    let found: number[] | null = null;
    let state = 0;
    for (let at = 0; at < text.length; at++) {
      state = next[state * classes + classOf[text.charCodeAt(at)]!]!;
      const end = endsAt[state + 1]!;
      for (let each = endsAt[state]!; each < end; each++) {
        if (found === null) found = [];
        found.push(this.#ends[each]!);
      }
    }
    return found ?? NONE;
  }
}

class Trie {
  readonly #children: Map<number, number>[] = [new Map()];
  readonly #words: number[][] = [[]];

  constructor(words: readonly Uint8Array[]) {
    for (const [number, word] of words.entries()) {
      let node = 0;
      for (const letter of word) node = this.#child(node, letter);
      this.#words[node]!.push(number);
    }
  }

  get size(): number {
    return this.#children.length;
  }

  #child(node: number, letter: number): number {
    const known = this.#children[node]!.get(letter);
    if (known !== undefined) return known;
    const made = this.#children.push(new Map()) - 1;
    this.#words.push([]);
    this.#children[node]!.set(letter, made);
    return made;
  }

  /** Breadth first, so that where a state falls back to is complete before it is. */
  automaton(classes: number): { readonly next: Int32Array; readonly ends: readonly (readonly number[])[] } {
    const next = new Int32Array(this.size * classes);
    const ends: (readonly number[])[] = [...this.#words];
    const fallback = new Int32Array(this.size);
    const queue = [0];
    for (let head = 0; head < queue.length; head++) {
      const node = queue[head]!;
      const back = fallback[node]!;
      if (node !== 0) {
        next.copyWithin(node * classes, back * classes, (back + 1) * classes);
        if (ends[back]!.length > 0) ends[node] = [...ends[node]!, ...ends[back]!];
      }
      for (const [letter, child] of this.#children[node]!) {
        // Until it is overwritten, the cell says where the longest shorter beginning goes with this letter.
        fallback[child] = node === 0 ? 0 : next[node * classes + letter]!;
        next[node * classes + letter] = child;
        queue.push(child);
      }
    }
    return { next, ends };
  }
}
