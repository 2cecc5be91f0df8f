/** RFC 3414 (md5, sha1) and RFC 7860. */
export const USM_AUTH = ['md5', 'sha1', 'sha224', 'sha256', 'sha384', 'sha512'] as const;
export type UsmAuth = (typeof USM_AUTH)[number];

/**
 * RFC 3414 (des) and RFC 3826 (aes128). AES-192 and -256 were never standardised; where the digest is shorter than the key it is lengthened
 * as draft-blumenthal-aes-usm-04 says (aes192, aes256), or as draft-reeder-snmpv3-usm-3desede does, which Cisco took (aes192c, aes256c).
 */
export const USM_PRIV = ['des', 'aes128', 'aes192', 'aes256', 'aes192c', 'aes256c'] as const;
export type UsmPriv = (typeof USM_PRIV)[number];
export type UsmCipher = 'des-cbc' | 'aes-128-cfb' | 'aes-192-cfb' | 'aes-256-cfb';

/** Computes, and does nothing else. Brought in from outside: a core has no cryptography of its own. */
export interface UsmCrypto {
  hash(algorithm: UsmAuth, bytes: Uint8Array): Uint8Array;
  /** A key made ready once; the whole digest. */
  hmac(algorithm: UsmAuth, key: Uint8Array): (bytes: Uint8Array) => Uint8Array;
  cipher(cipher: UsmCipher, key: Uint8Array): UsmCipherKey;
}

export interface UsmCipherKey {
  encrypt(iv: Uint8Array, plain: Uint8Array): Uint8Array;
  /** No padding is looked at. */
  decrypt(iv: Uint8Array, secret: Uint8Array): Uint8Array;
}
