import { invariant } from '@yosugara/kernel';
import type { UsmAuth, UsmCipher, UsmCrypto, UsmPriv } from './crypto.js';

/** RFC 3414 11.2: shorter passphrases are refused. */
export const LEAST_PASSPHRASE_BYTES = 8;
const STRETCHED_BYTES = 1_048_576;

/** Bytes of a whole digest, and of what of it stands in a message (RFC 3414 6.3.1 and 7.3.1, RFC 7860 4.2.1). */
export const DIGEST_BYTES: Readonly<Record<UsmAuth, number>> = {
  ...{ md5: 16, sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 },
};
export const MAC_BYTES: Readonly<Record<UsmAuth, number>> = { md5: 12, sha1: 12, sha224: 16, sha256: 24, sha384: 32, sha512: 48 };

interface PrivKind {
  readonly cipher: UsmCipher;
  /** Of the localized key; for DES half of it is the pre-IV. */
  readonly keyBytes: number;
  readonly lengthen: 'blumenthal' | 'reeder';
}
export const PRIV_KINDS: Readonly<Record<UsmPriv, PrivKind>> = {
  des: { cipher: 'des-cbc', keyBytes: 16, lengthen: 'blumenthal' },
  aes128: { cipher: 'aes-128-cfb', keyBytes: 16, lengthen: 'blumenthal' },
  aes192: { cipher: 'aes-192-cfb', keyBytes: 24, lengthen: 'blumenthal' },
  aes256: { cipher: 'aes-256-cfb', keyBytes: 32, lengthen: 'blumenthal' },
  aes192c: { cipher: 'aes-192-cfb', keyBytes: 24, lengthen: 'reeder' },
  aes256c: { cipher: 'aes-256-cfb', keyBytes: 32, lengthen: 'reeder' },
};

/** Hashes a mebibyte (RFC 3414 2.6): milliseconds. To be done once for each passphrase, never for a packet that may be forged. */
export function passphraseToKey(primitives: UsmCrypto, auth: UsmAuth, passphrase: Uint8Array): Uint8Array {
  invariant(passphrase.length > 0, 'an empty passphrase gives no key');
  const stretched = new Uint8Array(STRETCHED_BYTES);
  stretched.set(passphrase.subarray(0, STRETCHED_BYTES));
  for (let filled = passphrase.length; filled < STRETCHED_BYTES; filled *= 2)
    stretched.copyWithin(filled, 0, Math.min(filled, STRETCHED_BYTES - filled));
  return primitives.hash(auth, stretched);
}

/** RFC 3414 2.6: the key of this user at that engine only. Microseconds. */
export function localizedKey(primitives: UsmCrypto, auth: UsmAuth, key: Uint8Array, engineId: Uint8Array): Uint8Array {
  return primitives.hash(auth, joined(key, engineId, key));
}

/** @returns exactly the bytes that the cipher needs. Reeder's way hashes a mebibyte when the digest is too short: authenticate first. */
export function localizedPrivKey(
  primitives: UsmCrypto,
  auth: UsmAuth,
  priv: UsmPriv,
  key: Uint8Array,
  engineId: Uint8Array,
): Uint8Array {
  const { keyBytes, lengthen } = PRIV_KINDS[priv];
  let local = localizedKey(primitives, auth, key, engineId);
  let last = local;
  while (local.length < keyBytes) {
    last =
      lengthen === 'blumenthal'
        ? primitives.hash(auth, local)
        : localizedKey(primitives, auth, passphraseToKey(primitives, auth, last), engineId);
    local = joined(local, last);
  }
  return local.subarray(0, keyBytes);
}

/** Whether `localizedPrivKey` hashes a mebibyte. */
export function isSlowPrivKey(auth: UsmAuth, priv: UsmPriv): boolean {
  const { keyBytes, lengthen } = PRIV_KINDS[priv];
  return lengthen === 'reeder' && DIGEST_BYTES[auth] < keyBytes;
}

export function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
