import type { Epoch } from '@yosugara/kernel';
import type { Chain, Collected, NotifyMemory, Result, Told } from '@yosugara/operations';
import type { Priority } from '@yosugara/protocol';

/** A line of the event view. Its id is that of the thing told: stored twice, it is there once. */
export interface EventToStore {
  readonly told: Told;
  /** `unconfirmed`, unless the notification says otherwise for this priority. */
  readonly state: 'unconfirmed' | 'confirming' | 'confirmed';
  /** Path of the scope as it is shown; of a sender that is no node, the sender. */
  readonly scope: string;
}

/** Of a storm nothing is an event of its own: one event stands for all. */
export interface EventFold {
  /** Id of what was told. */
  readonly into: string;
  /** For how many it stands by now. */
  readonly count: number;
  readonly atMs: number;
}

/** The present state of one thing; replaced by what comes later. */
export interface StatusToStore {
  readonly told: Told;
  readonly scope: string;
  /** null = for ever. */
  readonly expiresAtMs: number | null;
  /** What it becomes then; null = it goes. */
  readonly expiresTo: Priority | null;
}

/** What leaves the cluster. */
export interface OutboxEntry {
  readonly told: Told;
  /** All that the sender needs, rendered: settings may change before it is sent. No secrets: those are read when it is sent. */
  readonly payload: unknown;
  /** ms since 1970; not before. */
  readonly dueAtMs: number;
  /** Given up then, with an INTERNAL event. */
  readonly untilMs: number;
  /** Of an escalation: where one of the same problem is under way, one of both is not. */
  readonly chain?: Chain;
}

/** State of one monitor's item: what its next judgement needs (`libs/operations/src/monitors`). null = nothing any more. */
export interface MonitorMemory {
  readonly monitor: string;
  readonly facility: string;
  readonly item: string;
  readonly state: unknown;
}

/** Newest tick done; `skipped` more than before. */
export interface TickDone {
  readonly monitor: string;
  readonly facility: string;
  readonly dueAtMs: number;
  readonly skipped: number;
}

/** What follows from a set of samples: stored whole or not at all, in one transaction under the epoch. */
export interface OperationsBatch {
  readonly events: readonly EventToStore[];
  /** Missing: none. */
  readonly folds?: readonly EventFold[];
  readonly statuses: readonly StatusToStore[];
  readonly outbox: readonly OutboxEntry[];
  readonly collected: readonly Collected[];
  readonly monitorMemory: readonly MonitorMemory[];
  readonly notifyMemory: readonly NotifyMemory[];
  readonly ticks: readonly TickDone[];
  /** Of results that told nobody nothing is kept; this is for counters and the live view. */
  readonly results: readonly Result[];
}

/** All that monitors and notifications remember, of one instant. */
export interface OperationsMemory {
  /** Grows with every batch of `storeOperations`. */
  readonly version: number;
  readonly monitors: readonly MonitorMemory[];
  readonly notifications: readonly NotifyMemory[];
  readonly ticks: readonly TickDone[];
}

/** The Master's database. Every method has a deadline of its own. */
export interface OperationsStore {
  /**
   * Of messages the batch goes with `IngestStore.storeBatch` instead, which has a version of its own.
   * @param version of the memories that the batch was made from; another one in the database refuses it.
   * @throws StaleEpochError, StaleProgressError — nothing was stored. CommitUnknownError — perhaps it was: read the memories again.
   */
  storeOperations(batch: OperationsBatch, epoch: Epoch, version: number): Promise<void>;
  /** All of them, when an owner begins. */
  loadMemory(): Promise<OperationsMemory>;
}

export const EMPTY_BATCH: OperationsBatch = {
  ...{ events: [], statuses: [], outbox: [], collected: [], monitorMemory: [], notifyMemory: [], ticks: [], results: [] },
};
