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
}

/** Datagrams that get lost, doubled, late and out of order; each direction of each pair has its own weather. */
export class Network {
  readonly #agenda: Agenda;
  readonly #rng: Rng;
  readonly #ways = new Map<string, Way>();

  constructor(agenda: Agenda, rng: Rng, nodes: readonly NodeId[]) {
    this.#agenda = agenda;
    this.#rng = rng;
    for (const from of nodes)
      for (const to of nodes)
        if (from !== to) this.#ways.set(`${from}>${to}`, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1 });
  }

  way(from: NodeId, to: NodeId): Way {
    return this.#ways.get(`${from}>${to}`)!;
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
      this.#agenda.after(way.delayMs + this.#rng.next() * way.jitterMs, () => {
        if (!way.cut) deliver();
      });
  }

  heal(): void {
    for (const way of this.#ways.values()) Object.assign(way, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1 });
  }
}
