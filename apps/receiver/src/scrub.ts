import { explain, type Log } from '@yosugara/kernel';
import type { DamagedRange, JournalRange, Mendable } from '@yosugara/runtime';

/** 1 MiB/s: a gigabyte in 17 minutes, for half a percent of a core. */
const READ_BYTES = 256 * 1024;
const EVERY_MS = 250;
/** Between the end of one round and the next. */
const PAUSE_MS = 600_000;

export interface Scrubbed extends Pick<Mendable, 'readEncoded'> {
  journals(): readonly JournalRange[];
}

export interface ScrubOptions {
  readonly journals: Scrubbed;
  readonly log: Log;
  readonly onDamage: (range: DamagedRange) => void;
  readonly everyMs?: number;
  readonly pauseMs?: number;
}

/**
 * Reads what lies on the disk, again and again and slowly, so that damage is found while the other node still has what was there.
 * Ingest reads a record once; afterwards nobody would look until a take-over or a restore needs it.
 */
export class Scrub {
  readonly #options: ScrubOptions;
  readonly #told = new Set<string>();
  #timer: NodeJS.Timeout | undefined;
  #at: { readonly journalId: string; readonly seq: number } | null = null;
  #isStopped = false;

  constructor(options: ScrubOptions) {
    this.#options = options;
  }

  start(): void {
    this.#again(this.#options.everyMs ?? EVERY_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #again(ms: number): void {
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      void this.#look().then((more) => {
        this.#again(more ? (this.#options.everyMs ?? EVERY_MS) : (this.#options.pauseMs ?? PAUSE_MS));
      });
    }, ms);
  }

  /** @returns false = that was the end of a round. */
  async #look(): Promise<boolean> {
    const place = this.#place();
    if (place === null) return false;
    const { journalId, seq } = place;
    try {
      const records = await this.#options.journals.readEncoded(journalId, seq, READ_BYTES);
      this.#at = { journalId, seq: seq + Math.max(1, records.length) };
    } catch (error) {
      this.#at = { journalId, seq: this.#behind(journalId, seq, error) };
    }
    return true;
  }

  /** Where to go on: in the same journal, in the next one, or nowhere. */
  #place(): { readonly journalId: string; readonly seq: number } | null {
    const journals = this.#options.journals.journals().filter(({ firstSeq, lastDurableSeq }) => lastDurableSeq >= firstSeq);
    const at = this.#at;
    const here = at === null ? -1 : journals.findIndex(({ journalId }) => journalId === at.journalId);
    const current = journals[here];
    // Let go meanwhile, or dropped: begin anew with what there is.
    if (at !== null && current !== undefined && at.seq <= current.lastDurableSeq)
      return { journalId: at.journalId, seq: Math.max(at.seq, current.firstSeq) };
    const next = at === null || current !== undefined ? journals[here + 1] : undefined;
    this.#at = null;
    return next === undefined ? null : { journalId: next.journalId, seq: next.firstSeq };
  }

  #behind(journalId: string, seq: number, error: unknown): number {
    const lost = lostOf(error);
    // Dropped since it was listed, or cannot be read at all: others say that.
    if (lost === null) return Number.MAX_SAFE_INTEGER;
    const place = `${journalId} ${lost.from}`;
    if (!this.#told.has(place)) this.#options.log.error('journal.damaged', { journalId, ...lost, why: explain(error) });
    this.#told.add(place);
    this.#options.onDamage({ journalId, ...lost });
    return Math.max(seq, lost.through) + 1;
  }
}

function lostOf(error: unknown): { readonly from: number; readonly through: number } | null {
  const isDamage = error instanceof Error && 'code' in error && error.code === 'JOURNAL_CORRUPT' && 'lost' in error;
  return isDamage ? (error.lost as { readonly from: number; readonly through: number } | null) : null;
}
