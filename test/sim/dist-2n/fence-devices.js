const DEADLINE_MS = 6_000;
/** The power controller of one host, on a network of its own. What the fence port would make of its answers, as one answer. */
export class FenceDevice {
    target;
    #agenda;
    #rng;
    #host;
    mood = 'ok';
    /** F6: without mains of its own it dies with its host. */
    diesWithHost = false;
    inFlight = 0;
    #calledOff = 0;
    orders = 0;
    constructor(target, agenda, rng, host) {
        this.target = target;
        this.#agenda = agenda;
        this.#rng = rng;
        this.#host = host;
    }
    get healthy() {
        return this.#mood() === 'ok' || this.#mood() === 'late' || this.#mood() === 'liar';
    }
    /** What was not yet told to the device is not told (F10). */
    callOff() {
        this.#calledOff = this.orders;
    }
    off(then) {
        this.#order('off', then);
    }
    on(then) {
        this.#order('on', then);
    }
    #mood() {
        if (this.diesWithHost && !this.#host().powered)
            return 'timeout';
        return this.mood === 'flaps' ? this.#rng.pick(['ok', 'timeout', 'error']) : this.mood;
    }
    #order(what, answered) {
        this.inFlight += 1;
        this.orders += 1;
        const order = this.orders;
        const then = (answer) => {
            this.inFlight -= 1;
            answered(answer);
        };
        const after = (ms, run) => this.#agenda.after(ms, run);
        const does = () => (what === 'off' ? this.#host().powerOff() : this.#host().powerOn());
        const quick = this.#rng.between(300, 2_000);
        switch (this.#mood()) {
            case 'ok':
                return after(quick, () => {
                    if (this.#calledOff >= order)
                        return then({ off: false, says: 'called off' });
                    does();
                    after(this.#rng.between(50, 400), () => then({ off: !this.#host().powered, says: this.#host().powered ? 'reads on' : 'reads off' }));
                });
            case 'late':
                // Its answer misses the deadline, the deed does not.
                after(this.#rng.between(DEADLINE_MS, DEADLINE_MS + 4_000), does);
                return after(DEADLINE_MS, () => then({ off: false, says: 'no answer in time' }));
            case 'liar':
                return after(quick, () => then({ off: !this.#host().powered, says: 'it said off, and reads on' }));
            case 'error':
            case 'credentials':
                return after(quick / 4, () => then({ off: false, says: `refused (${this.mood})` }));
            case 'timeout':
            case 'flaps':
                return after(DEADLINE_MS, () => then({ off: false, says: 'unreachable' }));
        }
    }
}
//# sourceMappingURL=fence-devices.js.map