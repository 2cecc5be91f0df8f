import { createHash, hash } from 'node:crypto';

/** Bytes of a message are put behind its head here, for one call instead of four: a fifth of the time. */
const TOGETHER = Buffer.allocUnsafe(16 * 1024);
/** Base64 of the first 16 bytes of 32: 21 characters as they are, and of the next only its first two bits. */
const WHOLE_CHARACTERS = 21;
const FIRST_TWO_BITS = 'AQgw';
const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * What copies of one message share: SHA-256, cut to 16 bytes, base64. 128 bits are enough: 2^64 messages for an even chance of one
 * clash, and nobody can aim at one.
 */
export function contentDigest({ head, body }: { readonly head: string; readonly body: Uint8Array | string }): string {
  const digest = sha256(head, body);
  const last = FIRST_TWO_BITS[BASE64.indexOf(digest[WHOLE_CHARACTERS]!) >> 4];
  return `${digest.slice(0, WHOLE_CHARACTERS)}${last}==`;
}

function sha256(head: string, body: Uint8Array | string): string {
  // UTF-8 has at most three bytes for each unit of a JavaScript string.
  if (typeof body === 'string' || head.length * 3 + body.length > TOGETHER.length)
    return createHash('sha256').update(head).update(body).digest('base64');
  const at = TOGETHER.write(head, 0);
  TOGETHER.set(body, at);
  return hash('sha256', TOGETHER.subarray(0, at + body.length), 'base64');
}
