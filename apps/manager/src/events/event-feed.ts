import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { explain, type Log } from '@yosugara/kernel';
import type { EventRow } from '@yosugara/protocol';
import { StoredOperations } from '../operations/stored-operations.js';
import type { ManagerStore } from '../store/ports.js';
import { LOG, STORE } from '../tokens.js';
import type { EventCursor } from './event-cursor.js';

/** A net under what is told on the Master, and what a Standby lives by. */
const POLL_MS = 500;
const SOON_MS = 50;
const PAGE = 500;

/** `through`: with these all is told up to there. */
type Listener = (rows: readonly EventRow[], through: EventCursor) => void;

/** New and changed events while somebody listens. One look at the database serves every listener; what is told is in the order of storing. */
@Injectable()
export class EventFeed implements OnApplicationShutdown {
  readonly #store: ManagerStore;
  readonly #log: Log;
  readonly #listeners = new Set<Listener>();
  readonly #unlisten: () => void;
  #at: EventCursor | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;

  constructor(@Inject(STORE) store: ManagerStore, @Inject(StoredOperations) stored: StoredOperations, @Inject(LOG) log: Log) {
    this.#store = store;
    this.#log = log;
    this.#unlisten = stored.listen((batch) => {
      if (batch.events.length > 0) this.#plan(SOON_MS);
    });
  }

  /** From the next look on. Returns the unsubscribe. */
  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#at = null;
      this.#plan(0);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  }

  /** All that is stored from when this resolves on will be told; what was stored before is read by whoever wants it. */
  async begun(): Promise<void> {
    if (this.#at !== null) return;
    const newest = await this.#store.operations.events.newest();
    // Somebody else may have asked meanwhile, and been answered.
    this.#at ??= newest;
  }

  /** Somebody changed events: they are told at once. */
  poke(): void {
    this.#plan(0);
  }

  onApplicationShutdown(): void {
    this.#unlisten();
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  #plan(ms: number): void {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    let isMore = false;
    try {
      await this.begun();
      const at = this.#at!;
      const { rows, number, history } = await this.#store.operations.events.news(at.number, at.history, PAGE);
      this.#at = { number, history };
      isMore = rows.length >= PAGE;
      if (rows.length > 0) for (const listener of [...this.#listeners]) listener(rows, this.#at);
    } catch (error) {
      this.#log.debug('events.notFollowed', { why: explain(error) });
    } finally {
      this.#isLooking = false;
      this.#plan(isMore ? 0 : POLL_MS);
    }
  }
}
