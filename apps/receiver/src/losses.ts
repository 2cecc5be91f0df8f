import type { ReceiverJournal } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { ReceiverReport } from '@yosugara/protocol';
import type { Listener, SourceGate } from '@yosugara/receivers';

const LOOK_MS = 1_000;
/** Refusals are said at once, and then no more often than this. */
const REFUSED_MS = 10_000;
/** What `lately` looks back on, in steps of `REFUSED_MS`: at least as long as somebody needs to come and look. */
const LATELY_MS = 300_000;
/** Refused since a source sent too much, not since it may not or says nothing that is understood. */
const LIMITS: ReadonlySet<string> = new Set(['rate', 'connections', 'all_connections']);

interface Step {
  readonly atMs: number;
  /** When it began. */
  readonly kernelDropsBefore: number;
  readonly bySource: Map<string, number>;
}

export interface LossParts {
  readonly journal: Pick<ReceiverJournal, 'stats'>;
  readonly listeners: () => readonly Listener[];
  readonly gate: SourceGate;
  readonly log: Log;
}

/** Counts what did not get into the journal, and says it: silence about loss is a defect. */
export class Losses {
  readonly #parts: LossParts;
  readonly #timer: NodeJS.Timeout;
  /** Of listeners that are closed, such as those of a VIP that has gone. */
  #droppedBefore = 0;
  /** null: cannot be told. */
  #droppedNow = new Map<Listener, number | null>();
  /** One a step, oldest first. */
  #steps: Step[] = [];
  #notTaken = 0;
  #isCounting = false;
  #saidMs = Number.NEGATIVE_INFINITY;
  dropped = 0;
  journalFull = false;

  constructor(parts: LossParts) {
    this.#parts = parts;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
  }

  /** Datagrams that found no room in a socket's buffer. */
  get kernelDrops(): number {
    return [...this.#droppedNow.values()].reduce<number>((sum, drops) => sum + (drops ?? 0), this.#droppedBefore);
  }

  dropsOf(listener: Listener): number | null {
    return this.#droppedNow.get(listener) ?? null;
  }

  /** The last five minutes, for alarms: counts that only ever grow do not tell what goes on. */
  get lately(): NonNullable<ReceiverReport['lately']> {
    const limited = new Map<string, number>();
    for (const { bySource } of this.#steps)
      for (const [source, more] of bySource) limited.set(source, (limited.get(source) ?? 0) + more);
    const [most] = [...limited].sort((one, two) => two[1] - one[1]);
    return {
      seconds: LATELY_MS / 1_000,
      kernelDrops: this.kernelDrops - (this.#steps[0]?.kernelDropsBefore ?? 0),
      limited: [...limited.values()].reduce((sum, each) => sum + each, 0),
      limitedMost: most?.[0] ?? null,
    };
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sayRefused();
  }

  #look(): void {
    const { journal, gate } = this.#parts;
    const { refusedFull, heldBackFull } = journal.stats();
    this.journalFull = refusedFull + heldBackFull > this.#notTaken;
    this.#notTaken = refusedFull + heldBackFull;
    gate.tick();
    if (performance.now() - this.#saidMs >= REFUSED_MS) this.#sayRefused();
    this.#step();
    if (this.#isCounting) return;
    this.#isCounting = true;
    void this.#countKernelDrops().finally(() => {
      this.#isCounting = false;
      this.#sayDropped();
    });
  }

  async #countKernelDrops(): Promise<void> {
    const listeners = this.#parts.listeners();
    const drops = await Promise.all(listeners.map((listener) => listener.kernelDrops()));
    const now = new Map(listeners.map((listener, index) => [listener, drops[index] ?? this.#droppedNow.get(listener) ?? null]));
    for (const [listener, before] of this.#droppedNow) if (!now.has(listener)) this.#droppedBefore += before ?? 0;
    this.#droppedNow = now;
  }

  /** The step of now; those that are too old are forgotten. */
  #step(): Step {
    const nowMs = performance.now();
    this.#steps = this.#steps.filter(({ atMs }) => nowMs - atMs < LATELY_MS);
    const last = this.#steps.at(-1);
    if (last !== undefined && nowMs - last.atMs < REFUSED_MS) return last;
    const step = { atMs: nowMs, kernelDropsBefore: this.kernelDrops, bySource: new Map<string, number>() };
    this.#steps.push(step);
    return step;
  }

  #sayDropped(): void {
    const { refusedFull, refusedBacklog } = this.#parts.journal.stats();
    const kernel = this.kernelDrops;
    const now = kernel + refusedFull + refusedBacklog;
    if (now > this.dropped)
      this.#parts.log.error('receiver.dropped', { more: now - this.dropped, kernel, refusedFull, refusedBacklog });
    this.dropped = Math.max(this.dropped, now);
  }

  #sayRefused(): void {
    const news = this.#parts.gate.takeNews();
    if (news === null) return;
    this.#saidMs = performance.now();
    const { bySource } = this.#step();
    for (const [key, more] of Object.entries(news)) {
      const [reason = '', source = ''] = key.split(' ');
      if (LIMITS.has(reason)) bySource.set(source, (bySource.get(source) ?? 0) + more);
    }
    this.#parts.log.warn('receiver.refused', { counts: news });
  }
}
