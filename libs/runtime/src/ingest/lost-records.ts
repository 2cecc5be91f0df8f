/** Records of a journal that ingest went on behind, since neither node has them. Both ends inclusive. */
export interface LostStretch {
  readonly journalId: string;
  readonly from: number;
  readonly through: number;
  readonly why: string;
}

export interface NotedStretch extends LostStretch {
  /** When it was noted first. */
  readonly atMs: number;
}

/** Told apart; further ones are only counted. */
const MAX_STRETCHES = 1_000;

/** What was lost, each record once: what ingest went on behind in a transaction that failed, it comes upon again. */
export class LostRecords {
  #stretches: NotedStretch[] = [];
  #untold = 0;

  add({ journalId, from, through, why }: LostStretch, atMs: number): void {
    const touches = (each: NotedStretch) => each.journalId === journalId && each.from <= through + 1 && from <= each.through + 1;
    const known = this.#stretches.filter(touches);
    this.#stretches = this.#stretches.filter((each) => !touches(each));
    this.#stretches.push({
      journalId,
      from: Math.min(from, ...known.map((each) => each.from)),
      through: Math.max(through, ...known.map((each) => each.through)),
      ...{ why, atMs: Math.min(atMs, ...known.map((each) => each.atMs)) },
    });
    if (this.#stretches.length > MAX_STRETCHES) this.#untold += sizeOf(this.#stretches.shift()!);
  }

  get records(): number {
    return this.#stretches.reduce((sum, each) => sum + sizeOf(each), this.#untold);
  }

  /** Newest first. */
  list(): readonly NotedStretch[] {
    return this.#stretches.toReversed();
  }
}

const sizeOf = ({ from, through }: LostStretch) => through - from + 1;
