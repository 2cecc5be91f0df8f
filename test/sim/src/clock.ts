import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';

/** When every schedule begins, by the wall. */
export const WALL_MS = Date.UTC(2026, 10, 21);

/** A host's two clocks: monotonic, of a rate up to 1 % wrong (ρ of failover.md 2.5), standing still while the machine is paused; and the wall's. */
export class HostClock {
  readonly #agenda: Agenda;
  readonly rate: number;
  readonly #offset: number;
  #lostMs = 0;
  #pausedAt: number | null = null;
  /** Virtual time of the newest waking. */
  wokeMs = Number.NEGATIVE_INFINITY;
  wallStepMs = 0;

  constructor(agenda: Agenda, rng: Rng) {
    this.#agenda = agenda;
    // Half of the hosts sit at the very edge of what is promised.
    this.rate = rng.chance(0.5) ? 1 + rng.pick([-0.01, 0.01]) : rng.between(0.99, 1.01);
    this.#offset = rng.between(0, 1e6);
  }

  monotonicMs(): number {
    return this.#offset + ((this.#pausedAt ?? this.#agenda.now) - this.#lostMs) * this.rate;
  }
  wallMs(): number {
    return WALL_MS + this.#agenda.now + this.wallStepMs;
  }
  get paused(): boolean {
    return this.#pausedAt !== null;
  }
  pause(): void {
    this.#pausedAt ??= this.#agenda.now;
  }
  resume(): void {
    if (this.#pausedAt === null) return;
    this.#lostMs += this.#agenda.now - this.#pausedAt;
    this.#pausedAt = null;
    this.wokeMs = this.#agenda.now;
  }
}
