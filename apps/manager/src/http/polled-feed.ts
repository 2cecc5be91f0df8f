import type { OnApplicationShutdown } from '@nestjs/common';
import { explain, type Log } from '@yosugara/kernel';

/** A net under what is told on the Master, and what a Standby lives by. */
const POLL_MS = 500;

export interface Look<Row, At> {
  readonly rows: readonly Row[];
  readonly through: At;
  /** There is more: the next look follows at once. */
  readonly isMore: boolean;
}

/** `through`: with these all is told up to there. */
export type FeedListener<Row, At> = (rows: readonly Row[], through: At) => void;

/** What is new or changed in the database, while somebody listens: one look serves every listener. */
export abstract class PolledFeed<Row, At> implements OnApplicationShutdown {
  readonly #log: Log;
  readonly #failed: string;
  readonly #listeners = new Set<FeedListener<Row, At>>();
  #at: At | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isLooking = false;

  /** @param failed what the log calls a look that failed */
  protected constructor(log: Log, failed: string) {
    this.#log = log;
    this.#failed = failed;
  }

  protected abstract newest(): Promise<At>;
  protected abstract look(at: At): Promise<Look<Row, At>>;

  /** From the next look on. Returns the unsubscribe. */
  listen(listener: FeedListener<Row, At>): () => void {
    this.#listeners.add(listener);
    if (this.#listeners.size === 1) {
      this.#at = null;
      this.plan(0);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) clearTimeout(this.#timer);
    };
  }

  /** All that is stored from when this resolves on will be told; what was stored before is read by whoever wants it. @returns from where on. */
  async begun(): Promise<At> {
    if (this.#at !== null) return this.#at;
    const newest = await this.newest();
    // Somebody else may have asked meanwhile, and been answered.
    this.#at ??= newest;
    return this.#at;
  }

  /** Somebody changed something: it is told at once. */
  poke(): void {
    this.plan(0);
  }

  onApplicationShutdown(): void {
    this.#listeners.clear();
    clearTimeout(this.#timer);
  }

  protected plan(ms: number): void {
    if (this.#listeners.size === 0) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#lookOnce(), ms);
  }

  async #lookOnce(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    let isMore = false;
    try {
      const found = await this.look(await this.begun());
      this.#at = found.through;
      ({ isMore } = found);
      if (found.rows.length > 0) for (const listener of [...this.#listeners]) listener(found.rows, found.through);
    } catch (error) {
      this.#log.debug(this.#failed, { why: explain(error) });
    } finally {
      this.#isLooking = false;
      this.plan(isMore ? 0 : POLL_MS);
    }
  }
}
