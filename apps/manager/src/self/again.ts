/** One turn after the other, each so long after the one before it ended. */
export class Again {
  readonly #everyMs: () => number;
  readonly #turn: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param everyMs asked after each turn, where it is not always the same. @param turn says itself what went wrong: it never rejects. */
  constructor(everyMs: number | (() => number), turn: () => Promise<void>) {
    this.#everyMs = typeof everyMs === 'number' ? () => everyMs : everyMs;
    this.#turn = turn;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** Not at once: whoever comes up, or takes over, has other things to do. */
  start(): void {
    this.#timer = setTimeout(() => void this.#once(), this.#everyMs());
  }

  /** The first turn at once. */
  startNow(): void {
    void this.#once();
  }

  /** What is under way ends; nothing comes after it. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  async #once(): Promise<void> {
    await this.#turn();
    if (!this.#isStopped) this.start();
  }
}
