/** Chance for a schedule: seeded, 32 bits of state, the same everywhere (mulberry32 by T. Ettinger, public domain). */
export class Rng {
  #state: number;
  constructor(seed: number) {
    this.#state = (seed ^ 0x9e3779b9) >>> 0;
  }
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }
  /** Numbers of its own, without taking any from here. */
  fork(): Rng {
    return new Rng(this.#state ^ 0x7f4a7c15);
  }
  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }
  chance(probability: number): boolean {
    return this.next() < probability;
  }
  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)]!;
  }
}
