import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';

const EVERY_MS = 30_000;
const MOST = 1_000;

/** When tokens were used, written down now and then by the Master. What a Standby saw, or what was not written yet, is not known. */
export class TokenUses {
  readonly #store: Pick<ManagerStore, 'people'>;
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #log: Log;
  #seen = new Map<number, { readonly at: Date; readonly from: string }>();
  #timer: NodeJS.Timeout | undefined;

  constructor(store: Pick<ManagerStore, 'people'>, authority: Authority, clock: Clock, log: Log) {
    this.#store = store;
    this.#authority = authority;
    this.#clock = clock;
    this.#log = log;
  }

  note(id: number, from: string): void {
    if (this.#seen.size < MOST || this.#seen.has(id)) this.#seen.set(id, { at: new Date(this.#clock.wallMs()), from });
  }

  start(): void {
    this.#timer = setInterval(() => void this.write(), EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async write(): Promise<void> {
    const { mode, epoch } = this.#authority.now();
    const seen = [...this.#seen].map(([id, use]) => ({ id, ...use }));
    this.#seen = new Map();
    if (mode !== 'active' || seen.length === 0) return;
    try {
      const guard = () => void this.#authority.demand('active', epoch);
      await this.#store.people.change(epoch, async ({ tokens }) => await tokens.used(seen), guard);
    } catch (error) {
      this.#log.debug('tokens.usesNotWritten', { why: explain(error) });
    }
  }
}
