import {
  BoundedMap,
  decodeTrap,
  informAnswer,
  informSameness,
  type RawRecord,
  type RecordRef,
  readV3,
  snmpVersion,
  type UsmReceiver,
} from '@yosugara/operations';
import { MessageFlag } from '@yosugara/protocol';
import type { Intake, ReceivedRecord } from './ports.js';
import { SafeAnswers } from './safe-answers.js';

export interface TrapIntakeOptions {
  readonly intake: Intake;
  /** Number that the record just taken in got. */
  readonly lastSeq: () => number;
  /** Through here the sender may be told that it is safe: on both disks, or on ours while the record permits that (I1). */
  readonly safeSeq: () => number;
  /** The same of a record of an earlier start. Missing: none was recalled. */
  readonly isSafe?: (earlier: RecordRef) => boolean;
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
const MAX_WAITING = 10_000;
/** Sources can be forged. */
const MAX_COUNTED = 1_000;
/** So long after it was last asked for an INFORM is known again. Later the same request-id is another message's. */
export const INFORM_KNOWN_MS = 900_000;

/** Journaled since this start, or before it. */
interface Known {
  readonly seq: number;
  readonly earlier: string | null;
  atMs: number;
}

/**
 * Traps into the journal. What is not from a known community or user is counted and not kept; what is, and cannot be read, is a
 * message with a reason. An INFORM is answered only when it is safe. A retransmission of one that is known (same source, and the same
 * PDU with its request-id) is answered again and not journaled again, also after a restart (`recall`). Over the bound the oldest is
 * forgotten: copies are then two messages rather than none.
 */
export class TrapIntake {
  readonly #options: TrapIntakeOptions;
  readonly #communities: ReadonlySet<string> | null;
  readonly #known: BoundedMap<Known>;
  /** INFORMs that wait until it is known again what earlier starts journaled; null: it is. */
  #waiting: (() => void)[] | null = null;
  readonly #answers: SafeAnswers;
  #refusedTotal = 0;
  /** Kept, with a reason: by reason and address. Whoever reads them empties them. */
  readonly malformed = new Map<string, number>();

  constructor(options: TrapIntakeOptions) {
    const { communities = [], maxWaiting = MAX_WAITING } = options;
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

  /**
   * What this node journaled before it was started, read back from its journals: senders go on asking for it. Meanwhile INFORMs wait;
   * all else is taken.
   */
  async recall(read: (remember: (journalId: string, record: RawRecord) => void) => Promise<void>): Promise<void> {
    this.#waiting = [];
    try {
      await read((journalId, record) => this.#remember(journalId, record));
    } finally {
      const waiting = this.#waiting;
      this.#waiting = null;
      for (const take of waiting) take();
    }
  }

  #remember(journalId: string, { kind, flags, raw, source, seq }: RawRecord): void {
    if (kind !== 'trap' || (flags & MessageFlag.inform) === 0) return;
    const sameness = journaledSameness(raw);
    const entry = { seq, earlier: journalId, atMs: this.#options.nowMs() };
    if (sameness !== null) this.#known.set(this.#keyOf(source, sameness), entry);
  }

  #keyOf({ address, port }: RawRecord['source'], sameness: Uint8Array | string): string {
    return `${address} ${port} ${this.#options.digest(sameness)}`;
  }

  #takeInform(record: ReceivedRecord, inform: Inform, reply: Reply): boolean {
    if (this.#waiting === null) return this.#takeKnown(record, inform, reply);
    if (this.#waiting.length >= (this.#options.maxWaiting ?? MAX_WAITING)) return false;
    this.#waiting.push(() => this.#takeKnown(record, inform, reply));
    return true;
  }

  #takeKnown(record: ReceivedRecord, inform: Inform, reply: Reply): boolean {
    const nowMs = this.#options.nowMs();
    const key = this.#keyOf(record.source, inform.sameness);
    const found = this.#known.get(key);
    const known = found !== undefined && nowMs - found.atMs <= INFORM_KNOWN_MS ? found : undefined;
    if (known === undefined && !this.#options.intake({ ...record, flags: record.flags | MessageFlag.inform })) return false;
    const entry = known ?? { seq: this.#options.lastSeq(), earlier: null, atMs: nowMs };
    entry.atMs = nowMs;
    if (known === undefined) this.#known.set(key, entry);
    const { seq, earlier } = entry;
    if (earlier !== null) {
      // Not safe yet: it is asked for once more.
      if (this.#options.isSafe?.({ journalId: earlier, seq }) === true) reply(inform.answer());
      return true;
    }
    // Too many wait: it is kept all the same, and the sender asks once more.
    if (!this.#answers.isFull) this.#answers.whenSafe(seq, () => reply(inform.answer()));
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

/** null: it is not what this intake journals. */
function journaledSameness(raw: Uint8Array): Uint8Array | string | null {
  if (snmpVersion(raw) !== 3) return raw;
  try {
    const message = readV3(raw);
    return informSameness(message, message.data);
  } catch {
    return null;
  }
}

function count(counts: Map<string, number>, key: string): void {
  const bounded = counts.size < MAX_COUNTED || counts.has(key) ? key : 'other';
  counts.set(bounded, (counts.get(bounded) ?? 0) + 1);
}
