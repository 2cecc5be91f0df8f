import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { SEALED_PREFIX } from '@yosugara/protocol';
import type { KeyRing, SecretCodec } from '@yosugara/runtime';
import { KeyMissingError } from './key-ring.js';

/*
 * `sealed:1:<key id>:<base64url of nonce (12), tag (16), text>`, AES-256-GCM. The key is derived for this purpose (HKDF, RFC 5869); where
 * it is stored is authenticated with it, so that whoever can write the database cannot put one secret into another's place.
 */
const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const FORM = new RegExp(`^${SEALED_PREFIX}([0-9a-f]{8}):([A-Za-z0-9_-]{38,})$`);

/** Bytes under a derived key, for one purpose. */
export class Sealer {
  readonly #ring: Pick<KeyRing, 'keyOf'>;
  readonly #purpose: string;
  readonly #derived = new Map<string, Buffer>();

  constructor(ring: Pick<KeyRing, 'keyOf'>, purpose: string) {
    this.#ring = ring;
    this.#purpose = purpose;
  }

  /** null: the key is not here. */
  seal(keyId: string, text: string, place: string): Buffer | null {
    const key = this.#keyOf(keyId);
    if (key === null) return null;
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(place));
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** null: the key is not here, or the bytes are not what was sealed for this place. */
  open(keyId: string, bytes: Buffer, place: string): string | null {
    const key = this.#keyOf(keyId);
    if (key === null || bytes.length < NONCE_BYTES + TAG_BYTES) return null;
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES });
      decipher.setAAD(Buffer.from(place)).setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return null;
    }
  }

  #keyOf(id: string): Buffer | null {
    const known = this.#derived.get(id);
    const key = this.#ring.keyOf(id);
    // A key that was taken away is not used from memory.
    if (key === null) return null;
    if (known !== undefined) return known;
    const derived = Buffer.from(hkdfSync('sha256', key, '', this.#purpose, 32));
    this.#derived.set(id, derived);
    return derived;
  }
}

/** Secrets of settings. Which key encrypts is told: it must be one that all nodes have. */
export class SettingSecrets implements SecretCodec {
  readonly #ring: Pick<KeyRing, 'keyOf' | 'lookedIn'>;
  readonly #sealer: Sealer;
  /** null: nothing is encrypted. */
  encryptsBy: string | null = null;

  constructor(ring: Pick<KeyRing, 'keyOf' | 'lookedIn'>) {
    this.#ring = ring;
    this.#sealer = new Sealer(ring, 'yosugara secrets of settings');
  }

  /** @throws KeyMissingError — it would lie in the clear where everything else is encrypted. */
  seal(text: string, place: string): string {
    const id = this.encryptsBy;
    if (id === null) return text;
    const sealed = this.#sealer.seal(id, text, place);
    if (sealed === null)
      throw new KeyMissingError(`secrets are encrypted by the key ${id}, which is not here`, this.#ring.lookedIn);
    return `${SEALED_PREFIX}${id}:${sealed.toString('base64url')}`;
  }

  open(stored: string, place: string): string | null {
    const [, id, bytes] = FORM.exec(stored) ?? [];
    if (id === undefined || bytes === undefined) return stored;
    return this.#sealer.open(id, Buffer.from(bytes, 'base64url'), place);
  }

  isCurrent(stored: string): boolean {
    return (FORM.exec(stored)?.[1] ?? null) === this.encryptsBy;
  }
}
