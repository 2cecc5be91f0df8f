import type { NodeId } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';

const POLL_MS = 600;
const FALL = 2;
const ITEM_EVERY_MS = 1_100;
const START_CHECK_MS = 40;

interface Backend {
  up: boolean;
  bad: number;
}

/** What stands in front of the cluster: a load balancer that polls `/status` and keeps what it heard, and neighbours with ARP caches. */
export class Front {
  readonly #world: HostWorld;
  readonly #dataNodes: readonly NodeId[];
  readonly #backends = new Map<NodeId, Backend>();
  /** Whom a neighbour's ARP cache names: whoever announced the VIP last. */
  arp: NodeId | null = null;

  constructor(world: HostWorld, dataNodes: readonly NodeId[]) {
    this.#world = world;
    this.#dataNodes = dataNodes;
    for (const node of dataNodes) {
      this.#backends.set(node, { up: false, bad: 0 });
      this.#poll(node);
    }
  }

  announced(host: HostModel): void {
    this.arp = host.node;
  }

  /** Where the balancer would send a client now. */
  backend(): NodeId | null {
    return this.#dataNodes.find((node) => this.#backends.get(node)?.up === true) ?? null;
  }
  upCount(): number {
    return this.#dataNodes.filter((node) => this.#backends.get(node)?.up === true).length;
  }

  #poll(node: NodeId): void {
    const { agenda, rng } = this.#world;
    agenda.after(POLL_MS * rng.between(0.8, 1.2), () => {
      const host = this.#world.host(node);
      const backend = this.#backends.get(node)!;
      if (host.serves()) {
        this.#world.checks.answered200(host);
        Object.assign(backend, { up: true, bad: 0 });
      } else {
        backend.bad += 1;
        if (backend.bad >= FALL) backend.up = false;
      }
      this.#poll(node);
    });
  }
}

/**
 * The managers' side effects and the agents that obey: an item of work is claimed by a commit, and ordered with the epoch once the
 * claim was acknowledged. An agent remembers the highest epoch it has heard, refuses a lower one, and asks before it starts
 * whether the sender still is Master (ruling 14).
 */
export class Managers {
  readonly #world: HostWorld;
  readonly #dataNodes: readonly NodeId[];
  readonly #claimed = new Map<number, { node: NodeId; life: number }>();
  /** By agent: the highest epoch heard. */
  readonly #memory = [0, 0];
  #item = 0;
  refused = 0;

  constructor(world: HostWorld, dataNodes: readonly NodeId[]) {
    this.#world = world;
    this.#dataNodes = dataNodes;
    this.#next();
  }

  #next(): void {
    const { agenda, rng } = this.#world;
    agenda.after(ITEM_EVERY_MS * rng.between(0.7, 1.3), () => {
      this.#item -= 1;
      for (const node of this.#dataNodes) this.#claim(this.#world.host(node), this.#item);
      // What was not claimed then may be claimed late, by whoever is Master then.
      if (this.#item < -1) for (const node of this.#dataNodes) this.#claim(this.#world.host(node), this.#item + 1);
      this.#next();
    });
  }

  /** The manager is a process of its own: it goes by its last notice, whatever its controller does meanwhile. */
  #mayAct(host: HostModel): boolean {
    const { notice } = host;
    if (host.manager?.acts === false) return false;
    return host.awake && notice !== null && notice.mode === 'active' && host.local() < notice.leaseUntilMs;
  }

  #claim(host: HostModel, item: number): void {
    if (!this.#mayAct(host) || !host.postgres.running || !host.postgres.writable) return;
    // Seen by the unique key: somebody has claimed it, and whether it was done is that claim's business.
    if (host.postgres.wal.lastIndexOf(item) >= 0) return;
    this.#claimed.set(item, { node: host.node, life: host.postgres.life });
    host.postgres.commit(item);
  }

  /** The claim is acknowledged: order it. */
  acknowledged(node: NodeId, item: number): void {
    const claim = this.#claimed.get(item);
    const host = this.#world.host(node);
    if (claim === undefined || claim.node !== node || claim.life !== host.postgres.life || !this.#mayAct(host)) return;
    this.#claimed.delete(item);
    const { epoch } = host.notice!;
    const { rng } = this.#world;
    const agent = -item % this.#memory.length;
    // On the way for a moment, or, with a frozen sender or a bad line, for seconds.
    const delayMs = rng.chance(0.1) ? rng.between(0, 6_000) : rng.between(1, 30);
    this.#world.agenda.after(delayMs, () => {
      if (epoch < this.#memory[agent]!) {
        this.refused += 1;
        return;
      }
      this.#memory[agent] = epoch;
      this.#startCheck(host, item, epoch);
    });
  }

  #startCheck(host: HostModel, item: number, epoch: number): void {
    const { agenda, rng } = this.#world;
    agenda.after(rng.between(1, START_CHECK_MS), () => {
      if (!host.serves() || host.state?.record.epoch !== epoch) return;
      agenda.after(rng.between(1, 10), () => this.#world.checks.executed(host.node, item, epoch));
    });
  }
}
