import { Alarm, type Clock, YosugaraError } from '@yosugara/kernel';
import { FIRST_LEVEL, type ManagerMode, type RoleNotice } from '@yosugara/protocol';

/** What this process may do at this instant. */
export interface Permission {
  readonly mode: ManagerMode;
  readonly epoch: number;
  readonly vip: boolean;
  readonly ingestAlone: boolean;
  readonly master: string | null;
  readonly syncSet: readonly string[];
  /** CLOCK_MONOTONIC, ms; 0 = no lease. */
  readonly leaseUntilMs: number;
  /** The cluster's (libs/protocol, level.ts); absent: the first. */
  readonly level?: number;
}

/** This node may not do that now. The client tries again, at the Master's address or at the VIP. */
export class NotActiveError extends YosugaraError {
  override readonly name = 'NotActiveError';
  readonly master: string | null;
  constructor(mode: ManagerMode, master: string | null) {
    const why = mode === 'gated' ? 'this node is just becoming Master' : 'this node is not the Master';
    super('NOT_ACTIVE', `${why}; ${master === null ? 'no Master is known' : `the Master is ${master}`}`);
    this.master = master;
  }
}

const NOTHING: Permission = {
  mode: 'passive',
  epoch: 0,
  vip: false,
  ingestAlone: false,
  master: null,
  syncSet: [],
  leaseUntilMs: 0,
};

/**
 * The newest notice of the controller, weighed against the clock each time it is asked: a lease that ended a moment ago
 * ended, whether or not a timer has run. A process that slept (SIGSTOP, swapped out, paused VM) wakes up without permission.
 */
export class Authority {
  readonly #clock: Clock;
  /** Up to this epoch nothing here serves any more: the dead man has said so to the voters. */
  readonly #epochOver: number;
  readonly #listeners = new Set<() => void>();
  #notice: RoleNotice | null = null;
  #connected = false;
  /** Only makes us stop early what is running: `now()` does not need it. */
  readonly #expiry: Alarm;

  constructor(clock: Clock, epochOver = 0) {
    this.#clock = clock;
    this.#expiry = new Alarm(
      () => clock.monotonicMs(),
      () => this.#tell(),
    );
    this.#epochOver = epochOver;
  }

  /** Permission now. */
  now(): Permission {
    const notice = this.#notice;
    if (notice === null) return NOTHING;
    const { epoch, mode, vip, ingestAlone, master, syncSet, leaseUntilMs, level = FIRST_LEVEL } = notice;
    const nothing = { ...NOTHING, epoch, syncSet, master: master === notice.node ? null : master };
    if (!this.#connected) return nothing;
    if (mode === 'off') return { ...nothing, mode };
    const isLive = epoch > this.#epochOver && this.#clock.monotonicMs() < leaseUntilMs;
    return isLive ? { mode, epoch, vip, ingestAlone, master, syncSet, leaseUntilMs, level } : nothing;
  }

  /**
   * Call before and after every side effect that others see.
   * @param epoch the ownership the effect began under; another one now means that it must not count any more.
   * @throws NotActiveError
   */
  demand(mode: 'gated' | 'active', epoch?: number): Permission {
    const now = this.now();
    const enough = now.mode === 'active' || (mode === 'gated' && now.mode === 'gated');
    if (!enough || (epoch !== undefined && now.epoch !== epoch)) throw new NotActiveError(now.mode, now.master);
    return now;
  }

  take(notice: RoleNotice): void {
    // A notice of an older epoch can only be a delayed one: it renews nothing.
    if (this.#notice !== null && this.#connected && notice.epoch < this.#notice.epoch) return;
    this.#notice = notice;
    this.#connected = true;
    this.#expiry.set(notice.leaseUntilMs);
    this.#tell();
  }

  disconnected(): void {
    if (!this.#connected) return;
    this.#connected = false;
    this.#expiry.clear();
    this.#tell();
  }

  /** Called on every notice, loss of the controller and end of the lease. Returns the unsubscribe. */
  watch(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#expiry.clear();
    this.#listeners.clear();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}
