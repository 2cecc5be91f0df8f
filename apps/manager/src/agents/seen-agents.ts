import type { ConnectedAgent } from '@yosugara/connectors';
import { explain, type Log } from '@yosugara/kernel';
import type { SeenAgent } from '@yosugara/store';
import type { AgentTables } from './agent-tables.js';
import type { AgentWork } from './agent-work.js';

const SEEN_MS = 5_000;
/** Of the table of agents, in one statement. */
const MOST_SEEN = 5_000;

/** What agents said of themselves when they came, noted now and then: nobody waits for it, and what of it is lost is only when one came last. */
export class SeenAgents {
  readonly #tables: Pick<AgentTables, 'saw'>;
  readonly #log: Log;
  readonly #seen = new Map<string, SeenAgent>();

  constructor(tables: Pick<AgentTables, 'saw'>, log: Log) {
    this.#tables = tables;
    this.#log = log;
  }

  add(agent: ConnectedAgent, atMs: number): SeenAgent {
    const seen = seenOf(agent, atMs);
    this.#seen.set(seen.id, seen);
    return seen;
  }

  /** As long as that node serves. */
  async note(work: AgentWork): Promise<void> {
    while (!work.isOver) {
      await new Promise((resolve) => setTimeout(resolve, SEEN_MS));
      const some = [...this.#seen.values()].slice(0, MOST_SEEN);
      if (work.isOver || some.length === 0) continue;
      for (const { id } of some) this.#seen.delete(id);
      try {
        await this.#tables.saw(some, work.epoch, work.guard);
      } catch (error) {
        this.#log.debug('agents.notNoted', { why: explain(error) });
      }
    }
  }
}

const seenOf = ({ agent, address, fingerprint, hello }: ConnectedAgent, atMs: number): SeenAgent => {
  const { version, spool, hostName, platform, os } = hello;
  return { id: agent, address, atMs, fingerprint, seen: { version, spool, hostName, platform, os } };
};
