/** What happens when, in virtual milliseconds; equal times in the order they were planned. A binary heap. */
export class Agenda {
    #heap = [];
    #order = 0;
    now = 0;
    after(delayMs, run) {
        this.at(this.now + Math.max(0, delayMs), run);
    }
    at(at, run) {
        const heap = this.#heap;
        const item = { at, order: this.#order++, run };
        let i = heap.length;
        heap.push(item);
        while (i > 0) {
            const parent = (i - 1) >> 1;
            if (!before(item, heap[parent]))
                break;
            heap[i] = heap[parent];
            i = parent;
        }
        heap[i] = item;
    }
    /** Runs what is due until `endMs`; `each` after every item. */
    runUntil(endMs, each) {
        while (this.#heap.length > 0 && this.#heap[0].at <= endMs) {
            const item = this.#pop();
            this.now = item.at;
            item.run();
            each();
        }
        this.now = endMs;
    }
    #pop() {
        const heap = this.#heap;
        const top = heap[0];
        const last = heap.pop();
        if (heap.length > 0) {
            let i = 0;
            for (;;) {
                let child = 2 * i + 1;
                if (child >= heap.length)
                    break;
                if (child + 1 < heap.length && before(heap[child + 1], heap[child]))
                    child += 1;
                if (!before(heap[child], last))
                    break;
                heap[i] = heap[child];
                i = child;
            }
            heap[i] = last;
        }
        return top;
    }
}
const before = (one, two) => one.at < two.at || (one.at === two.at && one.order < two.order);
//# sourceMappingURL=agenda.js.map