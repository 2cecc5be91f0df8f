import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import type { Pattern } from '@yosugara/operations';
import { type Entry, EntryMaker, LineSplitter, type SplitOptions } from './lines.js';

const CHUNK_BYTES = 262_144;
const PRINT_BYTES = 256;
/** Of an entry whose end only the next one shows, and of one that waits for its last line. */
const IDLE_MS = 3_000;
const IDLE_TAIL_MS = 30_000;

/** What is remembered of a file: where we are, and by what it is known again. */
export interface FileMark {
  /** As it was called when it was found. */
  readonly path: string;
  /** Behind what was told. */
  readonly offset: number;
  /** Of its first bytes, at most 256. */
  readonly first: Print;
  /** Of those right before `offset`. */
  readonly last: Print;
  /** It is the copy of one that was followed, and all of it was told. */
  readonly isCopy?: true;
}
export interface Print {
  readonly bytes: number;
  readonly hash: string;
}

export interface FollowOptions extends SplitOptions {
  readonly head: Pattern | null;
  readonly tail: Pattern | null;
}

export const isFileMark = (value: unknown): value is FileMark => typeof value === 'object' && value !== null && 'offset' in value;

/** One file by its inode, whatever it is called, from where we were. */
export class Follower {
  readonly path: string;
  readonly identity: string;
  readonly #file: FileHandle;
  readonly #options: FollowOptions;
  #splitter: LineSplitter;
  #entries: EntryMaker;
  #mark: FileMark;
  #seenBytes = -1;
  #grewMs = performance.now();
  /** Since when it has another name, or none. */
  leavesMs: number | null = null;

  private constructor(file: FileHandle, identity: string, mark: FileMark, options: FollowOptions) {
    this.#file = file;
    this.identity = identity;
    this.path = mark.path;
    this.#mark = mark;
    this.#options = options;
    this.#splitter = new LineSplitter(options, mark.offset);
    this.#entries = this.#maker();
  }

  /** @param at 'end' = what is there is not told. null = it is another file by now. */
  static async open(
    path: string,
    identity: string,
    at: 'start' | 'end' | FileMark,
    options: FollowOptions,
  ): Promise<Follower | null> {
    const file = await open(path, 'r');
    try {
      const { dev, ino, size } = await file.stat();
      if (identityOf({ dev, ino }) !== identity) throw new Error('it is another file by now');
      const offset = at === 'start' ? 0 : at === 'end' ? size : at.offset;
      const mark = typeof at === 'object' ? at : { path, offset, ...(await printsOf(file, offset)) };
      return new Follower(file, identity, mark, options);
    } catch (error) {
      await file.close();
      if ((error as Error).message === 'it is another file by now') return null;
      throw error;
    }
  }

  get mark(): FileMark {
    return this.#mark;
  }
  get quietMs(): number {
    return performance.now() - this.#grewMs;
  }

  /** Nothing came, and nothing waits: what is true of most files at most looks, and costs one question. */
  async isQuiet(): Promise<boolean> {
    if (this.#entries.isOpen || this.#seenBytes !== this.#splitter.position) return false;
    return (await this.#file.stat()).size === this.#seenBytes;
  }

  /** It is still what was read: not shorter, and with the same bytes at its beginning and before where we are. */
  async isSame(): Promise<boolean> {
    const { size } = await this.#file.stat();
    const { offset, first, last } = this.#mark;
    if (size < offset || size < this.#splitter.position) return false;
    return (await matches(this.#file, first, 0)) && (await matches(this.#file, last, offset - last.bytes));
  }

  /** Entries that are whole now; [] = nothing new. @param isLast nobody writes it any more: what has no end is whole, too. */
  async read(maxEntries: number, isLast: boolean): Promise<{ readonly entries: readonly Entry[]; readonly hasMore: boolean }> {
    const { size } = await this.#file.stat();
    if (size > this.#seenBytes) this.#grewMs = performance.now();
    this.#seenBytes = size;
    const entries: Entry[] = [];
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, Math.max(0, size - this.#splitter.position)));
    while (entries.length < maxEntries && this.#splitter.position < size) {
      const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, this.#splitter.position);
      if (bytesRead === 0) break;
      for (const line of this.#splitter.push(buffer.subarray(0, bytesRead))) entries.push(...this.#entries.push(line));
    }
    const hasMore = this.#splitter.position < size;
    const idleMs = this.#entries.endsByItself ? IDLE_MS : IDLE_TAIL_MS;
    if (!hasMore && isLast) {
      const line = this.#splitter.rest();
      if (line !== null) entries.push(...this.#entries.push(line));
    }
    if (!hasMore && this.#entries.isOpen && (isLast || this.quietMs > idleMs)) entries.push(this.#entries.rest()!);
    return { entries, hasMore };
  }

  /** As it is to be remembered when what is before that offset was told. */
  async markAt(offset: number): Promise<FileMark> {
    return { path: this.path, offset, ...(await printsOf(this.#file, offset)) };
  }

  /** It is remembered so. */
  settle(mark: FileMark): void {
    this.#mark = mark;
  }

  /** It was cut and is written anew. */
  async restart(): Promise<FileMark> {
    this.#splitter = new LineSplitter(this.#options, 0);
    this.#entries = this.#maker();
    this.#seenBytes = -1;
    this.#mark = await this.markAt(0);
    return this.#mark;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  #maker(): EntryMaker {
    return new EntryMaker(this.#options.head, this.#options.tail, this.#options.maxLineBytes);
  }
}

export const identityOf = ({ dev, ino }: { readonly dev: number; readonly ino: number }): string => `${dev}:${ino}`;

async function printAt(file: FileHandle, from: number, bytes: number): Promise<Print> {
  const buffer = Buffer.alloc(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, from);
  return { bytes: bytesRead, hash: createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex').slice(0, 32) };
}

async function printsOf(file: FileHandle, offset: number): Promise<{ readonly first: Print; readonly last: Print }> {
  const length = Math.min(PRINT_BYTES, offset);
  return { first: await printAt(file, 0, length), last: await printAt(file, offset - length, length) };
}

async function matches(file: FileHandle, print: Print, from: number): Promise<boolean> {
  const { bytes, hash } = await printAt(file, from, print.bytes);
  return bytes === print.bytes && hash === print.hash;
}

/** It has in it all that was read of the other one: a copy, made before that was cut. */
export async function isCopyOf(path: string, mark: FileMark): Promise<boolean> {
  // So few bytes may be the same in two files by chance.
  if (mark.first.bytes < 32) return false;
  const file = await open(path, 'r').catch(() => null);
  if (file === null) return false;
  try {
    return (await matches(file, mark.first, 0)) && (await matches(file, mark.last, mark.offset - mark.last.bytes));
  } finally {
    await file.close();
  }
}
