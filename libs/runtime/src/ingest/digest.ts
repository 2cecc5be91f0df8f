import { createHash } from 'node:crypto';

/** 128 bits are enough: 2^64 messages for an even chance of one clash, and nobody can aim at one. */
const DIGEST_BYTES = 16;

/** What copies of one message share: SHA-256, cut to 16 bytes, base64. */
export function contentDigest(content: { readonly head: string; readonly body: Uint8Array | string }): string {
  return createHash('sha256').update(content.head).update(content.body).digest().subarray(0, DIGEST_BYTES).toString('base64');
}
