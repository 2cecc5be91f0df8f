import type { NodeId } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';

/** One direction between two hosts. */
interface Way {
  cut: boolean;
  loss: number;
  double: number;
  delayMs: number;
  jitterMs: number;
  /** Share of messages that take seconds. */
  late: number;
  /** When the last byte of the stream arrives: the next one comes after it. */
  streamAt: number;
}

/** Datagrams that get lost, doubled, late and out of order; each direction of each pair has its own weather. */
export class Network {
  readonly #agenda: Agenda;
  readonly #rng: Rng;
  /** By sender, then by receiver. */
  readonly #ways = new Map<NodeId, Map<NodeId, Way>>();

  constructor(agenda: Agenda, rng: Rng, nodes: readonly NodeId[]) {
    this.#agenda = agenda;
    this.#rng = rng;
    for (const from of nodes) {
      const ways = new Map<NodeId, Way>();
      for (const to of nodes)
        if (from !== to) ways.set(to, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1, late: 0, streamAt: 0 });
      this.#ways.set(from, ways);
    }
  }

  way(from: NodeId, to: NodeId): Way {
    return this.#ways.get(from)!.get(to)!;
  }

  both(one: NodeId, two: NodeId): boolean {
    return !this.way(one, two).cut && !this.way(two, one).cut;
  }

  /** Weather is judged at sending; a way that is cut on arrival loses what is under way, too. */
  send(from: NodeId, to: NodeId, deliver: () => void): void {
    const way = this.way(from, to);
    if (way.cut || this.#rng.chance(way.loss)) return;
    const copies = this.#rng.chance(way.double) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1)
      this.#agenda.after(way.delayMs + this.#rng.next() * way.jitterMs + this.#lateness(way), () => {
        if (!way.cut) deliver();
      });
  }

  /** TCP: nothing is lost, doubled or out of order, losses cost time instead; a way that is cut eats what is under way. */
  stream(from: NodeId, to: NodeId, deliver: () => void): void {
    const way = this.way(from, to);
    if (way.cut) return;
    const again = this.#rng.chance(way.loss) ? this.#rng.between(100, 600) : 0;
    const soonest = this.#agenda.now + way.delayMs + this.#rng.next() * way.jitterMs + again;
    way.streamAt = Math.max(way.streamAt, soonest);
    this.#agenda.at(way.streamAt, () => {
      if (!way.cut) deliver();
    });
  }

  heal(): void {
    for (const ways of this.#ways.values())
      for (const way of ways.values()) Object.assign(way, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1, late: 0 });
  }

  #lateness(way: Way): number {
    return way.late > 0 && this.#rng.chance(way.late) ? this.#rng.between(500, 8_000) : 0;
  }
}
