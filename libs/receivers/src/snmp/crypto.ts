import { createCipheriv, createDecipheriv, createHmac, createSecretKey, hash } from 'node:crypto';
import type { UsmCipherKey, UsmCrypto } from '@yosugara/operations';

/** OpenSSL 3 has single DES in its legacy provider only, which Node does not load. Triple DES with one key thrice is single DES. */
const TRIPLE_DES = 'des-ede3-cbc';

export const NODE_USM_CRYPTO: UsmCrypto = {
  hash: (algorithm, bytes) => hash(algorithm, bytes, 'buffer'),
  hmac: (algorithm, key) => {
    const ready = createSecretKey(key);
    return (bytes) => createHmac(algorithm, ready).update(bytes).digest();
  },
  cipher: (cipher, key): UsmCipherKey => {
    const des = cipher === 'des-cbc';
    const name = des ? TRIPLE_DES : cipher;
    const ready = createSecretKey(des ? Buffer.concat([key, key, key]) : key);
    return {
      encrypt: (iv, plain) => createCipheriv(name, ready, iv).setAutoPadding(false).update(plain),
      decrypt: (iv, secret) => createDecipheriv(name, ready, iv).setAutoPadding(false).update(secret),
    };
  },
};
