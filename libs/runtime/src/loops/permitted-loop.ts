import type { Clock } from '@yosugara/kernel';

/** What a node may do while it holds the lease. */
export interface Lease {
  /** By `Clock.monotonicMs`. */
  readonly leaseUntilMs: number;
}

export interface PermittedLoopOptions<Permit extends Lease> {
  /** null = not now. */
  readonly permit: () => Permit | null;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Once around. @returns ms until there may be something to do that nobody pokes for; 0 = at once again. */
  readonly turn: () => Promise<number>;
  /** Of a turn that failed. Must not throw. */
  readonly onFailure: (error: unknown) => void;
  /** The last turn is over. Must not throw. */
  readonly onEnd?: () => void;
  /** After a turn that failed: so long, twice as long each time, at most so long. */
  readonly backoffMs: { readonly first: number; readonly most: number };
}

/** Nothing begins this near to the lease's end: asking for a permit and what it permits are not one instant. */
const LEASE_MARGIN_MS = 250;
const STOP_MS = 1_000;

/**
 * Turns, one after the other, as long as the process serves: each is asked how long to wait before the next, and a poke ends the wait.
 * A turn asks `permitNow` before whatever only the holder of the lease may do.
 */
export class PermittedLoop<Permit extends Lease> {
  readonly #o: PermittedLoopOptions<Permit>;
  #running: Promise<void> | null = null;
  #isStopped = false;
  #isPoked = false;
  #movedAtMs: number | null = null;
  #wake: (() => void) | null = null;

  constructor(options: PermittedLoopOptions<Permit>) {
    this.#o = options;
  }

  /** When the newest turn began, by the monotonic clock; null = none yet. What hangs in a turn does not move. */
  get movedAtMs(): number | null {
    return this.#movedAtMs;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** There is something to do: the next turn begins at once, unless the one before failed. */
  poke(): void {
    this.#isPoked = true;
    this.#wake?.();
  }

  /** Nothing is permitted from now on. Within 1 s: what hangs longer is left to its own deadline and to the fences. Safe to call twice. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake?.();
    let timer: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([this.#running, new Promise((resolve) => (timer = setTimeout(resolve, STOP_MS)))]);
    clearTimeout(timer);
  }

  /** null = not now, or not for long enough to begin anything. */
  permitNow(): Permit | null {
    const permit = this.#isStopped ? null : this.#o.permit();
    return permit === null || permit.leaseUntilMs - this.#o.clock.monotonicMs() < LEASE_MARGIN_MS ? null : permit;
  }

  async #run(): Promise<void> {
    const { turn, clock, onFailure, onEnd, backoffMs } = this.#o;
    let nextBackoffMs = backoffMs.first;
    while (!this.#isStopped) {
      this.#movedAtMs = clock.monotonicMs();
      try {
        const waitMs = await turn();
        nextBackoffMs = backoffMs.first;
        if (waitMs > 0) await this.#wait(waitMs, true);
      } catch (error) {
        onFailure(error);
        // Nothing wakes us earlier: a database that refuses would be asked as fast as work comes.
        await this.#wait(nextBackoffMs, false);
        nextBackoffMs = Math.min(nextBackoffMs * 2, backoffMs.most);
      }
    }
    onEnd?.();
  }

  async #wait(ms: number, wakeable: boolean): Promise<void> {
    if (!this.#isStopped && !(wakeable && this.#isPoked))
      await new Promise<void>((resolve) => {
        const done = () => {
          clearTimeout(timer);
          this.#wake = null;
          resolve();
        };
        const timer = setTimeout(done, ms);
        this.#wake = () => {
          if (wakeable || this.#isStopped) done();
        };
      });
    this.#isPoked = false;
  }
}
