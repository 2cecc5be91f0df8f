import { createHash } from 'node:crypto';

interface Unanswered {
  readonly seq: number;
  readonly digest: string;
}

interface Left {
  readonly frames: Unanswered[];
  readonly atMs: number;
}

const KEPT_MS = 15 * 60_000;
const MAX_LISTS = 1_000;
/** Frames that a client may send anew before the first unanswered one, since it never saw their answers: its window. librelp's is 128. */
const MAX_BEFORE = 1_024;

const digestOf = (raw: Uint8Array) => createHash('sha256').update(raw).digest('base64');

/**
 * What clients were owed when their connections broke. A client sends whatever was not answered again, in order and before anything
 * new, on its next connection; these frames are in the journal already, so they are answered and not journaled again. Only what
 * was *not answered* is compared: a message that was, and is said again, is another one.
 */
export class RelpResends {
  readonly #nowMs: () => number;
  readonly #left = new Map<string, Left[]>();
  #lists = 0;

  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  leave(address: string, frames: readonly { readonly seq: number; readonly raw: Uint8Array }[]): void {
    if (frames.length === 0) return;
    this.#forgetOld();
    if (this.#lists >= MAX_LISTS) return;
    const lists = this.#left.get(address) ?? [];
    this.#left.set(address, lists);
    lists.push({ frames: frames.map(({ seq, raw }) => ({ seq, digest: digestOf(raw) })), atMs: this.#nowMs() });
    this.#lists++;
  }

  /** For one new connection. @returns for each frame the number that it has in the journal; null = it is new. */
  returning(address: string): (raw: Uint8Array) => number | null {
    let looked = 0;
    let current: Left | null = null;
    return (raw) => {
      const lists = this.#left.get(address);
      if (lists === undefined || looked >= MAX_BEFORE) return null;
      const digest = digestOf(raw);
      const found: Left | undefined = (current === null ? lists : [current]).find((list) => list.frames[0]?.digest === digest);
      if (found === undefined) {
        // It had begun and goes on otherwise: the client no longer holds the rest.
        if (current !== null) this.#remove(address, current);
        looked = current === null ? looked + 1 : MAX_BEFORE;
        return null;
      }
      current = found;
      const { seq } = found.frames.shift()!;
      if (found.frames.length === 0) {
        this.#remove(address, found);
        looked = MAX_BEFORE;
      }
      return seq;
    };
  }

  #remove(address: string, list: Left): void {
    const lists = this.#left.get(address) ?? [];
    const at = lists.indexOf(list);
    if (at >= 0) {
      lists.splice(at, 1);
      this.#lists--;
    }
    if (lists.length === 0) this.#left.delete(address);
  }

  #forgetOld(): void {
    const before = this.#nowMs() - KEPT_MS;
    for (const [address, lists] of this.#left)
      for (const list of lists.filter(({ atMs }) => atMs < before)) this.#remove(address, list);
  }
}
