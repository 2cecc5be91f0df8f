import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { authorityOf, certificatePem, keyPem, newAuthority } from '@yosugara/connectors/pki';
import type { StoredAuthority } from '@yosugara/store';

export type SigningAuthority = Awaited<ReturnType<typeof authorityOf>>;

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * The authority that signs certificates of agents is kept in the database, so that both nodes have it and a copy has it too. Its key is
 * encrypted by the key of sessions, which is a file on both nodes: neither of the two is enough.
 */
export class AuthorityBox {
  readonly #key: Buffer;

  constructor(sessionKey: Buffer) {
    this.#key = Buffer.from(hkdfSync('sha256', sessionKey, '', 'yosugara authority of agents', 32));
  }

  async make(clusterId: string): Promise<Omit<StoredAuthority, 'number'>> {
    const authority = await newAuthority(clusterId, 'agents');
    return { certificate: certificatePem(authority.certificate), key: this.#seal(await keyPem(authority.keys)) };
  }

  /** null = it was encrypted by another key. */
  async open({ certificate, key }: Omit<StoredAuthority, 'number'>): Promise<SigningAuthority | null> {
    const text = this.#unseal(key);
    return text === null ? null : await authorityOf({ certificate, key: text });
  }

  #seal(text: string): Buffer {
    const nonce = randomBytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.#key, nonce);
    const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  #unseal(bytes: Buffer): string | null {
    try {
      const decipher = createDecipheriv(CIPHER, this.#key, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }
}
