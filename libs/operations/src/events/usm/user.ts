import { hex } from '../trap-pdu.js';
import type { UsmAuth, UsmCrypto, UsmPriv } from './crypto.js';
import { LEAST_PASSPHRASE_BYTES, localizedKey, localizedPrivKey, MAC_BYTES, passphraseToKey } from './keys.js';
import { Privacy } from './privacy.js';

/** A user with the keys of its passphrases, before an engine is known. */
export interface UsmUser {
  readonly name: string;
  readonly auth: { readonly protocol: UsmAuth; readonly key: Uint8Array } | null;
  readonly priv: { readonly protocol: UsmPriv; readonly key: Uint8Array } | null;
}

export interface UsmPassphrases {
  readonly auth: Uint8Array | null;
  readonly priv: Uint8Array | null;
}

/**
 * Hashes for milliseconds: once, when the user becomes known.
 * @returns a sentence when there can be no such user.
 */
export function usmUser(
  primitives: UsmCrypto,
  config: { readonly name: string; readonly auth: UsmAuth | 'none'; readonly priv: UsmPriv | 'none' },
  passphrases: UsmPassphrases,
): UsmUser | string {
  const { name, auth, priv } = config;
  if (auth === 'none')
    return priv === 'none'
      ? { name, auth: null, priv: null }
      : `SNMP user ${name} has privacy without authentication: RFC 3414 knows no such level`;
  for (const kind of priv === 'none' ? (['auth'] as const) : (['auth', 'priv'] as const)) {
    const passphrase = passphrases[kind];
    if (passphrase === null) return `SNMP user ${name} needs a passphrase in ${kind}SecretFile`;
    if (passphrase.length < LEAST_PASSPHRASE_BYTES)
      return `the passphrase in ${kind}SecretFile of SNMP user ${name} has fewer than ${LEAST_PASSPHRASE_BYTES} characters (RFC 3414 11.2)`;
  }
  const key = (passphrase: Uint8Array) => passphraseToKey(primitives, auth, passphrase);
  const authKey = key(passphrases.auth!);
  return {
    name,
    auth: { protocol: auth, key: authKey },
    priv: priv === 'none' ? null : { protocol: priv, key: key(passphrases.priv!) },
  };
}

/** One user's keys at one engine. The privacy key is made when it is first needed: that is after a digest was right. */
export class LocalUser {
  readonly user: UsmUser;
  readonly #crypto: UsmCrypto;
  readonly #engineId: Uint8Array;
  readonly #mac: ((bytes: Uint8Array) => Uint8Array) | null;
  #privacy: Privacy | null = null;

  constructor(primitives: UsmCrypto, user: UsmUser, engineId: Uint8Array) {
    this.user = user;
    this.#crypto = primitives;
    // Kept for long: no view that holds a whole packet.
    this.#engineId = new Uint8Array(engineId);
    const { auth } = user;
    this.#mac =
      auth === null ? null : primitives.hmac(auth.protocol, localizedKey(primitives, auth.protocol, auth.key, engineId));
  }

  get macBytes(): number {
    return this.user.auth === null ? 0 : MAC_BYTES[this.user.auth.protocol];
  }

  /** Writes the digest of `raw`, whose digest field is zeros, into that field. */
  sign(raw: Uint8Array, authAt: number): Uint8Array {
    if (this.#mac !== null) raw.set(this.#mac(raw).subarray(0, this.macBytes), authAt);
    return raw;
  }

  /** RFC 3414 6.3.2. The packet is left as it was. */
  verifies(raw: Uint8Array, authAt: number, given: Uint8Array): boolean {
    if (this.#mac === null || given.length !== this.macBytes) return false;
    // `slice()` of a Buffer would be a view.
    const received = new Uint8Array(given);
    raw.fill(0, authAt, authAt + received.length);
    const right = this.#mac(raw);
    raw.set(received, authAt);
    // Takes the same time wherever the first difference is.
    let difference = 0;
    for (let at = 0; at < received.length; at++) difference |= received[at]! ^ right[at]!;
    return difference === 0;
  }

  get privacy(): Privacy | null {
    const { auth, priv } = this.user;
    if (auth === null || priv === null) return null;
    this.#privacy ??= new Privacy(
      this.#crypto,
      priv.protocol,
      localizedPrivKey(this.#crypto, auth.protocol, priv.protocol, priv.key, this.#engineId),
    );
    return this.#privacy;
  }
}

/** As a key of maps. */
export function engineKey(engineId: Uint8Array): string {
  return hex(engineId);
}
