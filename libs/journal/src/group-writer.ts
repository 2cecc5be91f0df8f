import { invariant } from '@yosugara/kernel';
import { FrameBatch } from './frame.js';
import type { SegmentHead } from './segment.js';
import { cipherOf, GROUP_HEAD_BYTES, type JournalKeys, type SegmentCipher } from './segment-cipher.js';

/** What segments of a receiver's journal are encrypted by. */
export interface JournalEncryption {
  readonly keys: JournalKeys;
  /** Asked when a segment is begun; null: it is in the clear. */
  newest(): string | null;
}

/** Makes bytes of the segment that is open: in the clear or encrypted, as its head says. */
export class GroupWriter {
  readonly #encryption: JournalEncryption | undefined;
  readonly #sealed = new FrameBatch();
  readonly #mark = new FrameBatch(64);
  #head: SegmentHead | null = null;
  #cipher: SegmentCipher | null = null;

  constructor(encryption: JournalEncryption | undefined) {
    this.#encryption = encryption;
  }

  get keys(): JournalKeys | undefined {
    return this.#encryption?.keys;
  }
  /** For a segment that is begun now. */
  get newest(): string | null {
    return this.#encryption?.newest() ?? null;
  }
  get headBytes(): number {
    return this.#head?.bytes ?? 0;
  }
  /** It is encrypted by a key that is not here: nothing more goes into it. */
  get isLocked(): boolean {
    return this.#head?.sealed != null && this.#cipher === null;
  }

  use(head: SegmentHead): void {
    this.#head = head;
    this.#cipher = head.sealed === null ? null : cipherOf(head.sealed, this.keys);
  }

  /** @param first number of the first record. @param synced bytes of the segment that are durable. Not reusable while a write is under way. */
  group(batch: FrameBatch, first: number, synced: number): Uint8Array {
    invariant(!this.isLocked, 'nothing goes into a segment whose key is not here');
    const salt = this.#head?.salt ?? 0;
    const frames = batch.seal(synced, salt);
    const cipher = this.#cipher;
    if (cipher === null) return frames;
    this.#sealed.clear();
    const group = { first, count: batch.count };
    this.#sealed.add(GROUP_HEAD_BYTES + frames.length, (target, at) => cipher.seal(group, frames, target, at));
    return this.#sealed.seal(synced, salt);
  }

  mark(synced: number): Uint8Array {
    this.#mark.clear();
    this.#mark.add(0, () => undefined);
    return this.#mark.seal(synced, this.#head?.salt ?? 0);
  }
}
