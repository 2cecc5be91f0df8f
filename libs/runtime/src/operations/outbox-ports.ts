import type { Epoch } from '@yosugara/kernel';
import type { EscalationLook, EscalationMemory, Told } from '@yosugara/operations';
import type { OutboxEntry } from './ports.js';

/** An entry that waits. */
export interface QueuedEntry extends OutboxEntry {
  /** Entries of one destination are sent one after the other, in the order in which they came. */
  readonly destination: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** What became of the last try. */
  readonly note: string | null;
}

export interface SendDeadline {
  /** From now; then every socket and process of this try is gone and the answer is there. */
  readonly deadlineMs: number;
  /** Aborted: this node may not send any more. Ends at once, by whatever answer or rejection. */
  readonly signal: AbortSignal;
}

/** What the other side said. */
export type Sent =
  | {
      readonly kind: 'accepted' /** What is worth knowing all the same, such as a recipient that was refused. */;
      readonly note?: string;
    }
  /** It may be taken later. */
  | { readonly kind: 'retry'; readonly why: string /** Not before; the other side asked for it. */; readonly afterMs?: number }
  /** It will never be taken. */
  | { readonly kind: 'refused'; readonly why: string };

/** How something leaves the cluster. */
export interface Notifier {
  /** Once. What the other side does is in the answer, in a whole sentence, without secrets. */
  send(entry: OutboxEntry, deadline: SendDeadline): Promise<Sent>;
  /** How long a try of this entry may take. */
  deadlineMsOf(entry: OutboxEntry): number;
  /** Lets go of what is kept open between two tries. Neither throws nor waits; more can be sent afterwards. */
  release?(): void;
}

export type Settlement =
  | { readonly id: string; readonly kind: 'done'; readonly atMs: number; readonly note: string | null }
  | { readonly id: string; readonly kind: 'again'; readonly dueAtMs: number; readonly note: string }
  | { readonly id: string; readonly kind: 'given up'; readonly atMs: number; readonly note: string };

export interface OutboxQuestion {
  readonly nowMs: number;
  /** Destinations that are not asked for. */
  readonly except: readonly string[];
  readonly destinations: number;
  /** Of one destination, at most. */
  readonly each: number;
}

export interface OutboxDepth {
  readonly waiting: number;
  /** Since when the oldest one waits that is due; ms since 1970. */
  readonly oldestAtMs: number | null;
  /** Begun and not over. */
  readonly escalations: number;
}

export type EscalationSeen = Pick<EscalationLook, 'confirmed' | 'latest' | 'wasOver'>;

/** What became of one look at an escalation. */
export interface EscalationStep {
  readonly insert: readonly OutboxEntry[];
  /** null = it is over. */
  readonly next: { readonly memory: EscalationMemory; readonly dueAtMs: number } | null;
  readonly why: string;
  readonly atMs: number;
}

/** The Master's outbox. Every method has a deadline of its own. */
export interface OutboxStore {
  /**
   * Destinations whose oldest entry is due, those first that wait longest, with their oldest entries in order.
   * @throws StaleEpochError
   */
  dueOutbox(question: OutboxQuestion, epoch: Epoch): Promise<readonly QueuedEntry[]>;
  /** May be said twice. @throws StaleEpochError — nothing was stored. CommitUnknownError — perhaps it was: say it again. */
  settleOutbox(settlement: Settlement, epoch: Epoch): Promise<void>;
  /**
   * What an escalation needs to know of its events and of the newest result. Events of its problem are those of its result, those that came
   * after it of the same key, and those that stand for them.
   * @param into events of a storm that stand for its own.
   */
  lookAtEscalation(told: Told, into: readonly string[]): Promise<EscalationSeen>;
  /** Whole or not at all; may be said twice. @throws as `settleOutbox` */
  stepEscalation(id: string, step: EscalationStep, epoch: Epoch): Promise<void>;
  outboxDepth(nowMs: number): Promise<OutboxDepth>;
  /** Forgets what was settled before; a part at a time. @returns how many. */
  forgetOutbox(beforeMs: number, epoch: Epoch): Promise<number>;
}
