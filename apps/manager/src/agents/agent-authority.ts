import { authorityOf, certificatePem, keyPem, newAuthority } from '@yosugara/connectors/pki';
import { type Log, YosugaraError } from '@yosugara/kernel';
import type { StoredAuthority } from '@yosugara/store';
import { SecretBox } from '../auth/secret-box.js';
import type { AgentTables } from './agent-tables.js';
import type { AgentWork } from './agent-work.js';

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

interface AuthorityParts {
  readonly tables: Pick<AgentTables, 'authorities' | 'addAuthority'>;
  readonly clusterId: string;
  /** Certificates of all there are, as soon as they are known. */
  readonly trust: (certificates: readonly string[]) => void;
  readonly log: Log;
}

/** The newest one whose key this node can read; made where there is none. */
export async function signingAuthority(
  box: AuthorityBox,
  work: AgentWork,
  { tables, clusterId, trust, log }: AuthorityParts,
): Promise<SigningAuthority> {
  for (let attempt = 0; ; attempt++) {
    const stored = await tables.authorities();
    const opened = await Promise.all(stored.map(async (each) => await box.open(each)));
    trust(stored.map(({ certificate }) => certificate));
    const newest = opened.findLast((each) => each !== null);
    if (newest !== undefined && newest !== null) return newest;
    if (attempt > 0) throw new YosugaraError('NO_AUTHORITY', 'the authority of agents that was just made cannot be read');
    if (stored.length > 0) log.warn('agents.otherKey', { authorities: stored.length });
    const made = await box.make(clusterId);
    await tables.addAuthority(made, work.change('yosugara', 'agent.authority', {}));
  }
}
