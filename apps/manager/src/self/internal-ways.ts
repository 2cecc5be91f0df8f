import { explain, type Log } from '@yosugara/kernel';
import { internalLine, isAtLeast, type Result } from '@yosugara/operations';
import type { Priority } from '@yosugara/protocol';
import type { AppendQueue, WayStats } from './append-queue.js';
import type { PendingResults } from './pending-results.js';
import type { SyslogWay } from './syslog-way.js';

export interface InternalWaysOptions {
  readonly node: string;
  /** null = there is none. */
  readonly file: { readonly queue: AppendQueue; readonly from: Priority } | null;
  readonly syslog: readonly SyslogWay[];
  readonly pending: PendingResults;
  /** Makes them events. Resolves to the ids of those that are; rejects, or leaves some out, when it cannot be done now. */
  readonly deliver: (results: readonly Result[]) => Promise<readonly string[]>;
  readonly log: Log;
}

/** One that was written or sent is known by its id for so many more. */
const MOST_KNOWN = 5_000;
const DELIVER_EVERY_MS = 1_000;
const AT_ONCE = 100;
const CLOSE_MS = 400;

/** Where results of ourselves go: at once to the file and to syslog, which need no database, and to the events as soon as somebody takes them. */
export class InternalWays {
  readonly #o: InternalWaysOptions;
  readonly #known = new Set<string>();
  readonly #counts = new Map<Priority, number>();
  #timer: NodeJS.Timeout | undefined;
  #delivering: Promise<void> | null = null;
  #isClosed = false;
  #lastWhy = '';

  constructor(options: InternalWaysOptions) {
    this.#o = options;
    for (const { id } of options.pending.all) this.#know(id);
  }

  start(): void {
    this.#timer = setInterval(() => this.#deliverSoon(), DELIVER_EVERY_MS);
  }

  /** One that just came about. Neither throws nor waits. */
  tell(result: Result): void {
    this.note(result);
    this.#o.pending.add(result);
    this.#deliverSoon();
  }

  /** One that is an event already, or will be by another way. Neither throws nor waits. */
  note(result: Result): void {
    if (!this.#know(result.id)) return;
    const { node, file, syslog } = this.#o;
    this.#counts.set(result.priority, (this.#counts.get(result.priority) ?? 0) + 1);
    if (file !== null && isAtLeast(result.priority, file.from)) file.queue.write(internalLine(result, node));
    for (const way of syslog) if (isAtLeast(result.priority, way.from)) way.send(result);
  }

  /** One that another node wrote and sent: here it is only an event. */
  skip(result: Result): void {
    this.#know(result.id);
  }

  get told(): ReadonlyMap<Priority, number> {
    return this.#counts;
  }

  get pending(): PendingResults['stats'] {
    return this.#o.pending.stats;
  }

  /** By name: `file`, and each target of syslog. */
  get ways(): readonly (readonly [name: string, stats: WayStats])[] {
    const { file, syslog } = this.#o;
    return [
      ...(file === null ? [] : [['file', file.queue.stats] as const]),
      ...syslog.map((way) => [way.name, way.stats] as const),
    ];
  }

  /** What waits is written, as far as that is over soon. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#timer);
    const { file, syslog, pending } = this.#o;
    await Promise.all([
      file?.queue.close(CLOSE_MS),
      pending.close(CLOSE_MS),
      ...syslog.map(async (way) => await way.close(CLOSE_MS)),
    ]);
  }

  /** @returns whether it is new. */
  #know(id: string): boolean {
    if (this.#known.has(id)) return false;
    this.#known.add(id);
    for (const oldest of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    return true;
  }

  #deliverSoon(): void {
    if (this.#isClosed || this.#o.pending.stats.waiting === 0) return;
    this.#delivering ??= this.#deliver().finally(() => {
      this.#delivering = null;
    });
  }

  async #deliver(): Promise<void> {
    const { pending, deliver, log } = this.#o;
    try {
      for (const id of await deliver(pending.all.slice(0, AT_ONCE))) pending.done(id);
      this.#lastWhy = '';
    } catch (error) {
      const why = explain(error);
      if (why !== this.#lastWhy) log.debug('internal.notDelivered', { why, waiting: pending.stats.waiting });
      this.#lastWhy = why;
    }
  }
}
