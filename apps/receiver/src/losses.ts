import type { ReceiverJournal } from '@yosugara/journal';
import type { Log } from '@yosugara/kernel';
import type { Listener, SourceGate } from '@yosugara/receivers';

const LOOK_MS = 1_000;
/** Refusals are said at once, and then no more often than this. */
const REFUSED_MS = 10_000;

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
  #droppedNow = new Map<Listener, number>();
  #refusedFull = 0;
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
    return [...this.#droppedNow.values()].reduce((sum, drops) => sum + drops, this.#droppedBefore);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#sayRefused();
  }

  #look(): void {
    const { journal, gate } = this.#parts;
    const { refusedFull } = journal.stats();
    this.journalFull = refusedFull > this.#refusedFull;
    this.#refusedFull = refusedFull;
    gate.tick();
    if (performance.now() - this.#saidMs >= REFUSED_MS) this.#sayRefused();
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
    const now = new Map(listeners.map((listener, index) => [listener, drops[index] ?? this.#droppedNow.get(listener) ?? 0]));
    for (const [listener, before] of this.#droppedNow) if (!now.has(listener)) this.#droppedBefore += before;
    this.#droppedNow = now;
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
    this.#parts.log.warn('receiver.refused', { counts: news });
  }
}
