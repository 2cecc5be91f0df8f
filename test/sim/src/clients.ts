import type { ClusterRecord } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { PostgresModel } from './postgres-model.js';
import type { Rng } from './rng.js';

interface ClientWorld {
  readonly agenda: { readonly now: number; after(delayMs: number, run: () => void): void };
  readonly rng: Rng;
  readonly servers: readonly NodeId[];
  server(node: NodeId): PostgresModel | undefined;
  admits(node: NodeId): boolean;
}

const EVERY_MS = 75;
/** Around a change of the record there is much to lose: more commits then. */
const BURST_EVERY_MS = 12;
const BURST_MS = 700;
const ANSWER_MS = 500;

/**
 * Clients with unique keys, at every server that takes them, whoever it believes to be: what counts is what gets acknowledged.
 * Whoever got no answer does not know, and asks again with the same key: by ON CONFLICT DO NOTHING after a lost connection, by DO
 * UPDATE after a cancelled wait (of which PostgreSQL says that the row may be on this node only).
 */
export class Clients {
  readonly #world: ClientWorld;
  readonly #open = new Map<number, 'nothing' | 'update'>();
  #commits = 0;
  #burstUntilMs = 0;
  unknown = 0;

  constructor(world: ClientWorld) {
    this.#world = world;
    this.#go();
  }

  get made(): number {
    return this.#commits;
  }

  changed(before: ClusterRecord, after: ClusterRecord): void {
    if (before.phase !== after.phase || before.syncSet !== after.syncSet || before.epoch !== after.epoch)
      this.#burstUntilMs = this.#world.agenda.now + BURST_MS;
  }

  acknowledged(commit: number): void {
    this.#open.delete(commit);
  }

  /** R9. */
  cancelAt(node: NodeId): void {
    for (const commit of this.#world.server(node)?.cancelWaiting() ?? []) this.#open.set(commit, 'update');
  }

  #go(): void {
    const { agenda, rng, servers } = this.#world;
    for (const node of servers) {
      const server = this.#world.server(node);
      if (server?.writable === true) this.#commit(server);
    }
    const every = agenda.now < this.#burstUntilMs ? BURST_EVERY_MS : EVERY_MS;
    agenda.after(every * rng.between(0.5, 1.5), () => this.#go());
  }

  #commit(server: PostgresModel): void {
    this.#commits += 1;
    const commit = this.#commits;
    if (commit % 8 === 0) {
      this.#open.set(commit, 'nothing');
      this.#world.agenda.after(ANSWER_MS, () => this.#again(commit, 1));
    }
    server.commit(commit);
  }

  #again(commit: number, times: number): void {
    const how = this.#open.get(commit);
    if (how === undefined || times > 30) return;
    if (times === 1) this.unknown += 1;
    for (const node of this.#world.servers) {
      const server = this.#world.server(node);
      if (server?.writable !== true) continue;
      // By the VIP, or where the balancer was told 200: nobody else is let in (S8).
      if (how === 'nothing' && this.#world.admits(node)) server.retry(commit);
      else if (how === 'update') server.commit(commit);
    }
    this.#world.agenda.after(ANSWER_MS, () => this.#again(commit, times + 1));
  }
}
