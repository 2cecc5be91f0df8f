import { setTimeout as sleep } from 'node:timers/promises';
import { explain, type Log } from '@yosugara/kernel';
import type { Neighbours } from './neighbours.js';

export interface AnnouncerTimes {
  /** Between two announcements, for the first minute: a switch or host that missed the burst must not keep the old owner. */
  readonly everyMs: number;
  readonly forMs: number;
  /** Afterwards: only a look whether somebody else took the address. */
  readonly lookEveryMs: number;
}
export const ANNOUNCER_TIMES: AnnouncerTimes = { everyMs: 5_000, forMs: 60_000, lookEveryMs: 15_000 };
const BURST = 3;

/** Tells the cable whose the address is while it is held (failover.md 5.7), and notices when another host takes it (RFC 5227 §2.4). */
export class Announcer {
  readonly #neighbours: Neighbours;
  readonly #times: AnnouncerTimes;
  readonly #log: Log;
  #running: AbortController | null = null;
  #conflict: string | null = null;

  constructor(neighbours: Neighbours, log: Log, times: AnnouncerTimes = ANNOUNCER_TIMES) {
    this.#neighbours = neighbours;
    this.#log = log;
    this.#times = times;
  }

  /** Another host that answers for the address now. We go on defending it: the lease is ours. */
  conflict(): string | null {
    return this.#conflict;
  }

  get isRunning(): boolean {
    return this.#running !== null;
  }

  start(device: string): void {
    this.stop();
    const running = new AbortController();
    this.#running = running;
    this.#loop(device, running.signal).catch((cause: unknown) => {
      if (!running.signal.aborted) this.#log.warn('vip.announce', { why: explain(cause) });
    });
  }

  stop(): void {
    this.#running?.abort();
    this.#running = null;
    this.#conflict = null;
  }

  async #loop(device: string, signal: AbortSignal): Promise<void> {
    const { everyMs, forMs, lookEveryMs } = this.#times;
    const begun = performance.now();
    await this.#neighbours.announce(device, BURST);
    while (!signal.aborted) {
      const fresh = performance.now() - begun < forMs;
      await sleep(fresh ? everyMs : lookEveryMs, undefined, { signal, ref: false });
      const other = await this.#neighbours.other(device, 0, true);
      if (signal.aborted) return;
      if (other !== null && this.#conflict === null)
        this.#log.error('vip.conflict', { why: other, effect: 'the lease is ours: the address stays and is announced again' });
      this.#conflict = other;
      if (fresh || other !== null) await this.#neighbours.announce(device, 1);
    }
  }
}
