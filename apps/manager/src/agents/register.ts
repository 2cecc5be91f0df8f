import type { SeenAgent, StoredAgent } from '@yosugara/store';

export type KnownAgent = Omit<StoredAgent, 'seen' | 'seenAt'> & Partial<Pick<StoredAgent, 'seen' | 'seenAt'>>;

/** All agents of the cluster, as committed. Only the Master changes them, and this is his. */
export class AgentRegister {
  readonly #agents = new Map<string, KnownAgent>();

  load(agents: readonly StoredAgent[]): void {
    this.#agents.clear();
    for (const agent of agents) this.#agents.set(agent.id, agent);
  }

  has(id: string): boolean {
    return this.#agents.has(id) && this.#agents.get(id)?.revokedAt === null;
  }

  all(): readonly KnownAgent[] {
    return [...this.#agents.values()].sort((one, other) => (one.id < other.id ? -1 : 1));
  }

  put(agent: KnownAgent): void {
    this.#agents.set(agent.id, agent);
  }

  renewed(id: string, shown: string, next: { readonly fingerprint: string; readonly endsAt: Date }): void {
    const agent = this.#agents.get(id);
    if (agent !== undefined) this.#agents.set(id, { ...agent, ...next, previous: shown });
  }

  revoked(id: string, by: string, at: Date): void {
    const agent = this.#agents.get(id);
    if (agent !== undefined) this.#agents.set(id, { ...agent, previous: null, revokedAt: at, revokedBy: by });
  }

  saw({ id, address, atMs, fingerprint, seen }: SeenAgent): void {
    const agent = this.#agents.get(id);
    if (agent === undefined) return;
    const previous = agent.fingerprint === fingerprint ? null : agent.previous;
    this.#agents.set(id, { ...agent, address, seen, seenAt: new Date(atMs), previous });
  }

  /** Why an agent with that certificate is not let in; null = it is. @param isNode the repository has a node of that id. */
  refusal(id: string, fingerprint: string, isNode: boolean): string | null {
    const agent = this.#agents.get(id);
    if (agent === undefined) return `no agent of the name ${id} has joined this cluster: it needs a token`;
    const { revokedAt, revokedBy } = agent;
    if (revokedAt !== null) return `it was revoked by ${revokedBy ?? 'somebody'} at ${revokedAt.toISOString()}`;
    if (fingerprint !== agent.fingerprint && fingerprint !== agent.previous)
      return 'its certificate is not the one that it was given last: another agent has joined in its place, or it must join again';
    return isNode ? null : `the repository has no node ${id} any more`;
  }
}
