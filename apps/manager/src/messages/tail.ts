import type { MessageRow } from '@yosugara/protocol';
import { TailCursor } from './tail-cursor.js';

/** Of one client, waiting to be sent. Older rows beyond them are left out and counted: the search has them. */
const MAX_WAITING = 2_000;
/** Of one event. */
const MAX_ROWS = 500;

export type TailEvent = {
  /** How far the client is when it has this. */
  readonly id: string;
} & (
  | { readonly name: 'messages'; readonly body: { readonly rows: readonly MessageRow[] } }
  | { readonly name: 'lagging'; readonly body: { readonly skipped: number; readonly atLeast: boolean } }
);

/** What one client of the tail is owed. Bounded, however fast messages come and however slowly it reads. */
export class Tail {
  readonly #cursor: TailCursor;
  /** Where it was when it began: what is live may bring rows of before, too. */
  readonly #start: TailCursor;
  readonly #isWanted: (row: MessageRow) => boolean;
  /** Told in the backlog; what is live may bring them once more. */
  readonly #told = new Set<string>();
  #waiting: MessageRow[] = [];
  #skipped = 0;
  /** More may have been skipped than were counted. */
  #atLeast = false;
  /** Of what was stored late, all through this batch waits or was sent. */
  #batch = -1;

  constructor(cursor: TailCursor, isWanted: (row: MessageRow) => boolean) {
    this.#cursor = cursor;
    this.#start = TailCursor.parse(cursor.toString());
    this.#isWanted = isWanted;
  }

  /** What came while nobody listened, oldest first; `more`: older rows were not read. `batch`: with all that was stored late through it. */
  backlog(rows: readonly MessageRow[], more: boolean, batch = -1): void {
    this.#batch = Math.max(this.#batch, batch);
    const news = rows.filter(({ id }) => this.#cursor.isNews(id));
    for (const { id } of news) this.#told.add(id);
    if (more) {
      this.#skipped++;
      this.#atLeast = true;
    }
    this.#push(news);
  }

  /** `leftOut`: so many more came that nobody will tell. `batch`: what was stored late through it came before. */
  live(rows: readonly MessageRow[], leftOut: number, batch = -1): void {
    this.#batch = Math.max(this.#batch, batch);
    this.#skipped += leftOut;
    this.#push(rows.filter(({ id }) => this.#start.isNews(id) && !this.#told.delete(id)));
  }

  /** The next event, or null: nothing waits. */
  next(): TailEvent | null {
    if (this.#skipped > 0) {
      const body = { skipped: this.#skipped, atLeast: this.#atLeast };
      this.#skipped = 0;
      this.#atLeast = false;
      return { name: 'lagging', body, id: this.#cursor.toString() };
    }
    if (this.#waiting.length === 0) return null;
    const rows = this.#waiting.splice(0, MAX_ROWS);
    for (const { id } of rows) this.#cursor.take(id);
    if (this.#waiting.length === 0) this.#cursor.takeBatch(this.#batch);
    return { name: 'messages', body: { rows }, id: this.#cursor.toString() };
  }

  #push(rows: readonly MessageRow[]): void {
    // Not one by one: `push(...rows)` of very many overflows the stack.
    this.#waiting = this.#waiting.concat(rows.filter(this.#isWanted));
    const tooMany = Math.max(0, this.#waiting.length - MAX_WAITING);
    this.#skipped += tooMany;
    for (const { id } of this.#waiting.splice(0, tooMany)) this.#cursor.take(id);
  }
}
