import { mkdir, open, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { explain } from '@yosugara/kernel';

export interface AppendQueueOptions {
  readonly path: string;
  /** Before what would make it longer than so, the file is set aside. */
  readonly maxBytes: number;
  /** Files that were set aside: PATH.1 is the newest. 0: it begins anew. */
  readonly keep: number;
  /** Instead of setting it aside, it begins anew with these lines: whatever still counts of it. */
  readonly anew?: () => readonly string[];
  /** Lines that wait at most; then the oldest go. */
  readonly mostWaiting?: number;
}

export interface WayStats {
  readonly done: number;
  readonly failed: number;
  readonly lost: number;
  readonly waiting: number;
  /** Of the newest try; null = it went well. */
  readonly why: string | null;
}

const MOST_WAITING = 1_000;
const AGAIN_MS = 2_000;
const MODE = 0o640;

/**
 * Lines to the end of a file that is set aside when it is full, each on the disk (fsync) when it counts as written. Nobody waits for the
 * disk: one that hangs or is full costs lines of the queue, which are counted, and nothing else. What could not be written is tried again.
 */
export class AppendQueue {
  readonly #o: AppendQueueOptions & { readonly mostWaiting: number };
  readonly #waiting: string[] = [];
  #counts = { done: 0, failed: 0, lost: 0 };
  #why: string | null = null;
  #pumping: Promise<void> | null = null;
  #retry: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: AppendQueueOptions) {
    this.#o = { mostWaiting: MOST_WAITING, ...options };
  }

  /** Neither throws nor waits. @param line without its newline. */
  write(line: string): void {
    if (this.#waiting.length >= this.#o.mostWaiting) {
      this.#waiting.shift();
      this.#counts.lost++;
    }
    this.#waiting.push(line);
    this.#pump();
  }

  get stats(): WayStats {
    return { ...this.#counts, waiting: this.#waiting.length, why: this.#why };
  }

  /** What waits is written, as far as that is over in time. Safe to call twice. */
  async close(withinMs: number): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([this.#pumping, new Promise((resolve) => (timer = setTimeout(resolve, withinMs)))]);
    clearTimeout(timer);
  }

  #pump(): void {
    this.#pumping ??= this.#writeAll().finally(() => {
      this.#pumping = null;
    });
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting.splice(0);
      try {
        await this.#append(lines.map((line) => `${line}\n`).join(''));
        this.#counts.done += lines.length;
        this.#why = null;
      } catch (error) {
        this.#counts.failed++;
        this.#why = explain(error);
        const room = Math.max(0, this.#o.mostWaiting - this.#waiting.length);
        this.#counts.lost += Math.max(0, lines.length - room);
        this.#waiting.unshift(...lines.slice(-room || lines.length));
        if (!this.#isClosed) this.#retry = setTimeout(() => this.#pump(), AGAIN_MS);
        return;
      }
    }
  }

  async #append(text: string): Promise<void> {
    const { path, maxBytes, anew } = this.#o;
    const bytes = Buffer.byteLength(text);
    const size = await stat(path).then(
      (found) => found.size,
      () => null,
    );
    if (size === null) await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    else if (size > 0 && size + bytes > maxBytes) {
      if (anew !== undefined)
        return await replaceFile(
          path,
          anew()
            .map((line) => `${line}\n`)
            .join('') + text,
        );
      await this.#setAside();
    }
    // Opened each time: whoever moves or deletes it gets a new one. Half a line of a write that failed must not spoil the next.
    const file = await open(path, 'a+', MODE);
    try {
      const { size: at } = await file.stat();
      const last = Buffer.alloc(1);
      const isTorn = at > 0 && (await file.read(last, 0, 1, at - 1)).bytesRead === 1 && last[0] !== 0x0a;
      await file.appendFile(isTorn ? `\n${text}` : text);
      await file.datasync();
    } finally {
      await file.close();
    }
  }

  async #setAside(): Promise<void> {
    const { path, keep } = this.#o;
    if (keep === 0) return await rm(path, { force: true });
    await rm(`${path}.${keep}`, { force: true });
    for (let at = keep - 1; at >= 1; at--) await rename(`${path}.${at}`, `${path}.${at + 1}`).catch(onlyMissing);
    await rename(path, `${path}.1`).catch(onlyMissing);
  }
}

/** Whole or not at all. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: MODE, flush: true });
  await rename(`${path}.new`, path);
}

function onlyMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
