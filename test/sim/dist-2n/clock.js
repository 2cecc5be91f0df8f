/** A host's two clocks: monotonic, of a rate up to 1 % wrong (ρ of failover.md 2.5), standing still while the machine is paused; and the wall's. */
export class HostClock {
    #agenda;
    rate;
    #offset;
    #lostMs = 0;
    #pausedAt = null;
    wallStepMs = 0;
    constructor(agenda, rng) {
        this.#agenda = agenda;
        // Half of the hosts sit at the very edge of what is promised.
        this.rate = rng.chance(0.5) ? 1 + rng.pick([-0.01, 0.01]) : rng.between(0.99, 1.01);
        this.#offset = rng.between(0, 1e6);
    }
    monotonicMs() {
        return this.#offset + ((this.#pausedAt ?? this.#agenda.now) - this.#lostMs) * this.rate;
    }
    wallMs() {
        return this.#agenda.now + this.wallStepMs;
    }
    get paused() {
        return this.#pausedAt !== null;
    }
    pause() {
        this.#pausedAt ??= this.#agenda.now;
    }
    resume() {
        if (this.#pausedAt === null)
            return;
        this.#lostMs += this.#agenda.now - this.#pausedAt;
        this.#pausedAt = null;
    }
}
//# sourceMappingURL=clock.js.map