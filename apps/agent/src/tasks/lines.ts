import type { Pattern } from '@yosugara/operations';

/** A line, or several that belong together, and where it ends in its file. */
export interface Entry {
  readonly text: string;
  readonly end: number;
}

export interface SplitOptions {
  readonly encoding: string;
  readonly lineEnd: 'lf' | 'cr' | 'crlf';
  readonly maxLineBytes: number;
}

/** Bytes in, lines out. What is longer than the bound loses its end, not its beginning; nothing grows with a line that never ends. */
export class LineSplitter {
  readonly #decoder: InstanceType<typeof TextDecoder>;
  readonly #width: 1 | 2;
  readonly #end: number;
  readonly #isBigEndian: boolean;
  readonly #maxBytes: number;
  #kept: Buffer[] = [];
  #keptBytes = 0;
  /** Of the line that is not whole yet, also what was not kept of it. */
  #lineBytes = 0;
  #position: number;

  /** @throws RangeError — there is no such encoding. */
  constructor({ encoding, lineEnd, maxLineBytes }: SplitOptions, position: number) {
    this.#decoder = new TextDecoder(encoding);
    this.#width = this.#decoder.encoding.startsWith('utf-16') ? 2 : 1;
    this.#isBigEndian = this.#decoder.encoding === 'utf-16be';
    this.#end = lineEnd === 'cr' ? 0x0d : 0x0a;
    this.#maxBytes = maxLineBytes;
    this.#position = position;
  }

  /** Behind what was pushed last. */
  get position(): number {
    return this.#position;
  }
  get hasPart(): boolean {
    return this.#lineBytes > 0;
  }

  push(chunk: Buffer): Entry[] {
    const found: Entry[] = [];
    let from = 0;
    for (let at = this.#find(chunk, 0); at >= 0; at = this.#find(chunk, from)) {
      this.#keep(chunk.subarray(from, at));
      from = at + this.#width;
      found.push({ text: this.#take(), end: this.#position + from });
    }
    this.#keep(chunk.subarray(from));
    this.#position += chunk.length;
    return found;
  }

  /** The last line of a file that nobody writes any more may have no end. */
  rest(): Entry | null {
    return this.hasPart ? { text: this.#take(), end: this.#position } : null;
  }

  #find(chunk: Buffer, from: number): number {
    if (this.#width === 1) return chunk.indexOf(this.#end, from);
    // Units begin at even bytes of the file.
    const odd = (this.#position + from) % 2;
    for (let at = chunk.indexOf(this.#end, from); at >= 0; at = chunk.indexOf(this.#end, at + 1)) {
      const unit = this.#isBigEndian ? at - 1 : at;
      if (unit >= from && (unit - from + odd) % 2 === 0 && chunk[unit + (this.#isBigEndian ? 0 : 1)] === 0) return unit;
    }
    return -1;
  }

  #keep(part: Buffer): void {
    this.#lineBytes += part.length;
    const room = this.#maxBytes - this.#keptBytes;
    if (part.length === 0 || room <= 0) return;
    // A copy: a part of a line must not hold a whole chunk.
    const kept = Buffer.from(part.subarray(0, room));
    this.#kept.push(kept);
    this.#keptBytes += kept.length;
  }

  #take(): string {
    const text = this.#decoder.decode(this.#kept.length === 1 ? this.#kept[0] : Buffer.concat(this.#kept));
    this.#kept = [];
    this.#keptBytes = this.#lineBytes = 0;
    return text.replace(/\r+$/, '').replaceAll('\0', '\ufffd');
  }
}

/** Puts lines together to entries: by a first line that is one, by a last one, or each for itself. */
export class EntryMaker {
  readonly #head: Pattern | null;
  readonly #tail: Pattern | null;
  readonly #maxChars: number;
  #lines: string[] = [];
  #chars = 0;
  #end = 0;

  constructor(head: Pattern | null, tail: Pattern | null, maxChars: number) {
    this.#head = head;
    this.#tail = tail;
    this.#maxChars = maxChars;
  }

  get isOpen(): boolean {
    return this.#lines.length > 0;
  }
  /** An entry that only the next one's first line ends: after a while without one it is whole. */
  get endsByItself(): boolean {
    return this.#tail === null;
  }

  push({ text, end }: Entry): Entry[] {
    if (this.#head === null && this.#tail === null) return [{ text, end }];
    const found: Entry[] = [];
    if (this.isOpen && this.#head?.test(text) === true) found.push(this.#take());
    if (this.#chars < this.#maxChars) this.#lines.push(text);
    else if (!this.isOpen) this.#lines.push('');
    this.#chars += text.length + 1;
    this.#end = end;
    if (this.#tail?.test(text) === true) found.push(this.#take());
    return found;
  }

  rest(): Entry | null {
    return this.isOpen ? this.#take() : null;
  }

  #take(): Entry {
    const text = this.#lines.join('\n').slice(0, this.#maxChars);
    this.#lines = [];
    this.#chars = 0;
    return { text, end: this.#end };
  }
}
