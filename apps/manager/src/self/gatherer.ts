import { type Clock, DeadlineError, explain, type Log } from '@yosugara/kernel';
import type { Seen } from '@yosugara/operations';

/** What was looked at, by id of the watch. */
export type Facts = Readonly<Record<string, readonly Seen[]>>;

/** Some watches whose values come together. */
export interface Source {
  readonly name: string;
  /** Not more often. */
  readonly everyMs: number;
  /** Longer it is not waited for: nothing is known then, and it is not asked again before it has ended. */
  readonly deadlineMs: number;
  readonly look: () => Facts | Promise<Facts>;
}

const RETRY_MS = 30_000;

interface Known {
  facts: Facts | null;
  dueMs: number;
  isUnderWay: boolean;
}

/** Asks every source when it is due, each within its deadline, all at once. One that hangs or fails says nothing, and holds nobody up. */
export class Gatherer {
  readonly #sources: readonly Source[];
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #log: Log;
  readonly #known = new Map<Source, Known>();

  constructor(sources: readonly Source[], clock: Pick<Clock, 'monotonicMs'>, log: Log) {
    this.#sources = sources;
    this.#clock = clock;
    this.#log = log;
  }

  /** What is known now: just seen, or seen when it was due last. */
  async look(): Promise<ReadonlyMap<string, readonly Seen[]>> {
    await Promise.all(this.#sources.map(async (source) => await this.#ask(source)));
    return new Map(this.#sources.flatMap((source) => Object.entries(this.#known.get(source)?.facts ?? {})));
  }

  async #ask(source: Source): Promise<void> {
    const { name, everyMs, deadlineMs, look } = source;
    const known = this.#known.get(source) ?? { facts: null, dueMs: Number.NEGATIVE_INFINITY, isUnderWay: false };
    this.#known.set(source, known);
    const nowMs = this.#clock.monotonicMs();
    if (known.isUnderWay || nowMs < known.dueMs) return;
    known.dueMs = nowMs + everyMs;
    known.isUnderWay = true;
    const looking = Promise.resolve()
      .then(look)
      .finally(() => (known.isUnderWay = false));
    try {
      known.facts = await within(looking, name, deadlineMs);
    } catch (error) {
      known.facts = null;
      // What is rarely looked at need not stay unknown for as long.
      known.dueMs = Math.min(known.dueMs, nowMs + RETRY_MS);
      this.#log.debug('self.unknown', { of: name, why: explain(error) });
    }
  }
}

async function within<T>(work: Promise<T>, what: string, deadlineMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new DeadlineError(what, deadlineMs)), deadlineMs);
  });
  // It may fail when nobody waits for it any more.
  work.catch(() => undefined);
  return await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
