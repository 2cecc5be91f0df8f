/** What happens when, in virtual milliseconds; equal times in the order they were planned. A binary heap, column by column: numbers stay numbers. */
export class Agenda {
  #times = new Float64Array(256);
  #orders = new Float64Array(256);
  readonly #runs: (() => void)[] = [];
  #planned = 0;
  now = 0;

  after(delayMs: number, run: () => void): void {
    this.at(this.now + Math.max(0, delayMs), run);
  }

  at(at: number, run: () => void): void {
    let i = this.#runs.length;
    if (i === this.#times.length) this.#grow();
    this.#runs.push(run);
    const order = this.#planned++;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      // Whatever is in the heap was planned before.
      if (this.#times[parent]! <= at) break;
      this.#move(parent, i);
      i = parent;
    }
    this.#put(i, at, order, run);
  }

  /** Runs what is due until `endMs`; `each` after every item. */
  runUntil(endMs: number, each: () => void): void {
    while (this.#runs.length > 0 && this.#times[0]! <= endMs) {
      this.now = this.#times[0]!;
      this.#pop()();
      each();
    }
    this.now = endMs;
  }

  #pop(): () => void {
    const runs = this.#runs;
    const top = runs[0]!;
    const size = runs.length - 1;
    const at = this.#times[size]!;
    const order = this.#orders[size]!;
    const last = runs.pop()!;
    if (size === 0) return top;
    let i = 0;
    for (let child = 1; child < size; child = 2 * i + 1) {
      if (child + 1 < size && this.#isBefore(child + 1, this.#times[child]!, this.#orders[child]!)) child += 1;
      if (!this.#isBefore(child, at, order)) break;
      this.#move(child, i);
      i = child;
    }
    this.#put(i, at, order, last);
    return top;
  }

  #isBefore(i: number, at: number, order: number): boolean {
    const mine = this.#times[i]!;
    return mine < at || (mine === at && this.#orders[i]! < order);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#orders[from]!, this.#runs[from]!);
  }

  #put(i: number, at: number, order: number, run: () => void): void {
    this.#times[i] = at;
    this.#orders[i] = order;
    this.#runs[i] = run;
  }

  #grow(): void {
    const [times, orders] = [this.#times, this.#orders];
    this.#times = new Float64Array(2 * times.length);
    this.#orders = new Float64Array(2 * orders.length);
    this.#times.set(times);
    this.#orders.set(orders);
  }
}
