import { explain, type Log } from '@yosugara/kernel';
import { goneOf } from './away.js';
import type { HeldJournal, OwnJournal, PeerChannel } from './ports.js';
import { type CopyFrame, encodeFrame } from './wire.js';

export interface CopySessionOptions {
  readonly journal: OwnJournal;
  readonly log: Log;
}

const BATCH_BYTES = 256 * 1024;
/** Records sent and not yet acknowledged. */
const MAX_IN_FLIGHT = 16;
const FULL_RETRY_MS = 1_000;

/** Where each journal stands on one connection. */
export class CopySession {
  readonly #options: CopySessionOptions;
  readonly #acked: ReadonlyMap<string, number>;
  readonly #channel: PeerChannel;
  readonly #next = new Map<string, number>();
  /** As said last. */
  #keeps: string | null = null;
  #begun = false;
  #ended = false;
  #pumping = false;
  #again = false;
  #inFlight = 0;
  #holdUntilMs = 0;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: CopySessionOptions, acked: ReadonlyMap<string, number>, channel: PeerChannel) {
    this.#options = options;
    this.#acked = acked;
    this.#channel = channel;
  }

  send(frame: CopyFrame): void {
    this.#channel.send(encodeFrame(frame));
  }

  begin(held: readonly HeldJournal[]): void {
    for (const { journalId, durableSeq } of held) this.#next.set(journalId, durableSeq + 1);
    this.#begun = true;
    this.pump();
  }

  /**
   * The holder lets a journal go when both databases hold its rows. If one then goes back, before the first of them, nobody there knows
   * of it: it does not come by copying, since it was there. null = as said before. The one being written is never let go wholly.
   */
  keepsToSay(): readonly HeldJournal[] | null {
    if (!this.#begun) return null;
    const { journal } = this.#options;
    const keeps = journal.journals().flatMap(({ journalId, firstSeq, lastDurableSeq }) => {
      const durableSeq = Math.min(lastDurableSeq, this.#acked.get(journalId) ?? 0);
      return journalId === journal.journalId || durableSeq < firstSeq ? [] : [{ journalId, durableSeq }];
    });
    const said = keeps.map(({ journalId, durableSeq }) => `${journalId} ${durableSeq}`).join();
    if (said === this.#keeps) return null;
    this.#keeps = said;
    return keeps;
  }

  acknowledged(): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.pump();
  }

  /** What is in flight behind the refused records will be refused as well; each refusal sets the same place. */
  resend(journalId: string, fromSeq: number, full: boolean): void {
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.#next.set(journalId, fromSeq);
    if (full) this.#holdUntilMs = performance.now() + FULL_RETRY_MS;
    this.#retry ??= setTimeout(() => this.#retryNow(), full ? FULL_RETRY_MS : 0);
  }

  end(): void {
    this.#ended = true;
    clearTimeout(this.#retry);
  }

  /** A timer may fire a fraction of a millisecond early, and a later refusal puts the end off: nobody else would ask again. */
  #retryNow(): void {
    this.#retry = undefined;
    const leftMs = this.#holdUntilMs - performance.now();
    if (leftMs > 0) this.#retry = setTimeout(() => this.#retryNow(), Math.ceil(leftMs));
    else this.pump();
  }

  /** Sends as much as may be in flight. One at a time; a call meanwhile makes it look once more. */
  pump(): void {
    if (this.#pumping) {
      this.#again = true;
      return;
    }
    this.#pumping = true;
    void this.#pump()
      .catch((error: unknown) => this.#channel.close(explain(error)))
      .finally(() => {
        this.#pumping = false;
        if (this.#again && !this.#ended) {
          this.#again = false;
          this.pump();
        }
      });
  }

  async #pump(): Promise<void> {
    while (this.#begun && !this.#ended && this.#inFlight < MAX_IN_FLIGHT && performance.now() >= this.#holdUntilMs) {
      const batch = await this.#nextBatch();
      if (batch === null || this.#ended) return;
      this.#channel.send(encodeFrame({ type: 'records', journalId: batch.journalId, records: batch.records }));
      this.#inFlight++;
    }
  }

  /** Journals in their order: a younger one begins when the older one is sent, so the copy never has a younger journal with an unfinished older one. */
  async #nextBatch(): Promise<{ readonly journalId: string; readonly records: readonly Uint8Array[] } | null> {
    for (const { journalId, firstSeq, lastDurableSeq } of this.#options.journal.journals()) {
      const known = this.#next.get(journalId);
      if (known === undefined && lastDurableSeq < firstSeq) continue;
      const next = known === undefined ? this.#startOf(journalId, firstSeq) : this.#atLeast(journalId, known, firstSeq);
      if (next > lastDurableSeq) continue;
      const records = await this.#read(journalId, next);
      if (records === null) return await this.#nextBatch();
      // A refusal came in while the disk was read: its place counts.
      if (this.#next.get(journalId) !== next) return await this.#nextBatch();
      this.#next.set(journalId, next + records.length);
      return records.length === 0 ? null : { journalId, records };
    }
    return null;
  }

  /** null: what comes next is damaged here and was never copied, so it is nowhere. Said, and gone on behind it: the rest is not. */
  async #read(journalId: string, from: number): Promise<readonly Uint8Array[] | null> {
    try {
      const recent = this.#options.journal.recent?.(journalId, from, BATCH_BYTES) ?? null;
      return recent ?? (await this.#options.journal.readEncoded(journalId, from, BATCH_BYTES));
    } catch (error) {
      const gone = goneOf(error);
      if (gone === null || gone.from > from || gone.through < from) throw error;
      if (this.#next.get(journalId) !== from) return null;
      this.#options.log.error('copy.damaged', { journalId, from, through: gone.through, why: explain(error) });
      this.#startOf(journalId, gone.through + 1);
      return null;
    }
  }

  #startOf(journalId: string, firstSeq: number): number {
    if (firstSeq > 1) this.#channel.send(encodeFrame({ type: 'begin', journalId, firstSeq }));
    this.#next.set(journalId, firstSeq);
    return firstSeq;
  }

  /**
   * The peer holds the beginning and lost what it had said was on its disk; this node has let that go, since both databases
   * held the rows. Said here and there, and begun anew from what is left: what comes now must not wait for what is gone.
   */
  #atLeast(journalId: string, next: number, firstSeq: number): number {
    if (next >= firstSeq) return next;
    const peerHad = this.#acked.get(journalId) ?? 0;
    this.#options.log.error('copy.gap', { journalId, from: next, through: firstSeq - 1, peerHad });
    return this.#startOf(journalId, firstSeq);
  }
}
