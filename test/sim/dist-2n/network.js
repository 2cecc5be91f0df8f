/** Datagrams that get lost, doubled, late and out of order; each direction of each pair has its own weather. */
export class Network {
    #agenda;
    #rng;
    #ways = new Map();
    constructor(agenda, rng, nodes) {
        this.#agenda = agenda;
        this.#rng = rng;
        for (const from of nodes)
            for (const to of nodes)
                if (from !== to)
                    this.#ways.set(`${from}>${to}`, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1, late: 0, streamAt: 0 });
    }
    way(from, to) {
        return this.#ways.get(`${from}>${to}`);
    }
    both(one, two) {
        return !this.way(one, two).cut && !this.way(two, one).cut;
    }
    /** Weather is judged at sending; a way that is cut on arrival loses what is under way, too. */
    send(from, to, deliver) {
        const way = this.way(from, to);
        if (way.cut || this.#rng.chance(way.loss))
            return;
        const copies = this.#rng.chance(way.double) ? 2 : 1;
        for (let copy = 0; copy < copies; copy += 1)
            this.#agenda.after(way.delayMs + this.#rng.next() * way.jitterMs + this.#lateness(way), () => {
                if (!way.cut)
                    deliver();
            });
    }
    /** TCP: nothing is lost, doubled or out of order, losses cost time instead; a way that is cut eats what is under way. */
    stream(from, to, deliver) {
        const way = this.way(from, to);
        if (way.cut)
            return;
        const again = this.#rng.chance(way.loss) ? this.#rng.between(100, 600) : 0;
        const soonest = this.#agenda.now + way.delayMs + this.#rng.next() * way.jitterMs + again;
        way.streamAt = Math.max(way.streamAt, soonest);
        this.#agenda.at(way.streamAt, () => {
            if (!way.cut)
                deliver();
        });
    }
    heal() {
        for (const way of this.#ways.values())
            Object.assign(way, { cut: false, loss: 0, double: 0, delayMs: 0.5, jitterMs: 1, late: 0 });
    }
    #lateness(way) {
        return way.late > 0 && this.#rng.chance(way.late) ? this.#rng.between(500, 8_000) : 0;
    }
}
//# sourceMappingURL=network.js.map