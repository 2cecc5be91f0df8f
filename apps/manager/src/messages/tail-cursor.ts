import { InvalidInputError } from '@yosugara/kernel';
import { parseMessageId } from '@yosugara/store';

/** A node begins a journal at every start of its receiver; of those that nothing came of for longest nothing more comes, but by chance. */
const MOST_JOURNALS = 12;
const FORM = /^(\d{1,16});((?:[a-z][a-z0-9_]{0,30}-[0-9a-z]{1,12}-[0-9a-f]{1,32}:\d{1,15},?)*)(?:;(\d{1,15}))?$/;

interface Place {
  readonly journalId: string;
  readonly seq: number;
}

/**
 * How far a tail has come: the newest time, the highest number of each journal whose row it was given or did not want, and the batch
 * through which it has what was stored late. Rows of a journal are stored in its order, on whichever node, and batches have one count on
 * both, so this says on the next Master, too, what is new.
 */
export class TailCursor {
  #newestUs: number;
  readonly #through: Map<string, number>;
  #batch: number | null;

  /** @param batch null: what was stored late is not looked for. */
  constructor(newestUs: number, places: readonly Place[], batch: number | null = null) {
    this.#newestUs = newestUs;
    this.#batch = batch;
    this.#through = new Map(newest(places).map(({ journalId, seq }) => [journalId, seq]));
  }

  /** @throws InvalidInputError — not what `text` made. */
  static parse(text: string): TailCursor {
    const [, newestUs, list, batch] = FORM.exec(text) ?? [];
    if (newestUs === undefined || list === undefined)
      throw new InvalidInputError('last-event-id', text.slice(0, 100), 'the `id` of an event of this stream');
    const places = list.split(',').flatMap((place) => {
      const [journalId = '', seq] = place.split(':');
      return seq === undefined ? [] : [{ journalId, seq: Number(seq) }];
    });
    return new TailCursor(Number(newestUs), places, batch === undefined ? null : Number(batch));
  }

  get newestMs(): number {
    return Math.floor(this.#newestUs / 1_000);
  }

  get batch(): number | null {
    return this.#batch;
  }

  /** All that was stored late through this batch has been given. */
  takeBatch(version: number): void {
    if (version >= 0) this.#batch = Math.max(version, this.#batch ?? 0);
  }

  /** Whether the row came after what was told before. */
  isNews(id: string): boolean {
    const row = parseMessageId(id);
    return row === null || Number(row.seq) > (this.#through.get(row.journalId) ?? 0);
  }

  take(id: string): void {
    const row = parseMessageId(id);
    if (row === null) return;
    this.#newestUs = Math.max(this.#newestUs, row.atUs);
    const through = Math.max(Number(row.seq), this.#through.get(row.journalId) ?? 0);
    // The last one is that of which something came last.
    this.#through.delete(row.journalId);
    this.#through.set(row.journalId, through);
    if (this.#through.size > MOST_JOURNALS) for (const oldest of this.#through.keys()) return void this.#through.delete(oldest);
  }

  toString(): string {
    const places = [...this.#through].map(([journalId, seq]) => `${journalId}:${seq}`).join(',');
    return `${this.#newestUs};${places}${this.#batch === null ? '' : `;${this.#batch}`}`;
  }
}

/** The time of opening is in a journal's name (libs/journal). */
const openedAt = ({ journalId }: Place): string => journalId.slice(journalId.indexOf('-') + 1);
/** The newest ones last. */
const newest = (places: readonly Place[]): readonly Place[] =>
  places.length <= MOST_JOURNALS
    ? places
    : [...places].sort((one, two) => (openedAt(one) < openedAt(two) ? -1 : 1)).slice(-MOST_JOURNALS);
