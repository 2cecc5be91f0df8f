import { Inject, Injectable } from '@nestjs/common';
import type { Log } from '@yosugara/kernel';
import type { EventRow } from '@yosugara/protocol';
import { type Look, PolledFeed } from '../http/polled-feed.js';
import { StoredOperations } from '../operations/stored-operations.js';
import type { ManagerStore } from '../store/ports.js';
import { LOG, STORE } from '../tokens.js';
import type { EventCursor } from './event-cursor.js';

const SOON_MS = 50;
const PAGE = 500;

/** New and changed events while somebody listens. What is told is in the order of storing. */
@Injectable()
export class EventFeed extends PolledFeed<EventRow, EventCursor> {
  readonly #store: ManagerStore;
  readonly #unlisten: () => void;

  constructor(@Inject(STORE) store: ManagerStore, @Inject(StoredOperations) stored: StoredOperations, @Inject(LOG) log: Log) {
    super(log, 'events.notFollowed');
    this.#store = store;
    this.#unlisten = stored.listen((batch) => {
      if (batch.events.length > 0) this.plan(SOON_MS);
    });
  }

  override onApplicationShutdown(): void {
    this.#unlisten();
    super.onApplicationShutdown();
  }

  protected async newest(): Promise<EventCursor> {
    return await this.#store.operations.events.newest();
  }

  protected async look(at: EventCursor): Promise<Look<EventRow, EventCursor>> {
    const { rows, number, history } = await this.#store.operations.events.news(at.number, at.history, PAGE);
    return { rows, through: { number, history }, isMore: rows.length >= PAGE };
  }
}
