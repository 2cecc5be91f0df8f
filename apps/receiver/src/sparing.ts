/** Said at once, and then no more often than this. */
const SPARING_MS = 10_000;

/** What one line stands for. */
export interface Summed {
  /** The last one's word. */
  readonly why: string;
  /** Since the line before. */
  readonly times: number;
}

/** Something that others can make happen as often as they like: the first is said at once, those that follow in one line together. */
export class Sparing {
  readonly #say: (summed: Summed) => void;
  readonly #everyMs: number;
  #why = '';
  #times = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(say: (summed: Summed) => void, everyMs = SPARING_MS) {
    this.#say = say;
    this.#everyMs = everyMs;
  }

  happened(why: string): void {
    this.#why = why;
    this.#times++;
    if (this.#timer === undefined) this.#tell();
  }

  /** What was not said yet is said now. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#times > 0) this.#say(this.#taken());
  }

  #tell(): void {
    this.#timer = undefined;
    if (this.#times === 0) return;
    this.#say(this.#taken());
    this.#timer = setTimeout(() => this.#tell(), this.#everyMs);
  }

  #taken(): Summed {
    const summed = { why: this.#why, times: this.#times };
    this.#times = 0;
    return summed;
  }
}
