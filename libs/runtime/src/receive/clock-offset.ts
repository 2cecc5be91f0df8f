/** Samples kept; the one with the shortest way there and back lies nearest to the truth (RFC 5905 section 10, clock filter). */
const SAMPLES = 16;

/** The peer's wall clock minus ours, µs, from four timestamps an exchange. */
export class ClockOffset {
  #samples: { readonly offsetUs: number; readonly delayUs: number }[] = [];

  /** t1 sent (ours), t2 arrived (peer's), t3 answered (peer's), t4 came back (ours). */
  add(t1: number, t2: number, t3: number, t4: number): void {
    const delayUs = t4 - t1 - (t3 - t2);
    // A clock was set while the ping was under way.
    if (delayUs < 0 || delayUs > 5_000_000) return;
    const offsetUs = Math.round((t2 - t1 + (t3 - t4)) / 2);
    const best = this.#best();
    // A step of either clock: no sample from before it is true any more.
    if (best !== null && Math.abs(offsetUs - best.offsetUs) > (delayUs + best.delayUs) / 2 + 10_000) this.#samples = [];
    this.#samples.push({ offsetUs, delayUs });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
  }

  /** null = never measured. */
  get us(): number | null {
    return this.#best()?.offsetUs ?? null;
  }

  #best() {
    return this.#samples.reduce<{ offsetUs: number; delayUs: number } | null>(
      (best, sample) => (best === null || sample.delayUs < best.delayUs ? sample : best),
      null,
    );
  }
}
