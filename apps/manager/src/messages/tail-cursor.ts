import { InvalidInputError } from '@yosugara/kernel';
import { parseMessageId } from '@yosugara/store';

/** A node begins a journal at every start of its receiver; of the older ones nothing more comes, but by chance. */
const MOST_JOURNALS = 12;
const FORM = /^(\d{1,16});((?:[a-z][a-z0-9_]{0,30}-[0-9a-z]{1,12}-[0-9a-f]{1,32}:\d{1,15},?)*)$/;

interface Place {
  readonly journalId: string;
  readonly seq: number;
}

/**
 * How far a tail has come: the newest time, and the highest number of each journal whose row it was given or did not want. Rows of a
 * journal are stored in its order, on whichever node, so this says on the next Master, too, what is new.
 */
export class TailCursor {
  #newestUs: number;
  readonly #through: Map<string, number>;

  constructor(newestUs: number, places: readonly Place[]) {
    this.#newestUs = newestUs;
    this.#through = new Map(newest(places).map(({ journalId, seq }) => [journalId, seq]));
  }

  /** @throws InvalidInputError — not what `text` made. */
  static parse(text: string): TailCursor {
    const [, newestUs, list] = FORM.exec(text) ?? [];
    if (newestUs === undefined || list === undefined)
      throw new InvalidInputError('last-event-id', text.slice(0, 100), 'the `id` of an event of this stream');
    const places = list.split(',').flatMap((place) => {
      const [journalId = '', seq] = place.split(':');
      return seq === undefined ? [] : [{ journalId, seq: Number(seq) }];
    });
    return new TailCursor(Number(newestUs), places);
  }

  get newestMs(): number {
    return Math.floor(this.#newestUs / 1_000);
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
    this.#through.set(row.journalId, Math.max(Number(row.seq), this.#through.get(row.journalId) ?? 0));
    if (this.#through.size <= MOST_JOURNALS) return;
    const kept = new Set(
      newest([...this.#through].map(([journalId, seq]) => ({ journalId, seq }))).map(({ journalId }) => journalId),
    );
    for (const journalId of this.#through.keys()) if (!kept.has(journalId)) this.#through.delete(journalId);
  }

  toString(): string {
    return `${this.#newestUs};${[...this.#through].map(([journalId, seq]) => `${journalId}:${seq}`).join(',')}`;
  }
}

/** The time of opening is in a journal's name (libs/journal). */
const openedAt = ({ journalId }: Place): string => journalId.slice(journalId.indexOf('-') + 1);
const newest = (places: readonly Place[]): readonly Place[] =>
  places.length <= MOST_JOURNALS
    ? places
    : [...places].sort((one, two) => (openedAt(one) < openedAt(two) ? 1 : -1)).slice(0, MOST_JOURNALS);
