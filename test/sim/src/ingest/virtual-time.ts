/*
 * Production loops wait with `setTimeout` and look at `performance.now()`. Here both belong to the simulation: while a schedule runs, the
 * globals are its own, every timer belongs to the process that was running when it was set, and between two events all promises are settled.
 */

/** A process of a host. Its timers end with it; while it stands still, they wait. */
export class Proc {
  readonly name: string;
  isAlive = true;
  /** Virtual ms; events of before run at this time. */
  frozenUntilMs = 0;
  frozenSinceMs = Number.NEGATIVE_INFINITY;

  constructor(name: string) {
    this.name = name;
  }
}

interface Event {
  atMs: number;
  readonly order: number;
  readonly proc: Proc | null;
  readonly run: () => void;
  isCancelled: boolean;
}

const REAL = {
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  setInterval: globalThis.setInterval,
  clearInterval: globalThis.clearInterval,
  setImmediate: globalThis.setImmediate,
};
const settled = (): Promise<void> => new Promise((resolve) => REAL.setImmediate(resolve));

/** What is seen from inside: a handle that `clearTimeout` takes. */
class Timer {
  event: Event | null = null;
  /** Begins its time anew. */
  replan: () => void = () => undefined;
  refresh(): this {
    this.replan();
    return this;
  }
  unref(): this {
    return this;
  }
  ref(): this {
    return this;
  }
}

export class VirtualTime {
  readonly leaps: { readonly fromMs: number; readonly toMs: number }[] = [];
  nowMs = 1_000;
  events = 0;
  #order = 0;
  /** A binary heap by time, then by order of planning. */
  readonly #heap: Event[] = [];
  #current: Proc | null = null;
  #restore: (() => void) | null = null;

  /** @param proc whose event it is; null = of the world. Default: of whoever runs now. */
  at(atMs: number, run: () => void, proc: Proc | null = this.#current): Event {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, proc, run, isCancelled: false };
    this.#push(event);
    return event;
  }

  after(ms: number, run: () => void, proc: Proc | null = this.#current): Event {
    return this.at(this.nowMs + ms, run, proc);
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Time passes and nothing runs: whatever waits is late by it. The order of the heap stays. */
  leap(ms: number): void {
    // Who stands still goes on standing still, or what comes later would overtake what waits for it.
    for (const proc of new Set(this.#heap.map((event) => event.proc)))
      if (proc !== null && proc.frozenUntilMs > this.nowMs) proc.frozenUntilMs += ms;
    this.leaps.push({ fromMs: this.nowMs, toMs: this.nowMs + ms });
    this.nowMs += ms;
    for (const event of this.#heap) event.atMs += ms;
  }

  /** Runs `work` as `proc`: the timers that it sets are that process's. */
  as<T>(proc: Proc | null, work: () => T): T {
    const before = this.#current;
    this.#current = proc;
    try {
      return work();
    } finally {
      this.#current = before;
    }
  }

  /** Until virtual `endMs`, or until `stop` says so. */
  async run(endMs: number, stop: () => boolean = () => false): Promise<void> {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs && !stop(); next = this.#heap[0]) {
      this.#pop();
      if (next.isCancelled || next.proc?.isAlive === false) continue;
      if (next.proc !== null && next.proc.frozenUntilMs > next.atMs) {
        next.atMs = next.proc.frozenUntilMs;
        this.#push(next);
        continue;
      }
      this.nowMs = next.atMs;
      this.events += 1;
      this.#current = next.proc;
      next.run();
      await settled();
      this.#current = null;
    }
    this.nowMs = Math.max(this.nowMs, stop() ? this.nowMs : endMs);
  }

  install(): void {
    const before = { now: performance.now, date: Date.now };
    const global = globalThis as Record<string, unknown>;
    const cancel = (timer: unknown): void => {
      if (timer instanceof Timer && timer.event !== null) timer.event.isCancelled = true;
    };
    const set = (ms: number, run: () => void): Timer => {
      const timer = new Timer();
      timer.event = this.after(Math.max(1, ms || 0), run);
      timer.replan = () => {
        const { proc } = timer.event!;
        cancel(timer);
        timer.event = this.after(Math.max(1, ms || 0), run, proc);
      };
      return timer;
    };
    global['setTimeout'] = (run: () => void, ms = 0) => set(ms, run);
    global['setInterval'] = (run: () => void, ms = 0) => {
      const timer = new Timer();
      const again = (): void => {
        timer.event = this.after(Math.max(1, ms), again);
        run();
      };
      timer.event = this.after(Math.max(1, ms), again);
      return timer;
    };
    global['clearTimeout'] = cancel;
    global['clearInterval'] = cancel;
    performance.now = () => this.nowMs;
    Date.now = () => Math.floor(this.nowMs);
    this.#restore = () => {
      Object.assign(global, REAL);
      performance.now = before.now;
      Date.now = before.date;
    };
  }

  restore(): void {
    this.#restore?.();
    this.#restore = null;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    for (let up = (at - 1) >> 1; at > 0 && isBefore(event, heap[up]!); up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(one: Event, two: Event): boolean {
  return one.atMs < two.atMs || (one.atMs === two.atMs && one.order < two.order);
}
