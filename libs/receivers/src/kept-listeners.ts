import type { Log } from '@yosugara/kernel';
import { KeptListener, type ListenerAway, type Opening } from './kept-listener.js';
import type { Listener } from './udp.js';

/** So often it is looked whether they are still there. */
const LOOK_MS = 3_000;

/** All ways in on one address. Each is opened, kept open and told of by itself: what one of them lacks keeps no other closed. */
export class KeptListeners {
  readonly #each: readonly KeptListener[];

  constructor(openings: readonly Opening[], log: Log, lookMs = LOOK_MS) {
    this.#each = openings.map((opening) => new KeptListener(opening, log, lookMs));
  }

  /** For an address that is there at all times: all at once, or none and why. They are kept from then on. @throws PortInUseError, ListenError */
  async begin(): Promise<void> {
    for (const each of this.#each) await each.begin();
  }

  /** For an address that comes and goes: says what is wanted; it happens by itself. */
  want(open: boolean): void {
    for (const each of this.#each) each.want(open);
  }

  /** Every one of them. */
  get bound(): boolean {
    return this.#each.length > 0 && this.listeners.length === this.#each.length;
  }

  /** Those that are open. */
  get listeners(): readonly Listener[] {
    return this.#each.flatMap(({ listener }) => listener ?? []);
  }

  /** Those that are wanted and not open. */
  get away(): readonly ListenerAway[] {
    return this.#each.flatMap(({ away }) => away ?? []);
  }

  async close(): Promise<void> {
    await Promise.all(this.#each.map((each) => each.close()));
  }
}
