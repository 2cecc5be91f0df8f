import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { MessageRow } from '@yosugara/protocol';
import { type LateBatch, parseMessageId } from '@yosugara/store';
import type { Authority } from '../control/authority.js';
import type { ManagerStore } from '../store/ports.js';
import { AUTHORITY, CLOCK, LOG, STORE } from '../tokens.js';
import { asLate, isLate, type LateRows, lateRowsAfter } from './late-rows.js';
import { StoredRows } from './stored-rows.js';

/** A net under what ingest tells: nothing is found here as a rule. */
const ACTIVE_POLL_MS = 1_000;
const PASSIVE_POLL_MS = 500;
const PAGE = 1_000;
/** Of one look; rows beyond are told as left out. */
const MOST_PAGES = 10;
/** A new Master stores what came before with its original times; a Standby sees such rows by looking back, and those of before by their batches. */
const LOOK_BACK_MS = 60_000;
/** At a high rate the newest page is full and late rows lie behind it: so often the whole look-back is read. */
const DEEP_EVERY_MS = 5_000;
/** What a page that is just connecting may have missed. */
const FIRST_MS = 3_000;
/** More than a deep look can read. */
const REMEMBERED = 50_000;

/**
 * `leftOut`: so many more rows came, at least, that are not told: the search has them. `through`: of what was stored late, all through this
 * batch has been told.
 */
type Listener = (rows: readonly MessageRow[], leftOut: number, through: number) => void;

/**
 * New rows while somebody listens: on the Master as ingest commits them, on a Standby looked up in its database. One look
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
  readonly #unlisten: () => void;
  /** From one number through another the rows of a journal were told as the ingest of this node stored them. */
  readonly #storedHere = new Map<string, { readonly from: number; through: number }>();
  /** The batch through which late rows were told; null: not known yet. */
  #through: number | null = null;
  #newestMs = 0;
  #deepAtMs = 0;
  /** Until the first look has told apart what was there before. */
  #isPrimed = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;

  constructor(
    @Inject(STORE) store: ManagerStore,
    @Inject(AUTHORITY) authority: Authority,
    @Inject(StoredRows) stored: StoredRows,
    @Inject(CLOCK) clock: Clock,
    @Inject(LOG) log: Log,
  ) {
    this.#store = store;
    this.#authority = authority;
    this.#clock = clock;
    this.#log = log;
    this.#unlisten = stored.listen((rows, leftOut) => this.#onStored(rows, leftOut));
  }

  /** Of what is stored late, all that comes after this batch will be told. Whoever wants what came before reads it when this is known. */
  async lateFrom(): Promise<number> {
    if (this.#through !== null) return this.#through;
    const version = await this.#store.late.version();
    // Somebody else may have asked meanwhile, and been answered.
    this.#through ??= version;
    return this.#through;
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
    this.#unlisten();
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  /** Nobody listened: what came meanwhile is not news, except of the last moments. */
  #begin(): void {
    this.#newestMs = Math.max(this.#newestMs, this.#clock.wallMs() - FIRST_MS);
    this.#isPrimed = false;
    this.#through = null;
    this.#storedHere.clear();
    this.#plan(0);
  }

  #onStored(rows: readonly MessageRow[], leftOut: number): void {
    if (this.#listeners.size === 0) return;
    for (const { id } of rows) {
      const row = parseMessageId(id);
      if (row === null) continue;
      const seq = Number(row.seq);
      const told = this.#storedHere.get(row.journalId);
      if (told === undefined) this.#storedHere.set(row.journalId, { from: seq, through: seq });
      else told.through = Math.max(told.through, seq);
    }
    this.#tell(rows, leftOut);
  }

  #tell(rows: readonly MessageRow[], leftOut: number): void {
    const nowMs = this.#clock.wallMs();
    const fresh = rows.filter((row) => this.#remember(row)).map((row) => (isLate(row, nowMs) ? asLate(row) : row));
    if (fresh.length > 0 || leftOut > 0)
      for (const listener of [...this.#listeners]) listener(fresh, leftOut, this.#through ?? -1);
  }

  #plan(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  async #look(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const late = await this.#readLate();
      const { rows, leftOut } = await this.#readNews();
      this.#tell([...late.rows, ...rows], late.leftOut + leftOut);
      this.#through = late.through;
      this.#isPrimed = true;
    } catch (error) {
      this.#log.debug('feed.failed', { why: explain(error) });
    } finally {
      this.#isLooking = false;
      if (this.#listeners.size > 0) this.#plan(this.#authority.now().mode === 'active' ? ACTIVE_POLL_MS : PASSIVE_POLL_MS);
    }
  }

  async #readLate(): Promise<LateRows> {
    const isKnown = ({ journalId, fromSeq, throughSeq }: LateBatch) => {
      const told = this.#storedHere.get(journalId);
      return told !== undefined && told.from <= fromSeq && throughSeq <= told.through;
    };
    return await lateRowsAfter(await this.lateFrom(), this.#store, { isKnown, most: PAGE * MOST_PAGES });
  }

  /** Oldest first. */
  async #readNews(): Promise<{ readonly rows: readonly MessageRow[]; readonly leftOut: number }> {
    const nowMs = this.#clock.monotonicMs();
    const isActive = this.#authority.now().mode === 'active';
    const isDeep = !this.#isPrimed || (!isActive && nowMs - this.#deepAtMs >= DEEP_EVERY_MS);
    if (isDeep) this.#deepAtMs = nowMs;
    const since = new Date(this.#newestMs - LOOK_BACK_MS);
    const news: MessageRow[] = [];
    let leftOut = 0;
    let after: string | undefined;
    for (let pages = 1; ; pages++) {
      const page = await this.#store.searchMessages({ since, limit: PAGE, after });
      const fresh = page.rows.filter((row) => !this.#seen.has(row.id));
      news.push(...fresh);
      after = page.next ?? undefined;
      const isAllNew = fresh.length === page.rows.length;
      if (after === undefined || (!isDeep && !isAllNew)) break;
      if (pages < MOST_PAGES) continue;
      if (this.#isPrimed && isAllNew) leftOut = 1;
      break;
    }
    return { rows: this.#isPrimed ? news.reverse() : this.#prime(news.reverse()), leftOut };
  }

  #prime(rows: readonly MessageRow[]): readonly MessageRow[] {
    const fromMs = this.#clock.wallMs() - FIRST_MS;
    const isNews = (row: MessageRow) => Date.parse(row.receivedAt) >= fromMs;
    for (const row of rows) if (!isNews(row)) this.#remember(row);
    return rows.filter(isNews);
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
