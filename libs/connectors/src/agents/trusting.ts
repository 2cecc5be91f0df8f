import { createHash } from 'node:crypto';
import type { AgentLink } from './link.js';

/** By which authorities agents know managers, and who has said that it does. */
export class AgentTrusting {
  readonly #authority: () => string;
  /** What each agent said last that it has on its disk. */
  readonly #said = new Map<string, string>();
  #text = '';
  #digest = '';

  /** @param authority PEM, as it is now. */
  constructor(authority: () => string) {
    this.#authority = authority;
  }

  /** To those that know the word; others learn it when their certificates are renewed. */
  tell(link: AgentLink): void {
    if (link.hearsTrust) link.send({ say: 'trust', authority: this.#authority() });
  }

  said(agent: string, digest: string): void {
    this.#said.set(agent, digest);
  }

  has(agent: string): boolean {
    return this.#said.get(agent) === this.#now();
  }

  #now(): string {
    const text = this.#authority();
    if (text !== this.#text) {
      this.#text = text;
      this.#digest = createHash('sha256').update(text).digest('hex');
    }
    return this.#digest;
  }
}
