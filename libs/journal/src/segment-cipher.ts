import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { KeyRing } from '@yosugara/runtime';
import { JournalKeyMissingError } from './errors.js';
import { FRAME_HEAD_BYTES } from './frame.js';

/*
 * In an encrypted segment the payload of a frame is a group of records as it was written at once, little endian:
 *
 *   0  u64  number of its first record
 *   8  u32  how many
 *  12  u32  0
 *  16  …    nonce (12), random
 *  28  u32  0
 *  32  …    tag (16)
 *  48  …    its frames as a segment in the clear would hold them, encrypted (AES-256-GCM)
 *
 * What a frame must tell without a key stays in the clear: where it ends, whether it is whole, how much was durable, its numbers. So a torn tail is
 * cut by the CRC as ever; a frame with a good CRC and a bad tag was never written by us: somebody changed it. The segment's head and the
 * numbers are authenticated with it, so no group can be moved to another place.
 * The key is the segment's own (HKDF with its random salt), so nonces of other segments do not matter, nor does a group that is written again where
 * a torn one was.
 */
const CIPHER = 'aes-256-gcm';
const NONCE_AT = 16;
const TAG_AT = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** A multiple of a mark's bytes, which a mended stretch is filled with. */
export const GROUP_HEAD_BYTES = 48;

export type JournalKeys = Pick<KeyRing, 'keyOf' | 'lookedIn'>;

/** What the head of an encrypted segment says about its key. */
export interface SealedBy {
  readonly keyId: string;
  readonly keySalt: Buffer;
  /** The whole payload of the head. */
  readonly head: Buffer;
}

export interface Group {
  readonly first: number;
  readonly count: number;
}

/** Of an encrypted segment's frame; null: it cannot be one. */
export function groupOf(payload: Buffer): Group | null {
  if (payload.length < GROUP_HEAD_BYTES) return null;
  return { first: Number(payload.readBigUInt64LE(0)), count: payload.readUInt32LE(8) };
}

export const groupFirst = (payload: Buffer): number => groupOf(payload)?.first ?? 0;

/** Of one segment. */
export class SegmentCipher {
  readonly #key: Buffer;
  readonly #head: Buffer;

  constructor(key: Uint8Array, { keySalt, head }: SealedBy) {
    this.#key = Buffer.from(hkdfSync('sha256', key, keySalt, 'yosugara journal segment', 32));
    this.#head = Buffer.from(head);
  }

  /** Writes head and ciphertext, `GROUP_HEAD_BYTES` longer than the frames, at that place. */
  seal({ first, count }: Group, frames: Uint8Array, target: Buffer, at: number): void {
    target.fill(0, at, at + GROUP_HEAD_BYTES);
    target.writeBigUInt64LE(BigInt(first), at);
    target.writeUInt32LE(count, at + 8);
    const nonce = randomBytes(NONCE_BYTES);
    target.set(nonce, at + NONCE_AT);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    cipher.setAAD(Buffer.concat([this.#head, target.subarray(at, at + NONCE_AT)]));
    target.set(cipher.update(frames), at + GROUP_HEAD_BYTES);
    cipher.final();
    target.set(cipher.getAuthTag(), at + TAG_AT);
  }

  /** Encoded records in their order; null: this is not what was written here. */
  open(payload: Buffer): readonly Buffer[] | null {
    const group = groupOf(payload);
    if (group === null) return null;
    try {
      const nonce = payload.subarray(NONCE_AT, NONCE_AT + NONCE_BYTES);
      const decipher = createDecipheriv(CIPHER, this.#key, nonce, { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.concat([this.#head, payload.subarray(0, NONCE_AT)]));
      decipher.setAuthTag(payload.subarray(TAG_AT, TAG_AT + TAG_BYTES));
      const frames = decipher.update(payload.subarray(GROUP_HEAD_BYTES));
      decipher.final();
      return payloadsOf(frames, group.count);
    } catch {
      return null;
    }
  }
}

/** null: what was sealed were no such frames. */
function payloadsOf(frames: Buffer, count: number): readonly Buffer[] | null {
  const found: Buffer[] = [];
  for (let at = 0; at + FRAME_HEAD_BYTES <= frames.length; ) {
    const begin = at + FRAME_HEAD_BYTES;
    at = begin + frames.readUInt32LE(at + 8);
    if (at > frames.length) return null;
    found.push(frames.subarray(begin, at));
  }
  return found.length === count ? found : null;
}

/** null: the segment's key is not here. */
export function cipherOf(sealed: SealedBy, keys: JournalKeys | undefined): SegmentCipher | null {
  const key = keys?.keyOf(sealed.keyId) ?? null;
  return key === null ? null : new SegmentCipher(key, sealed);
}

/** @throws JournalKeyMissingError */
export function demandCipher(sealed: SealedBy, keys: JournalKeys | undefined, file: string): SegmentCipher {
  const cipher = cipherOf(sealed, keys);
  if (cipher === null) throw new JournalKeyMissingError(file, sealed.keyId, keys?.lookedIn ?? []);
  return cipher;
}
