import { decodeTrap, informAnswer } from '@yosugara/operations';
import { MessageFlag } from '@yosugara/protocol';
import type { Intake, ReceivedRecord } from './ports.js';
import { SafeAnswers } from './safe-answers.js';

export interface InformOptions {
  readonly intake: Intake;
  /** Number that the record just taken in got. */
  readonly lastSeq: () => number;
  /** Through here the sender may be told that it is safe: on both disks, or on ours while the record permits that (I1). */
  readonly safeSeq: () => number;
  readonly maxWaiting?: number;
}

type Reply = (answer: Uint8Array) => void;

/**
 * Traps into the journal, malformed ones counted; an INFORM is answered only when it is safe. A retransmission of one that is
 * known (same source, request-id and bytes) is answered again and not journaled again. Over the bound the oldest answer is forgotten:
 * the sender asks once more, and copies are then two messages rather than none.
 */
export class TrapIntake {
  readonly #options: InformOptions;
  readonly #known = new Map<string, { readonly seq: number; readonly answer: Uint8Array }>();
  readonly #answers: SafeAnswers;
  readonly malformed = new Map<string, number>();

  constructor(options: InformOptions) {
    this.#options = options;
    this.#answers = new SafeAnswers(options);
  }

  take(record: ReceivedRecord, reply: Reply): boolean {
    const outcome = decodeTrap(record.raw);
    if (outcome.kind === 'malformed') {
      // Kept all the same: it is a message with a reason.
      this.#count(`${outcome.reason} ${record.source.address}`);
      return this.#options.intake(record);
    }
    const answer = informAnswer(record.raw, outcome.trap);
    if (answer === null) return this.#options.intake(record);
    const key = `${record.source.address} ${record.source.port} ${outcome.trap.requestId} ${Buffer.from(record.raw).toString('latin1')}`;
    const known = this.#known.get(key) ?? this.#journal(key, record, answer);
    if (known === null) return false;
    this.#answers.whenSafe(known.seq, () => reply(known.answer));
    return true;
  }

  /** To be called when `safeSeq` may have grown. */
  answerWhatIsSafe(): void {
    this.#answers.release();
  }

  #journal(
    key: string,
    record: ReceivedRecord,
    answer: Uint8Array,
  ): { readonly seq: number; readonly answer: Uint8Array } | null {
    if (!this.#options.intake({ ...record, flags: record.flags | MessageFlag.inform })) return null;
    const entry = { seq: this.#options.lastSeq(), answer };
    this.#known.set(key, entry);
    for (const [oldest, { seq }] of this.#known) {
      if (this.#known.size <= (this.#options.maxWaiting ?? 10_000)) break;
      this.#known.delete(oldest);
      this.#answers.forget(seq);
    }
    return entry;
  }

  #count(key: string): void {
    // Bounded: sources can be forged.
    const bounded = this.malformed.size < 1_000 || this.malformed.has(key) ? key : 'other';
    this.malformed.set(bounded, (this.malformed.get(bounded) ?? 0) + 1);
  }
}
