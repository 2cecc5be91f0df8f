import type { MessageRow } from '@yosugara/protocol';
import { ApiError, decodeMessages } from './client.js';
import { emptyRows, type LiveRows, merge, SeenIds } from './live-rows.js';
import { RateCounter } from './rate.js';
import { type FetchPage, FIRST_READ_MS, type RefillRange, refill, refillSince } from './refill.js';

export interface FeedPorts {
  readonly fetchPage: FetchPage;
  /** The server's wall clock, ms since 1970. */
  readonly nowMs: () => number;
  /** Runs once after `ms`; returns how to call it off. */
  readonly after: (ms: number, run: () => void) => () => void;
}

/** Rows of the live list; older ones are for the search. */
export const LIVE_CAPACITY = 2_000;
/** The page is drawn at most four times a second, however many messages come. */
const NOTIFY_MS = 250;
const RETRY_MS = 1_000;
/**
 * After a loss the gap is read again at these times: the new Master goes on storing what both receivers took in meanwhile, with
 * its original time, and a stream of new rows need not bring it.
 */
const FOLLOW_UPS_MS = [3_000, 10_000, 30_000] as const;

/**
 * What the live list shows for one filter: rows of the stream plus, at every (re)connect, those that came while nobody
 * listened. No row twice, none lost between two connections.
 */
export class LiveFeed {
  readonly #ports: FeedPorts;
  readonly #filter: string;
  readonly #seen = new SeenIds();
  readonly #rate = new RateCounter();
  readonly #watchers = new Set<() => void>();
  #live: LiveRows = emptyRows(LIVE_CAPACITY);
  #connection = 0;
  /** What a refill that has not ended yet was asked to read. */
  #open: RefillRange | null = null;
  #loaded = false;
  #coveredFromMs = 0;
  #refusal: string | null = null;
  #cancelRetry: (() => void) | null = null;
  #cancelNotify: (() => void) | null = null;

  constructor(filter: string, ports: FeedPorts) {
    this.#filter = filter;
    this.#ports = ports;
  }

  readonly rows = (): readonly MessageRow[] => this.#live.rows;
  /** False until the first page is here. */
  readonly loaded = (): boolean => this.#loaded;
  /** Before this the counts are not whole, because the first read stopped there; ms since 1970, 0 = they are. */
  readonly coveredFromMs = (): number => this.#coveredFromMs;
  /** Why there are no rows: the manager's word about the filter; '' until it has said why. */
  readonly refusal = (): string | null => this.#refusal;
  get rate(): RateCounter {
    return this.#rate;
  }

  readonly watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  /** A stream is up: fetch what it will not send, beginning before the newest row known. */
  onHello(): void {
    this.#connection += 1;
    this.#stopRetry();
    // A refill that another loss cut short still counts: its gap began before the newest row of today.
    this.#open ??= this.#range(this.#live.rows[0]);
    void this.#fill(this.#connection, this.#open);
  }

  onMessages(body: unknown): void {
    const batch = body as { rows?: unknown; dropped?: unknown } | null;
    const newest = this.#live.rows[0];
    this.take(decodeMessages({ rows: batch?.rows, next: null }).rows);
    // A burst beyond what one event carries: what was left out is read, once for all events until then.
    if (typeof batch?.dropped === 'number' && batch.dropped > 0)
      this.#readAgain(this.#connection, this.#range(newest), [RETRY_MS]);
  }

  /** The stream goes on without the filter: what it brings is not for this list. */
  refuse(why = ''): void {
    if (why !== '' || this.#refusal === null) this.#refusal = why;
    this.#notify();
  }

  take(incoming: readonly MessageRow[]): void {
    if (this.#refusal !== null) return;
    const fresh = incoming.filter((row) => this.#seen.add(row.id));
    for (const row of fresh) this.#rate.count(row);
    this.#live = merge(this.#live, fresh);
    if (fresh.length > 0) this.#notify();
  }

  stop(): void {
    this.#connection += 1;
    this.#stopRetry();
    this.#cancelNotify?.();
    this.#watchers.clear();
  }

  #range(newest: MessageRow | undefined): RefillRange {
    return { since: refillSince(newest), enoughMs: this.#ports.nowMs() - FIRST_READ_MS };
  }

  #readAgain(connection: number, range: RefillRange, [waitMs, ...rest]: readonly number[]): void {
    if (waitMs === undefined || range.since === null || this.#cancelRetry !== null) return;
    this.#retryAfter(waitMs, () => void this.#fill(connection, range, rest));
  }

  #retryAfter(ms: number, run: () => void): void {
    this.#stopRetry();
    this.#cancelRetry = this.#ports.after(ms, () => {
      this.#cancelRetry = null;
      run();
    });
  }

  #stopRetry(): void {
    this.#cancelRetry?.();
    this.#cancelRetry = null;
  }

  async #fill(connection: number, range: RefillRange, followUps: readonly number[] = FOLLOW_UPS_MS): Promise<void> {
    const isCurrent = () => this.#connection === connection;
    try {
      const read = await refill(this.#ports.fetchPage, this.#filter, range, (rows) => this.take(rows), isCurrent);
      if (read === 'stopped') return;
      if (read === 'partial' && range.since === null)
        this.#coveredFromMs = Date.parse(this.#live.rows.at(-1)?.receivedAt ?? '') || 0;
      this.#open = null;
      this.#readAgain(connection, range, followUps);
      this.#loaded = true;
      this.#notify();
    } catch (error) {
      if (error instanceof ApiError && error.status === 400) return this.refuse(error.message);
      // The gap stays open until it is filled; the same range, because live rows have moved the newest one meanwhile.
      if (isCurrent()) this.#retryAfter(RETRY_MS, () => void this.#fill(connection, range, followUps));
    }
  }

  #notify(): void {
    this.#cancelNotify ??= this.#ports.after(NOTIFY_MS, () => {
      this.#cancelNotify = null;
      for (const watcher of [...this.#watchers]) watcher();
    });
  }
}
