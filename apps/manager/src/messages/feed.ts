import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { MessageRow } from '@yosugara/protocol';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';
import { AUTHORITY, CLOCK, LOG, STORE } from '../tokens.js';

const ACTIVE_POLL_MS = 250;
const PASSIVE_POLL_MS = 500;
/** Rows of one look. More at once are left to the search: a live list shows the newest. */
const PAGE = 1_000;
/** Rows may become visible in another order than they were received; pairing holds a row back for a fraction of this. */
const OVERLAP_MS = 3_000;
const REMEMBERED = 20_000;

type Listener = (rows: readonly MessageRow[]) => void;

/**
 * New rows, looked up in this node's database while somebody listens: the same on the Master and on a Standby. One look
 * serves every listener.
 */
@Injectable()
export class MessageFeed implements OnApplicationShutdown {
  readonly #store: ManagerStore;
  readonly #authority: Authority;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #listeners = new Set<Listener>();
  readonly #seen = new Set<string>();
  #newestMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;

  constructor(
    @Inject(STORE) store: ManagerStore,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    this.#store = store;
    this.#authority = authority;
    this.#clock = clock;
    this.#log = log;
  }

  /** Rows that become visible from now on, oldest first. Returns the unsubscribe. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) this.#begin();
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  }

  onApplicationShutdown(): void {
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  /** Nobody listened: what came meanwhile is not news, except of the last moments, which a connecting page may have missed. */
  #begin(): void {
    this.#newestMs = Math.max(this.#newestMs, this.#clock.wallMs() - OVERLAP_MS);
    this.#plan(0);
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const page = await this.#store.searchMessages({ since: new Date(this.#newestMs - OVERLAP_MS), limit: PAGE });
      const fresh = page.rows.filter((row) => this.#remember(row)).reverse();
      if (fresh.length > 0) for (const listener of [...this.#listeners]) listener(fresh);
    } catch (error) {
      this.#log.debug('feed.failed', { why: explain(error) });
    } finally {
      this.#isLooking = false;
      if (this.#listeners.size > 0) this.#plan(this.#authority.now().mode === 'active' ? ACTIVE_POLL_MS : PASSIVE_POLL_MS);
    }
  }

  /** True when the row is new. */
  #remember(row: MessageRow): boolean {
    // Never beyond now: a row with a time to come (a clock set wrong) must not hide all that follow.
    this.#newestMs = Math.max(this.#newestMs, Math.min(Date.parse(row.receivedAt), this.#clock.wallMs()));
    if (this.#seen.has(row.id)) return false;
    this.#seen.add(row.id);
    if (this.#seen.size > REMEMBERED) for (const oldest of this.#seen) return this.#seen.delete(oldest);
    return true;
  }
}
