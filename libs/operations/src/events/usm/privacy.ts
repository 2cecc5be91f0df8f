import type { UsmCipherKey, UsmCrypto, UsmPriv } from './crypto.js';
import { PRIV_KINDS } from './keys.js';

const SALT_BYTES = 8;
const DES_BLOCK_BYTES = 8;

/** Encrypts and decrypts for one user at one engine. */
export class Privacy {
  readonly #key: UsmCipherKey;
  /** DES only (RFC 3414 8.1.1.1). */
  readonly #preIv: Uint8Array | null;

  constructor(primitives: UsmCrypto, priv: UsmPriv, localKey: Uint8Array) {
    const { cipher } = PRIV_KINDS[priv];
    const des = cipher === 'des-cbc';
    this.#key = primitives.cipher(cipher, des ? localKey.subarray(0, 8) : localKey);
    this.#preIv = des ? localKey.subarray(8, 16) : null;
  }

  /** @returns null when it cannot have been made by this way of encrypting. A wrong key is seen only in what comes out. */
  decrypt(boots: number, time: number, salt: Uint8Array, secret: Uint8Array): Uint8Array | null {
    if (salt.length !== SALT_BYTES || secret.length === 0) return null;
    if (this.#preIv !== null && secret.length % DES_BLOCK_BYTES !== 0) return null;
    return this.#key.decrypt(this.#iv(boots, time, salt), secret);
  }

  /** @param salt never used twice with this key. */
  encrypt(boots: number, time: number, salt: Uint8Array, plain: Uint8Array): Uint8Array {
    const iv = this.#iv(boots, time, salt);
    if (this.#preIv === null) return this.#key.encrypt(iv, plain);
    const padded = new Uint8Array(Math.ceil(plain.length / DES_BLOCK_BYTES) * DES_BLOCK_BYTES);
    padded.set(plain);
    return this.#key.encrypt(iv, padded);
  }

  /** RFC 3414 8.1.1.1 and RFC 3826 3.1.2.1. */
  #iv(boots: number, time: number, salt: Uint8Array): Uint8Array {
    const preIv = this.#preIv;
    if (preIv !== null) return salt.map((byte, at) => byte ^ preIv[at]!);
    const iv = new Uint8Array(16);
    for (let at = 0, shift = 24; at < 4; at++, shift -= 8) {
      iv[at] = boots >>> shift;
      iv[at + 4] = time >>> shift;
    }
    iv.set(salt, 8);
    return iv;
  }
}
