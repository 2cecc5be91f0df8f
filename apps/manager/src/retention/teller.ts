import { type Clock, explain, type Log } from '@yosugara/kernel';
import { type Result, resultId, shortened } from '@yosugara/operations';
import type { Retained } from '@yosugara/protocol';

/** What one clean-up of one kind came to. */
export interface Cleaned {
  readonly rows: number;
  readonly parts: readonly string[];
  readonly state: 'done' | 'cut' | 'failed';
  readonly why: string | null;
}

export interface CleanedKind extends Cleaned {
  readonly kind: Retained;
  /** null: it was due. */
  readonly by: string | null;
  readonly days: number;
}

export interface TellerOptions {
  readonly tell: (result: Result) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

/** What went by itself is told once a day; what somebody asked for, and what failed, at once. */
const SUM_UP_MS = 86_400_000;
const MAX_MESSAGE = 1_000;
const MOST_PARTS_NAMED = 5;
/** One failing kind is told of so often at most. */
const FAILED_AGAIN_MS = 3_600_000;

/** INTERNAL events of clean-ups. */
export class CleanUpTeller {
  readonly #o: TellerOptions;
  readonly #waiting = new Map<Retained, CleanedKind>();
  readonly #failedMs = new Map<Retained, number>();
  #toldMs = Number.NEGATIVE_INFINITY;

  constructor(options: TellerOptions) {
    this.#o = options;
  }

  async note(cleaned: CleanedKind): Promise<void> {
    const { kind, by, state, rows, parts } = cleaned;
    const nowMs = this.#o.clock.wallMs();
    if (state === 'failed') {
      if (nowMs - (this.#failedMs.get(kind) ?? Number.NEGATIVE_INFINITY) < FAILED_AGAIN_MS) return;
      this.#failedMs.set(kind, nowMs);
      return void (await this.#tell(`${kind}/failed`, 'warning', `clean-up of ${kind} failed: ${cleaned.why ?? ''}`, [cleaned]));
    }
    this.#failedMs.delete(kind);
    if (by !== null) return void (await this.#tell(kind, 'info', `clean-up asked for by ${by}: ${said(cleaned)}`, [cleaned]));
    if (rows === 0 && parts.length === 0) return;
    const before = this.#waiting.get(kind);
    this.#waiting.set(
      kind,
      before === undefined ? cleaned : { ...cleaned, rows: before.rows + rows, parts: [...before.parts, ...parts] },
    );
  }

  async tellWhatWaits(): Promise<void> {
    const all = [...this.#waiting.values()];
    if (all.length === 0 || this.#o.clock.wallMs() - this.#toldMs < SUM_UP_MS) return;
    if (!(await this.#tell('day', 'info', `clean-up: ${all.map(said).join('; ')}`, all))) return;
    this.#waiting.clear();
    this.#toldMs = this.#o.clock.wallMs();
  }

  /** The tables have it all; an event that cannot be stored holds nothing up. */
  async #tell(item: string, priority: Result['priority'], message: string, of: readonly CleanedKind[]): Promise<boolean> {
    const atMs = this.#o.clock.wallMs();
    try {
      await this.#o.tell({
        id: resultId('INTERNAL', 'INTERNAL', item, 'clean-up', String(Math.round(atMs))),
        ...{ trigger: 'internal', plugin: 'internal', monitor: 'INTERNAL', facility: 'INTERNAL', sender: null },
        ...{ item, sub: 'clean-up', priority, application: 'yosugara', message: shortened(message, MAX_MESSAGE) },
        ...{ original: shortened(of.map(said).join('\n'), MAX_MESSAGE), atMs, notifications: [] },
      });
      return true;
    } catch (error) {
      this.#o.log.warn('retention.notTold', { item, why: explain(error) });
      return false;
    }
  }
}

function said({ kind, rows, parts, days, state, why }: CleanedKind): string {
  const named = [...parts.slice(0, MOST_PARTS_NAMED), ...(parts.length > MOST_PARTS_NAMED ? ['…'] : [])].join(', ');
  const went = [...(rows > 0 || parts.length === 0 ? [`${rows} rows`] : []), ...(parts.length > 0 ? [`all of ${named}`] : [])];
  return `${kind} older than ${days} days: ${went.join(' and ')} deleted${state === 'cut' ? ` (${why})` : ''}`;
}
