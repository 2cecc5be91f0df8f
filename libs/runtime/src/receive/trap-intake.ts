import { BoundedMap, decodeTrap, informAnswer, snmpVersion, type UsmReceiver } from '@yosugara/operations';
import { MessageFlag } from '@yosugara/protocol';
import type { Intake, ReceivedRecord } from './ports.js';
import { SafeAnswers } from './safe-answers.js';

export interface TrapIntakeOptions {
  readonly intake: Intake;
  /** Number that the record just taken in got. */
  readonly lastSeq: () => number;
  /** Through here the sender may be told that it is safe: on both disks, or on ours while the record permits that (I1). */
  readonly safeSeq: () => number;
  /** INFORMs that are remembered, and those of them that wait for their answer. */
  readonly maxWaiting?: number;
  /** CLOCK_MONOTONIC, as in the records. */
  readonly nowMs: () => number;
  /** Cryptographic: with a weak one somebody could make another's INFORM look like a retransmission. */
  readonly digest: (bytes: Uint8Array | string) => string;
  /** v1 and v2c; empty: any. */
  readonly communities?: readonly string[];
  /** v3; null: nobody is known, so none is taken. */
  readonly usm?: UsmReceiver | null;
  /** To be counted by source, and sampled. */
  readonly onRefused?: (record: ReceivedRecord, reason: string) => void;
}

type Reply = (answer: Uint8Array) => void;
/** What to keep of a packet, and how to answer it. */
interface Inform {
  /** Equal for retransmissions. */
  readonly sameness: Uint8Array | string;
  /** Made when it is sent: a v3 answer tells the time. */
  readonly answer: () => Uint8Array;
}

/** Asking for our engine id is part of the protocol: counted by the engine, and no reason for a warning. */
const DISCOVERY = 'discovery';
/** Sources can be forged. */
const MAX_COUNTED = 1_000;

/**
 * Traps into the journal. What is not from a known community or user is counted and not kept; what is, and cannot be read, is a
 * message with a reason. An INFORM is answered only when it is safe. A retransmission of one that is known (same source, and the same
 * PDU with its request-id) is answered again and not journaled again. Over the bound the oldest is forgotten: copies are
 * then two messages rather than none.
 */
export class TrapIntake {
  readonly #options: TrapIntakeOptions;
  readonly #communities: ReadonlySet<string> | null;
  readonly #known: BoundedMap<{ readonly seq: number }>;
  readonly #answers: SafeAnswers;
  #refusedTotal = 0;
  /** Kept, with a reason: by reason and address. Whoever reads them empties them. */
  readonly malformed = new Map<string, number>();

  constructor(options: TrapIntakeOptions) {
    const { communities = [], maxWaiting = 10_000 } = options;
    this.#options = options;
    this.#communities = communities.length === 0 ? null : new Set(communities);
    this.#known = new BoundedMap(2 * maxWaiting);
    this.#answers = new SafeAnswers(options);
  }

  /** Since the start. */
  get refusedTotal(): number {
    return this.#refusedTotal;
  }

  /** @returns false when the journal refuses. */
  take(record: ReceivedRecord, reply: Reply): boolean {
    return snmpVersion(record.raw) === 3 ? this.#takeV3(record, reply) : this.#takeCommunity(record, reply);
  }

  /** To be called when `safeSeq` may have grown. */
  answerWhatIsSafe(): void {
    this.#answers.release();
  }

  #takeCommunity(record: ReceivedRecord, reply: Reply): boolean {
    const outcome = decodeTrap(record.raw);
    if (outcome.kind === 'malformed') {
      // Who it is from cannot be told.
      if (this.#communities !== null) return this.#refuse(record, `malformed_${outcome.reason}`);
      count(this.malformed, `${outcome.reason} ${record.source.address}`);
      return this.#options.intake(record);
    }
    if (this.#communities?.has(outcome.trap.community) === false) return this.#refuse(record, 'unknown_community');
    const answer = informAnswer(record.raw, outcome.trap);
    if (answer === null) return this.#options.intake(record);
    return this.#takeInform(record, { sameness: record.raw, answer: () => answer }, reply);
  }

  #takeV3(record: ReceivedRecord, reply: Reply): boolean {
    const { usm, nowMs } = this.#options;
    if (!usm) return this.#refuse(record, 'no_users');
    const outcome = usm.take(record.raw, nowMs());
    switch (outcome.kind) {
      case 'refused':
        if (outcome.report !== null) reply(outcome.report);
        return this.#refuse(record, outcome.reason);
      case 'unreadable':
        count(this.malformed, `${outcome.reason} ${record.source.address}`);
        return this.#options.intake({ ...record, raw: outcome.plain });
      case 'notification': {
        const { inform, plain } = outcome;
        if (inform === null) return this.#options.intake({ ...record, raw: plain });
        const answer = () => inform.answer(nowMs());
        return this.#takeInform({ ...record, raw: plain }, { sameness: inform.sameness, answer }, reply);
      }
    }
  }

  #takeInform(record: ReceivedRecord, inform: Inform, reply: Reply): boolean {
    const key = `${record.source.address} ${record.source.port} ${this.#options.digest(inform.sameness)}`;
    const known = this.#known.get(key);
    if (known === undefined && !this.#options.intake({ ...record, flags: record.flags | MessageFlag.inform })) return false;
    const entry = known ?? { seq: this.#options.lastSeq() };
    if (known === undefined) this.#known.set(key, entry);
    // Too many wait: it is kept all the same, and the sender asks once more.
    if (!this.#answers.isFull) this.#answers.whenSafe(entry.seq, () => reply(inform.answer()));
    return true;
  }

  /** @returns true: it was dealt with. */
  #refuse(record: ReceivedRecord, reason: string): true {
    if (reason === DISCOVERY) return true;
    this.#refusedTotal++;
    this.#options.onRefused?.(record, reason);
    return true;
  }
}

function count(counts: Map<string, number>, key: string): void {
  const bounded = counts.size < MAX_COUNTED || counts.has(key) ? key : 'other';
  counts.set(bounded, (counts.get(bounded) ?? 0) + 1);
}
