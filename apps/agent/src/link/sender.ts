import type { AgentNews, FromAgent } from '@yosugara/protocol/agents';

const MAX_COUNT = 500;
const MAX_BYTES = 700_000;
/** Said and not committed: more waits. */
const WINDOW = 4_000;
const WINDOW_BYTES = 8 * 1_048_576;
const STUCK_MS = 60_000;

export interface SenderOptions {
  /** Of the ledger: from a number on. */
  readonly news: (from: number, maxCount: number, maxBytes: number) => Promise<readonly AgentNews[]>;
  readonly say: (link: number, saying: FromAgent) => boolean;
  readonly queuedBytes: (link: number) => number;
  readonly drop: (link: number, why: string) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Says news in order to whoever serves, a window ahead of what is committed; to a new Master again from what was committed last. */
export class Sender {
  readonly #o: SenderOptions;
  #link: number | null = null;
  #saidTo = 0;
  #acked = 0;
  #durableTo = 0;
  #isBusy = false;
  #again = false;
  #stuck: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SenderOptions) {
    this.#o = options;
  }

  begin(link: number, acked: number): void {
    this.#link = link;
    this.#acked = this.#saidTo = acked;
    this.#watch();
    this.kick(this.#durableTo);
  }

  end(): void {
    this.#link = null;
    clearTimeout(this.#stuck);
  }

  committed(number: number): void {
    if (number <= this.#acked) return;
    this.#acked = number;
    this.#saidTo = Math.max(this.#saidTo, number);
    this.#watch();
    this.kick(this.#durableTo);
  }

  /** @param durableTo number of the newest news on disk. */
  kick(durableTo: number): void {
    this.#durableTo = Math.max(this.#durableTo, durableTo);
    if (this.#isBusy) {
      this.#again = true;
      return;
    }
    this.#isBusy = true;
    void this.#run()
      .catch(this.#o.onFailure)
      .finally(() => {
        this.#isBusy = false;
        if (!this.#again) return;
        this.#again = false;
        this.kick(this.#durableTo);
      });
  }

  async #run(): Promise<void> {
    for (;;) {
      const link = this.#link;
      if (link === null || this.#saidTo >= this.#durableTo || this.#saidTo - this.#acked >= WINDOW) return;
      // What its host has not taken yet waits there; a committed number kicks us on.
      if (this.#o.queuedBytes(link) > WINDOW_BYTES && this.#saidTo > this.#acked) return;
      const first = this.#saidTo + 1;
      const news = await this.#o.news(first, MAX_COUNT, MAX_BYTES);
      if (this.#link !== link || this.#saidTo + 1 !== first) continue;
      if (news.length === 0 || !this.#o.say(link, { say: 'news', first, news: [...news] })) return;
      if (this.#saidTo === this.#acked) this.#watch();
      this.#saidTo += news.length;
    }
  }

  /** Said, and never committed: another connection may do better. */
  #watch(): void {
    clearTimeout(this.#stuck);
    this.#stuck = setTimeout(() => {
      if (this.#link === null || this.#saidTo <= this.#acked) return;
      this.#o.drop(this.#link, `nothing of what was told was committed within ${STUCK_MS} ms`);
    }, STUCK_MS);
    this.#stuck.unref();
  }
}
