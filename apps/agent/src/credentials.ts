import { createHash } from 'node:crypto';
import type { SecureContext } from 'node:tls';
import { explain, type Log } from '@yosugara/kernel';
import type { ToAgent } from '@yosugara/protocol/agents';
import { contextOf, type Identity, withAuthority } from './identity.js';
import { Renewal } from './renewal.js';

export interface CredentialsOptions {
  readonly dataDir: string;
  readonly log: Log;
  readonly wallMs: () => number;
  /** Asks the Master for a new certificate. @returns false: nobody is there to be asked. */
  readonly ask: (request: string) => boolean;
  readonly onRenewed: () => void;
  readonly onTrouble: (message: string) => void;
}

/** Who this agent is and whom it trusts: both change while it runs. */
export class Credentials {
  readonly #o: CredentialsOptions;
  readonly #renewal: Renewal;
  #identity: Identity;
  #context: SecureContext;

  constructor(identity: Identity, options: CredentialsOptions) {
    const { dataDir, log, wallMs, ask, onRenewed, onTrouble } = options;
    this.#o = options;
    this.#identity = identity;
    this.#context = contextOf(identity);
    this.#renewal = new Renewal({
      ...{ dataDir, log, wallMs, ask, onTrouble, identity: () => this.#identity },
      onRenewed: (renewed) => {
        this.#become(renewed);
        onRenewed();
      },
    });
  }

  get agent(): string {
    return this.#identity.agent;
  }

  /** For new connections. */
  get context(): SecureContext {
    return this.#context;
  }

  /** When the certificate is to be replaced. */
  get dueAtMs(): number {
    return this.#renewal.dueAtMs;
  }

  /** Whether it is time for a new certificate. */
  look(): void {
    this.#renewal.look();
  }

  async answered(saying: Extract<ToAgent, { say: 'renewed' }>): Promise<void> {
    await this.#renewal.answered(saying);
  }

  /** Others are the managers' authorities from now on, for new connections: who is connected has shown already who it is. @returns their digest; null: they are not taken. */
  async trust(authority: string): Promise<string | null> {
    try {
      const { authority: now } = await withAuthority(this.#o.dataDir, this.#identity, authority);
      // A renewed certificate may have come meanwhile.
      this.#become({ ...this.#identity, authority: now });
      return createHash('sha256').update(authority).digest('hex');
    } catch (error) {
      this.#o.onTrouble(`the managers' new authorities are not taken: ${explain(error)}`);
      return null;
    }
  }

  close(): void {
    this.#renewal.close();
  }

  #become(identity: Identity): void {
    this.#identity = identity;
    this.#context = contextOf(identity);
  }
}
