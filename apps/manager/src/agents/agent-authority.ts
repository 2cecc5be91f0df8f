import { authorityOf, certificatePem, keyPem, newAuthority } from '@yosugara/connectors/pki';
import type { StoredAuthority } from '@yosugara/store';
import { SecretBox } from '../auth/secret-box.js';

export type SigningAuthority = Awaited<ReturnType<typeof authorityOf>>;

/**
 * The authority that signs certificates of agents is kept in the database, so that both nodes have it and a copy has it too. Its key is
 * encrypted by the key of sessions, which is a file on both nodes: neither of the two is enough.
 */
export class AuthorityBox {
  readonly #box: SecretBox;

  constructor(sessionKey: Buffer) {
    this.#box = new SecretBox(sessionKey, 'yosugara authority of agents');
  }

  async make(clusterId: string): Promise<Omit<StoredAuthority, 'number'>> {
    const authority = await newAuthority(clusterId, 'agents');
    return { certificate: certificatePem(authority.certificate), key: this.#box.seal(await keyPem(authority.keys)) };
  }

  /** null = it was encrypted by another key. */
  async open({ certificate, key }: Omit<StoredAuthority, 'number'>): Promise<SigningAuthority | null> {
    const text = this.#box.open(key);
    return text === null ? null : await authorityOf({ certificate, key: text });
  }
}
