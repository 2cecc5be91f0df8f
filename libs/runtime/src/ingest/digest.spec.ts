import { createHash, randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { contentDigest } from './digest.js';

/** As it is in databases since the first version: rows of before must find their partners. */
const asEver = (head: string, body: Uint8Array | string) =>
  createHash('sha256').update(head).update(body).digest().subarray(0, 16).toString('base64');

it('is the first 16 bytes of SHA-256 over head and body, in base64, for bodies of every kind and length', () => {
  for (let at = 0; at < 300; at++) {
    const head = `syslog\0${'é'.repeat(at % 7)}10.0.0.${at}\0`;
    for (const body of [randomBytes(at), `text ${at} ü`]) expect(contentDigest({ head, body })).toBe(asEver(head, body));
  }
  for (const length of [16_300, 16_384, 16_400, 1_000_000]) {
    const body = randomBytes(length);
    expect(contentDigest({ head: 'syslog\0::1\0', body })).toBe(asEver('syslog\0::1\0', body));
  }
});
