import { createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { USM_AUTH, type UsmCipher } from '@yosugara/operations';
import { describe, expect, it } from 'vitest';
import { NODE_USM_CRYPTO } from './crypto.js';

const KEY_BYTES = { 'aes-128-cfb': 16, 'aes-192-cfb': 24, 'aes-256-cfb': 32 } as const satisfies Partial<
  Record<UsmCipher, number>
>;
const CIPHERS = Object.entries(KEY_BYTES) as [keyof typeof KEY_BYTES, number][];

describe.each(USM_AUTH)('the digest with %s', (algorithm) => {
  it.each([0, 1, 20, 64, 65, 128, 129, 200])(
    'of a key of %i bytes is that of RFC 2104, whatever was digested before',
    (keyBytes) => {
      const key = randomBytes(keyBytes);
      const mac = NODE_USM_CRYPTO.hmac(algorithm, key);
      for (const length of [0, 300, 1, 64, 70_000, 128, 12]) {
        const message = randomBytes(length);
        expect(mac(message)).toEqual(createHmac(algorithm, key).update(message).digest());
      }
    },
  );
});

describe.each(CIPHERS)('decrypting %s', (cipher, keyBytes) => {
  const encrypted = (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) => createCipheriv(cipher, key, iv).update(plain);
  it('gives what was encrypted, of every length', () => {
    const key = NODE_USM_CRYPTO.cipher(cipher, randomBytes(keyBytes));
    for (let length = 1; length < 100; length++) {
      const [iv, plain] = [randomBytes(16), randomBytes(length)];
      expect(key.decrypt(iv, key.encrypt(iv, plain))).toEqual(plain);
    }
  });
  it('leaves the cipher text as it was', () => {
    const [key, iv, plain] = [randomBytes(keyBytes), randomBytes(16), Buffer.from('thirty-three bytes of a scopedPDU')];
    const secret = encrypted(key, iv, plain);
    const before = Buffer.from(secret);
    expect(NODE_USM_CRYPTO.cipher(cipher, key).decrypt(iv, secret)).toEqual(plain);
    expect(secret).toEqual(before);
  });
});

it('more keys than schedules that are kept all decrypt, again and again', () => {
  const keys = Array.from({ length: 5_000 }, () => randomBytes(16));
  const ready = keys.map((key) => NODE_USM_CRYPTO.cipher('aes-128-cfb', key));
  const iv = randomBytes(16);
  const plain = Buffer.from('a scopedPDU');
  for (let round = 0; round < 2; round++)
    for (const [at, key] of keys.entries())
      if (!plain.equals(ready[at]!.decrypt(iv, createCipheriv('aes-128-cfb', key, iv).update(plain)))) expect.fail(`key ${at}`);
});
