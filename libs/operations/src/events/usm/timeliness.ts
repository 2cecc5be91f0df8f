/** RFC 3414 2.2.3. */
export const TIME_WINDOW_S = 150;
/** Boots at their end: the engine is useless until it has another id (RFC 3414 2.2.3). */
export const LATCHED_BOOTS = 0x7fff_ffff;

export interface EngineTime {
  readonly boots: number;
  /** Seconds since its last start. */
  readonly time: number;
}

/** Whether a message to us, the authoritative engine, is of our present (RFC 3414 3.2 7a). */
export function isTimelyForUs(ours: EngineTime, message: EngineTime): boolean {
  return ours.boots !== LATCHED_BOOTS && message.boots === ours.boots && Math.abs(message.time - ours.time) <= TIME_WINDOW_S;
}

/** What we believe of a sender's clock; goes forward with ours between its messages (RFC 3414 2.3). */
export class SenderClock {
  #boots: number;
  #latest: number;
  #atMs: number;

  /** To be made of an authenticated message only. */
  constructor(message: EngineTime, nowMs: number) {
    this.#boots = message.boots;
    this.#latest = message.time;
    this.#atMs = nowMs;
  }

  /** RFC 3414 3.2 7b. `message` is authentic. @returns whether it is of the sender's present; then it sets the clock. */
  accepts(message: EngineTime, nowMs: number): boolean {
    if (message.boots > this.#boots || (message.boots === this.#boots && message.time > this.#latest)) {
      this.#boots = message.boots;
      this.#latest = message.time;
      this.#atMs = nowMs;
    }
    const now = this.#latest + Math.floor((nowMs - this.#atMs) / 1_000);
    return this.#boots !== LATCHED_BOOTS && message.boots === this.#boots && message.time >= now - TIME_WINDOW_S;
  }
}
