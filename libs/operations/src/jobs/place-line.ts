import type { PlaceKey, Want } from './step-types.js';

interface Entry {
  readonly name: string;
  readonly want: Want;
}

/** Whose place it is, in whichever room. */
export const holderName = ({ session, job }: PlaceKey): string => `${session}\0${job}`;

/** Who waits, whoever comes first in front; very many may, so that nobody is looked for by going through all. */
export class PlaceLine {
  readonly #order: Entry[] = [];
  readonly #byName = new Map<string, Entry>();

  get length(): number {
    return this.#order.length;
  }

  /** null = nobody waits. */
  get first(): Want | null {
    return this.#order[0]?.want ?? null;
  }

  has(name: string): boolean {
    return this.#byName.has(name);
  }

  *all(): Generator<Want> {
    for (const { want } of this.#order) yield want;
  }

  /** Once: whoever waits already keeps its turn. */
  add(want: Want): void {
    const name = holderName(want.key);
    if (this.#byName.has(name)) return;
    const entry = { name, want };
    this.#byName.set(name, entry);
    this.#order.splice(this.#placeOf(entry), 0, entry);
  }

  remove(name: string): void {
    const entry = this.#byName.get(name);
    if (entry === undefined) return;
    this.#byName.delete(name);
    this.#order.splice(this.#placeOf(entry), 1);
  }

  /** Takes the first one away. */
  shift(): Want | null {
    const entry = this.#order.shift();
    if (entry === undefined) return null;
    this.#byName.delete(entry.name);
    return entry.want;
  }

  /** Where it stands, or is to stand. No two are alike: the name decides at last. */
  #placeOf(entry: Entry): number {
    let [low, high] = [0, this.#order.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (comesBefore(this.#order[middle]!, entry)) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function comesBefore(one: Entry, other: Entry): boolean {
  if (one.want.priority !== other.want.priority) return one.want.priority > other.want.priority;
  if (one.want.sinceMs !== other.want.sinceMs) return one.want.sinceMs < other.want.sinceMs;
  return one.name < other.name;
}
