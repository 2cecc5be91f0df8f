import { type EventRow, EventRowSchema, type Events } from '@yosugara/protocol';
import { ApiError } from './client.js';
import { type EventList, mergeEvents } from './event-list.js';
import { backoffMs } from './reconnect.js';

export interface EventFeedPorts {
  readonly fetchPage: (query: string) => Promise<Events>;
  /** Runs once after `ms`; returns how to call it off. */
  readonly after: (ms: number, run: () => void) => () => void;
}

const FIRST_ROWS = 200;
const PAGE_ROWS = 500;
/** The page is drawn at most so often, however many events come. */
const NOTIFY_MS = 200;

export interface EventFeedState {
  readonly rows: EventList;
  /** False until the first page is here. */
  readonly isLoaded: boolean;
  readonly isReading: boolean;
  /** Older ones are there. */
  readonly hasMore: boolean;
  /** Why the manager refuses the filter. */
  readonly refusal: string | null;
}

/**
 * The events of one filter: pages as far down as somebody scrolled, and what the stream brings. No event twice, none lost between
 * the two: the first page is read again once the stream is up, and the stream goes on where it was cut.
 */
export class EventFeed {
  readonly #ports: EventFeedPorts;
  readonly #query: string;
  readonly #belongs: (row: EventRow) => boolean;
  readonly #watchers = new Set<() => void>();
  #state: EventFeedState = { rows: [], isLoaded: false, isReading: false, hasMore: true, refusal: null };
  #next: string | null = null;
  #round = 0;
  /** The stream came up while the first page was being read. */
  #isMissing = false;
  #failures = 0;
  #cancelRetry: (() => void) | null = null;
  #cancelNotify: (() => void) | null = null;

  constructor(query: string, belongs: (row: EventRow) => boolean, ports: EventFeedPorts) {
    this.#query = query;
    this.#belongs = belongs;
    this.#ports = ports;
  }

  readonly state = (): EventFeedState => this.#state;
  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** From the top, and nothing of before stays. */
  reload(): void {
    this.#round += 1;
    this.#isMissing = false;
    this.#next = null;
    this.#set({ rows: [], isLoaded: false, isReading: false, hasMore: true, refusal: null });
    void this.#read('first');
  }

  /** A stream is up: what came between the first page and it is in a page that is read now. */
  onHello(): void {
    if (this.#state.isLoaded) void this.#read('again');
    // Its rows are shown as soon as they are here; then once more.
    else if (this.#state.isReading) this.#isMissing = true;
    else this.reload();
  }

  /** A batch of the stream. */
  onEvents(body: unknown): void {
    const rows = EventRowSchema.array().safeParse((body as { rows?: unknown } | null)?.rows);
    if (rows.success) this.take(rows.data);
    else this.onHello();
  }

  /** Also of what the manager answered to a change. */
  take(rows: readonly EventRow[]): void {
    const { rows: before, hasMore, isLoaded } = this.#state;
    const floor = hasMore && isLoaded ? (before.at(-1)?.number ?? 0) : 0;
    const after = mergeEvents(before, rows, this.#belongs, floor);
    if (after !== before) this.#set({ ...this.#state, rows: after });
  }

  /** The next page down. @returns false: there is none, or one is being read. */
  async more(): Promise<boolean> {
    if (!this.#state.isLoaded || !this.#state.hasMore || this.#state.isReading) return false;
    return await this.#read('more');
  }

  stop(): void {
    this.#round += 1;
    this.#cancelRetry?.();
    this.#cancelNotify?.();
    this.#watchers.clear();
  }

  async #read(what: 'first' | 'again' | 'more'): Promise<boolean> {
    const round = this.#round;
    const query = new URLSearchParams(this.#query);
    query.set('limit', String(what === 'more' ? PAGE_ROWS : FIRST_ROWS));
    if (what === 'more' && this.#next !== null) query.set('after', this.#next);
    this.#set({ ...this.#state, isReading: true });
    try {
      const { rows, next } = await this.#ports.fetchPage(query.toString());
      if (round !== this.#round) return false;
      this.#failures = 0;
      this.#took(what, rows, next);
      return true;
    } catch (error) {
      if (round !== this.#round) return false;
      if (error instanceof ApiError && error.status === 400)
        this.#set({ ...this.#state, isReading: false, isLoaded: true, hasMore: false, refusal: error.message });
      else this.#again(what);
      return false;
    }
  }

  #took(what: 'first' | 'again' | 'more', rows: readonly EventRow[], next: string | null): void {
    const { rows: before, isLoaded, hasMore } = this.#state;
    if (what === 'again' && isLoaded) {
      // More than a page came while nobody listened: what is below would not follow on what is above.
      if (next !== null && before.length > 0 && (rows.at(-1)?.number ?? 0) > before[0]!.number) return this.#replace(rows, next);
      this.#set({ ...this.#state, isReading: false });
      return this.take(rows);
    }
    if (what === 'more' && !hasMore) return this.#set({ ...this.#state, isReading: false });
    this.#next = next;
    this.#set({
      rows: mergeEvents(before, rows, () => true, 0),
      isLoaded: true,
      isReading: false,
      hasMore: next !== null,
      refusal: null,
    });
    // Whoever has changed a filter waits for these.
    if (!isLoaded) this.#notify();
    if (!this.#isMissing) return;
    this.#isMissing = false;
    void this.#read('again');
  }

  #replace(rows: readonly EventRow[], next: string | null): void {
    this.#next = next;
    this.#set({
      rows: mergeEvents([], rows, () => true, 0),
      isLoaded: true,
      isReading: false,
      hasMore: next !== null,
      refusal: null,
    });
  }

  /** A take-over passes; whoever waits need not ask again. */
  #again(what: 'first' | 'again' | 'more'): void {
    this.#cancelRetry?.();
    this.#cancelRetry = this.#ports.after(backoffMs(this.#failures++), () => void this.#read(what));
  }

  #set(state: EventFeedState): void {
    this.#state = state;
    this.#cancelNotify ??= this.#ports.after(NOTIFY_MS, () => this.#notify());
  }

  #notify(): void {
    this.#cancelNotify?.();
    this.#cancelNotify = null;
    for (const watcher of [...this.#watchers]) watcher();
  }
}
