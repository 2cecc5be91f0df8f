import type { Log } from '@yosugara/kernel';
import type { RawRecord } from '@yosugara/operations';
import type { AwayAnswer, AwayRange } from '../receive/away.js';
import type { AwayJournals } from './ports.js';

/** How often the other node is asked again when it cannot be, or does not answer. */
const AGAIN_MS = 1_000;
/** Answers that are under way or not yet taken. */
const MAX_OPEN = 4;

interface Ask {
  /** Since then nothing was answered. */
  sinceMs: number;
  /** What was asked last. */
  range: AwayRange;
  state: 'asking' | 'answered' | 'idle';
  answer: AwayAnswer<RawRecord>;
  againAtMs: number;
  fetched: number;
}

export type Asked =
  | Exclude<AwayAnswer<RawRecord>, { kind: 'unasked' }>
  | { readonly kind: 'waits' }
  /** For so long it could not be asked. */
  | { readonly kind: 'unasked'; readonly forMs: number; readonly why: string };

const NOTHING: AwayAnswer<RawRecord> = { kind: 'unasked', why: 'not asked' };

/** Questions to the other node for records that this one lacks, asked beside the reading of everything else. */
export class AwayAsks {
  readonly #away: AwayJournals;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #onAnswer: () => void;
  /** By lane. */
  readonly #asks = new Map<string, Ask>();

  constructor(away: AwayJournals, log: Log, nowMs: () => number, onAnswer: () => void) {
    this.#away = away;
    this.#log = log;
    this.#nowMs = nowMs;
    this.#onAnswer = onAnswer;
  }

  /**
   * To be called again until it answers with anything but `waits`; what is `unasked` is asked again by itself.
   * @param why null: nothing is known to be missing.
   */
  ask(lane: string, range: AwayRange, why: string | null): Asked {
    const nowMs = this.#nowMs();
    let ask = this.#asks.get(lane);
    if (ask === undefined) {
      if (why !== null) this.#log.warn('ingest.asks_peer', { ...range, why });
      ask = { sinceMs: nowMs, range, state: 'idle', answer: NOTHING, againAtMs: nowMs, fetched: 0 };
      this.#asks.set(lane, ask);
    }
    if (ask.state === 'idle' && nowMs >= ask.againAtMs && this.#open < MAX_OPEN) this.#send(ask, range);
    if (ask.state !== 'answered') return { kind: 'waits' };
    ask.state = 'idle';
    ask.againAtMs = nowMs;
    const { answer } = ask;
    const isOfNow = ask.range.fromSeq === range.fromSeq;
    if (isOfNow && answer.kind === 'found' && isInOrder(answer.records, ask.range)) {
      ask.sinceMs = nowMs;
      ask.fetched += answer.records.length;
      return answer;
    }
    if (isOfNow && answer.kind === 'missing' && answer.throughSeq >= range.fromSeq)
      return { kind: 'missing', throughSeq: Math.min(answer.throughSeq, range.throughSeq) };
    ask.againAtMs = nowMs + AGAIN_MS;
    const says = answer.kind === 'unasked' ? answer.why : 'the peer answered something else than was asked';
    return { kind: 'unasked', forMs: nowMs - ask.sinceMs, why: says };
  }

  isAsking(lane: string): boolean {
    return this.#asks.has(lane);
  }

  /** Nothing more is to be asked for this lane now. */
  done(lane: string, journalId: string): void {
    const ask = this.#asks.get(lane);
    if (ask === undefined) return;
    this.#asks.delete(lane);
    if (ask.fetched > 0) this.#log.info('ingest.fetched', { journalId, through: ask.range.throughSeq, records: ask.fetched });
  }

  get #open(): number {
    let open = 0;
    for (const { state } of this.#asks.values()) if (state !== 'idle') open++;
    return open;
  }

  #send(ask: Ask, range: AwayRange): void {
    ask.range = range;
    ask.state = 'asking';
    void this.#away.read(range).then((answer) => {
      ask.answer = answer;
      ask.state = 'answered';
      this.#onAnswer();
    });
  }
}

/** Only what was asked for, without a hole, as a local read gives it. */
function isInOrder(records: readonly RawRecord[], { fromSeq, throughSeq }: AwayRange): boolean {
  return records.length > 0 && records.every(({ seq }, at) => seq === fromSeq + at && seq <= throughSeq);
}
