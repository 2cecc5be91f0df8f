import type { RaftEffect, Restored } from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';

/** Where the consensus log lives. A rejected promise is fatal for the process: an fsync that failed is never retried. */
export interface RaftDisk {
  /** Empty directory: term 0, no vote, no entries, a new incarnation. Counts as a start of it. @throws JournalCorruptError — a hole or a bad CRC before the last record. */
  load(): Promise<Restored>;
  /** Resolves when everything in `change` is on disk (fsync, in an order that a crash in between leaves readable). */
  persist(change: Extract<RaftEffect, { kind: 'persist' }>): Promise<void>;
  /** From now on this directory is another member's life. @returns its incarnation, durable. */
  renew(): Promise<string>;
  close(): Promise<void>;
}

/**
 * Datagrams between members: they may be lost, doubled, reordered or come late in a burst; never forged.
 * Doubles of one send (it travels by two ways) are dropped by (sender's boot, sequence) before `onMessage`.
 */
export interface Mailbox {
  start(): Promise<void>;
  /** Never blocks and never throws; a full outbox drops the oldest. */
  send(to: NodeId, body: Uint8Array): void;
  onMessage(handler: (from: NodeId, body: Uint8Array) => void): void;
  /** For status: which members are connected directly, and how the last message of each came. */
  links(): readonly {
    readonly peer: NodeId;
    readonly direct: boolean;
    readonly lastVia: 'stream' | 'gossip' | null;
    readonly relayedBy: NodeId | null;
  }[];
  stop(): Promise<void>;
}
