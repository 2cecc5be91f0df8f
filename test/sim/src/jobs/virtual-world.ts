import { Rng } from '../rng.js';

interface Event {
  readonly atMs: number;
  readonly place: number;
  readonly happen: () => void;
}

/** Virtual time: what is due first happens first, and of the same time what was asked for first. */
export class VirtualWorld {
  readonly rng: Rng;
  nowMs: number;
  #events: Event[] = [];
  #places = 0;
  readonly trace: (line: string) => void;
  readonly #beginMs: number;

  constructor(seed: number, beginMs: number, trace: (line: string) => void = () => undefined) {
    this.rng = new Rng(seed);
    this.nowMs = beginMs;
    this.#beginMs = beginMs;
    this.trace = (line) => trace(`${String(this.elapsedMs).padStart(8)} ${line}`);
  }

  get elapsedMs(): number {
    return this.nowMs - this.#beginMs;
  }

  after(ms: number, happen: () => void): void {
    this.at(this.nowMs + ms, happen);
  }

  at(atMs: number, happen: () => void): void {
    const event = { atMs: Math.max(atMs, this.nowMs), place: this.#places++, happen };
    const heap = this.#events;
    heap.push(event);
    for (let at = heap.length - 1; at > 0; ) {
      const up = (at - 1) >> 1;
      if (!isBefore(heap[at]!, heap[up]!)) break;
      [heap[at], heap[up]] = [heap[up]!, heap[at]!];
      at = up;
    }
  }

  /** @returns false: nothing more is due by then. */
  step(untilMs: number): boolean {
    const next = this.#events[0];
    if (next === undefined || next.atMs > untilMs) {
      this.nowMs = Math.max(this.nowMs, untilMs);
      return false;
    }
    const last = this.#events.pop()!;
    if (this.#events.length > 0) {
      this.#events[0] = last;
      this.#sink();
    }
    this.nowMs = next.atMs;
    next.happen();
    return true;
  }

  #sink(): void {
    const heap = this.#events;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) return;
      const least = left + 1 < heap.length && isBefore(heap[left + 1]!, heap[left]!) ? left + 1 : left;
      if (!isBefore(heap[least]!, heap[at]!)) return;
      [heap[at], heap[least]] = [heap[least]!, heap[at]!];
      at = least;
    }
  }
}

const isBefore = (one: Event, other: Event): boolean =>
  one.atMs < other.atMs || (one.atMs === other.atMs && one.place < other.place);
