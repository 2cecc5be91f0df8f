import { type Clock, explain, type Log } from '@yosugara/kernel';
import {
  MERGE_LIMITS,
  type MergeEffect,
  type MergeLimits,
  type MergeRecord,
  type MergeState,
  type MibStore,
  mergeBegin,
  mergeBehind,
  mergeHeld,
  mergeStep,
  type RecordRef,
  type SourceProperties,
  type Tally,
} from '@yosugara/operations';
import type { RoleNotice, Watermark } from '@yosugara/protocol';
import { PermittedLoop } from '../loops/permitted-loop.js';
import type { LineOperations, LineOperator } from '../operations/lines.js';
import type { OperationsBatch } from '../operations/ports.js';
import { batchOf } from './batch-of.js';
import { JournalFeed } from './feed.js';
import { letGoThrough } from './lanes.js';
import { LatePartners } from './late-partners.js';
import type { LostStretch } from './lost-records.js';
import {
  type AwayJournals,
  type IngestMark,
  type IngestPermit,
  type IngestStore,
  type JournalFiles,
  type MessageToStore,
  type RefusedRow,
  StaleEpochError,
} from './ports.js';

export interface IngestOptions {
  /** This node and the other data node. */
  readonly self: string;
  readonly peer: string;
  /** Segment files of `journal/own` and `journal/peer`. */
  readonly own: JournalFiles;
  readonly peerCopy: JournalFiles;
  /** Asked for what is on neither; missing: nobody is. */
  readonly away?: AwayJournals;
  readonly store: IngestStore;
  /** The receiver's newest word; null = none yet, or the receiver is gone. */
  readonly watermark: () => Watermark | null;
  /** null = not now. Asked before every transaction. */
  readonly permit: () => IngestPermit | null;
  readonly clock: Clock;
  readonly log: Log;
  /** What is configured of single sources, by address; the same on both nodes, or copies do not match after a take-over. */
  readonly sources?: ReadonlyMap<string, SourceProperties>;
  /** Names for what traps say, as they are now. Missing: none. */
  readonly mibs?: () => MibStore;
  /** What monitors make of the rows. Missing: nothing. */
  readonly operations?: LineOperations;
  /** What of that was just stored. Must not throw, must not wait. */
  readonly onOperated?: (batch: OperationsBatch) => void;
  /** Rows just stored, for whoever watches live; at most `maxBatch`. Must not throw, must not wait. */
  readonly onStored?: (rows: readonly MessageToStore[]) => void;
  /** What was just stored, by source. Likewise. */
  readonly onCounted?: (tallies: readonly Tally[]) => void;
  /** Positions durable in both databases: the journals may let go through here. */
  readonly onIngested?: (positions: readonly RecordRef[]) => void;
  /** Records of a journal that cannot be read: to be mended with the other node's copy. */
  readonly onDamage?: (range: { readonly journalId: string; readonly from: number; readonly through: number }) => void;
  /** Neither node has these, and ingest goes on behind them. Said again after a transaction that failed. Must not throw, must not wait. */
  readonly onLost?: (stretch: LostStretch) => void;
  /** Rows that the database refused, and that are stored without what was read from their bytes. Must not throw, must not wait. */
  readonly onRefused?: (rows: readonly RefusedRow[]) => void;
  /** The database belongs to a younger epoch. */
  readonly onStale?: (error: StaleEpochError) => void;
  readonly limits?: MergeLimits;
  readonly maxBatch?: number;
  readonly batchMs?: number;
}

/** Read and not yet stored. Reached: the journals are not read on; they are the buffer. */
const MAX_HELD = 20_000;
/** The same: a message may have megabytes. */
const MAX_HELD_BYTES = 64 * 1024 * 1024;
/** A batch ends with the message that reaches it: it must be stored within its deadline. */
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const IDLE_MS = 250;
const BACKOFF_MS = { first: 100, most: 1_000 };
const INGESTED_EVERY_MS = 1_000;
const MARK_EVERY_MS = 5_000;
/** Of refused rows, in one line of the log. */
const MOST_SAID = 5;

interface Work {
  readonly epoch: number;
  version: number;
  state: MergeState;
  readonly feed: JournalFeed;
  readonly operator: LineOperator | null;
  readonly positions: Map<string, number>;
  /** Journals that moved since the last mark; null: nothing was marked yet. */
  moved: Set<string> | null;
  markedAtMs: number;
}

const hasRoom = ({ state, feed }: Work): boolean => mergeHeld(state) < MAX_HELD && feed.heldBytes < MAX_HELD_BYTES;

/** What the manager may do by the controller's word. */
export function ingestPermitOf(notice: RoleNotice | null): IngestPermit | null {
  if (notice === null || notice.mode !== 'active') return null;
  return {
    epoch: notice.epoch as IngestPermit['epoch'],
    leaseUntilMs: notice.leaseUntilMs,
    ingestAlone: notice.ingestAlone,
    bothDatabases: notice.syncSet.length >= 2,
  };
}

/**
 * From both journals into PostgreSQL, exactly once, while permitted. Whatever fails, the state is thrown away and built again
 * from the database: a crash and an error are one path.
 */
export class IngestLoop {
  readonly #options: IngestOptions;
  readonly #loop: PermittedLoop<IngestPermit>;
  readonly #partners: LatePartners;
  #work: Work | null = null;
  #lastStoreMs = Number.NEGATIVE_INFINITY;
  #lastIngestedMs = Number.NEGATIVE_INFINITY;
  /** Through here batches were acknowledged by the database; what of it was so at the last telling. */
  #stored: readonly RecordRef[] | null = null;
  #ripening: readonly RecordRef[] | null = null;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#partners = new LatePartners(options.store);
    this.#loop = new PermittedLoop({
      ...{ permit: options.permit, clock: options.clock, backoffMs: BACKOFF_MS, turn: async () => await this.#turn() },
      onFailure: (error) => {
        this.#work = null;
        options.log.warn('ingest.again', { why: explain(error) });
        if (error instanceof StaleEpochError) options.onStale?.(error);
      },
      onEnd: () => void (this.#work = null),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** The watermark or the permit changed. */
  poke(): void {
    this.#loop.poke();
  }

  /** Within 1 s; a transaction that hangs longer is left to its own deadline and to the fences. */
  async stop(): Promise<void> {
    await this.#loop.stop();
  }

  /** When it last went around, by the monotonic clock; null = not yet. */
  get movedAtMs(): number | null {
    return this.#loop.movedAtMs;
  }

  /** Records that may be consumed and are not yet stored; for the manager's report. */
  get behind(): number {
    const mark = this.#options.watermark();
    if (this.#work === null || mark === null) return 0;
    return mergeHeld(this.#work.state) + this.#work.feed.behind(mark, this.#options.permit()?.ingestAlone ?? false);
  }

  /** Records that ingest went on behind, since the other node, which may have them, could not be asked. */
  get owed(): number {
    return this.#work?.feed.owed ?? 0;
  }

  /** Once around: read, merge, store. @returns ms until there may be something to do. */
  async #turn(): Promise<number> {
    const { clock, watermark, batchMs = 50, maxBatch = 5_000 } = this.#options;
    const permit = this.#loop.permitNow();
    const mark = watermark();
    this.#tellIngested(permit);
    if (permit === null || this.#work?.epoch !== permit.epoch) this.#work = null;
    if (permit === null || mark === null) return IDLE_MS;
    const work = (this.#work ??= await this.#begin(permit));
    this.#setOffset(work, mark);
    let read = 0;
    for (let reads = 0; reads < 2 && hasRoom(work); reads++) read += await this.#takeNext(work, mark, permit.ingestAlone);
    const held = mergeHeld(work.state);
    const sinceMs = clock.monotonicMs() - this.#lastStoreMs;
    if (held < maxBatch && sinceMs < batchMs) return read > 0 ? 0 : batchMs - sinceMs;
    const consumed = held === 0 && !work.feed.hasPositionsToSay ? 0 : await this.#flush(work, mark, maxBatch);
    if (read > 0 || consumed > 0) return 0;
    return held > 0 ? 10 : IDLE_MS;
  }

  async #begin(permit: IngestPermit): Promise<Work> {
    const { self, peer, store, own, peerCopy, away, log, clock, sources, limits = MERGE_LIMITS } = this.#options;
    const progress = await store.loadProgress();
    // Behind the progress: what a commit between them added is in these, and its version refuses what is built on them.
    const operator = (await this.#options.operations?.begin()) ?? null;
    const nodes: [string, string] = self < peer ? [self, peer] : [peer, self];
    const known = {
      ...(sources === undefined ? {} : { sources }),
      ...(away === undefined ? {} : { away }),
      ...{ onDamage: this.#options.onDamage, onLost: this.#options.onLost },
    };
    const feed = new JournalFeed(
      { self, own, peer: peerCopy, log, nowMs: () => clock.monotonicMs(), onArrived: () => this.poke(), ...known },
      progress.positions,
    );
    log.info('ingest.begins', {
      epoch: permit.epoch,
      version: progress.version,
      positions: Object.fromEntries(progress.positions),
    });
    return {
      epoch: permit.epoch,
      version: progress.version,
      state: mergeBegin(nodes, progress.window, limits),
      feed,
      operator,
      positions: new Map(progress.positions),
      moved: null,
      markedAtMs: Number.NEGATIVE_INFINITY,
    };
  }

  /** The window's offset is the second node's clock minus the first's, by name, whichever node is Master. */
  #setOffset(work: Work, mark: Watermark): void {
    if (mark.clockOffsetUs === null) return;
    const offsetUs = this.#options.self < this.#options.peer ? mark.clockOffsetUs : -mark.clockOffsetUs;
    work.state = mergeStep(work.state, { kind: 'offset', offsetUs }).state;
  }

  /** From the node that is behind in time; from the other one when it has nothing. */
  async #takeNext(work: Work, mark: Watermark, alone: boolean): Promise<number> {
    const first = mergeBehind(work.state) === this.#options.self ? 'own' : 'peer';
    return (
      (await this.#take(work, mark, first, alone)) || (await this.#take(work, mark, first === 'own' ? 'peer' : 'own', alone))
    );
  }

  async #take(work: Work, mark: Watermark, side: 'own' | 'peer', alone: boolean): Promise<number> {
    const records = await work.feed.read(mark, side, alone);
    for (let from = 0; from < records.length; ) from += await this.#offer(work, records.slice(from));
    return records.length;
  }

  /** Offers as many as the database can answer for. @returns how many. */
  async #offer(work: Work, all: readonly MergeRecord[]): Promise<number> {
    const { records, lone } = await this.#partners.of(work.state, all);
    work.state = mergeStep(work.state, { kind: 'records', records, lone, nowMs: this.#options.clock.monotonicMs() }).state;
    return records.length;
  }

  /** @returns records consumed. */
  async #flush(work: Work, watermark: Watermark, max: number): Promise<number> {
    const { clock, store, log } = this.#options;
    const before = mergeHeld(work.state);
    const { state, effects } = mergeStep(work.state, {
      kind: 'flush',
      nowMs: clock.monotonicMs(),
      peerUp: watermark.peerLink === 'up',
      max,
      maxBytes: MAX_BATCH_BYTES,
    });
    work.state = state;
    if (effects.length === 0 && !work.feed.hasPositionsToSay) return 0;
    const mark = this.#markOf(work, effects);
    const stored = batchOf(work, effects, this.#options);
    const operations = work.operator?.operate(stored.rows) ?? null;
    const batch = { ...stored, ...(mark === null ? {} : { mark }), ...(operations === null ? {} : { operations }) };
    const permit = this.#loop.permitNow();
    if (permit === null || permit.epoch !== work.epoch) {
      // The state is ahead of the database now: begin again when permitted again.
      this.#work = null;
      return 0;
    }
    const consumed = before - mergeHeld(work.state);
    let isStoring = true;
    const storing = store.storeBatch(batch).finally(() => (isStoring = false));
    // What comes next is read and matched while the database works. If both fail, what the database says counts more.
    const [done, ahead] = await Promise.allSettled([storing, this.#readAhead(work, permit, () => isStoring)]);
    if (done.status === 'rejected') throw done.reason;
    const { keyHits, refused = [] } = done.value;
    this.#lastStoreMs = clock.monotonicMs();
    if (keyHits > 0) log.error('ingest.key_hits', { keyHits, rows: batch.rows.length, version: batch.version });
    if (refused.length > 0) this.#tellRefused(refused, batch.version);
    work.version++;
    if (mark !== null) work.moved = new Set();
    if (mark !== null) work.markedAtMs = this.#lastStoreMs;
    for (const position of batch.positions) {
      work.positions.set(position.journalId, position.seq);
      if (mark === null || mark.begins) work.moved?.add(position.journalId);
      work.feed.release(position);
    }
    if (batch.rows.length > 0) this.#options.onStored?.(batch.rows);
    if (batch.tallies !== undefined) this.#options.onCounted?.(batch.tallies);
    if (operations !== null) this.#options.onOperated?.(operations);
    this.#stored = letGoThrough([...work.positions].map(([journalId, seq]) => ({ journalId, seq })));
    if (ahead.status === 'rejected') throw ahead.reason;
    return consumed;
  }

  #tellRefused(refused: readonly RefusedRow[], version: number): void {
    this.#options.log.error('ingest.refused_by_database', { rows: refused.length, version, first: refused.slice(0, MOST_SAID) });
    this.#options.onRefused?.(refused);
  }

  /** The rows under way are in memory still, wherever the database shows them by now: the same as behind the commit. */
  async #readAhead(work: Work, { ingestAlone }: IngestPermit, isStoring: () => boolean): Promise<void> {
    while (isStoring() && hasRoom(work)) {
      const mark = this.#options.watermark();
      if (mark === null || (await this.#takeNext(work, mark, ingestAlone)) === 0) return;
    }
  }

  /** The first one of an owner says where every journal was, later ones what moved. null = not now. */
  #markOf({ markedAtMs, positions, moved }: Work, effects: readonly MergeEffect[]): IngestMark | null {
    if (this.#options.clock.monotonicMs() - markedAtMs < MARK_EVERY_MS) return null;
    const through = new Map([...positions].filter(([journalId]) => moved?.has(journalId) ?? true));
    if (moved !== null) for (const effect of effects) if (effect.kind === 'advance') through.set(effect.journalId, effect.seq);
    return { begins: moved === null, positions: [...through].map(([journalId, seq]) => ({ journalId, seq })) };
  }

  /**
   * The journals may let go of what both databases hold. While both are in the sync set, an acknowledged commit is on both
   * disks, and it covers every commit before it. A commit acknowledged solo is on this one only, until a join: then the peer has
   * flushed all WAL up to then before the record names it. So in either case a commit is on both disks when the record names
   * both *after* it was acknowledged. What we know of the record may be a moment old (at the change to solo the commit that
   * waited is released while the notice is under way): therefore positions are told one interval later, twice the interval of the notices.
   * Positions only read, not written by us, prove nothing: after a crash of the server they may be of a commit that nobody waited for.
   */
  #tellIngested(permit: IngestPermit | null): void {
    const nowMs = this.#options.clock.monotonicMs();
    if (nowMs - this.#lastIngestedMs < INGESTED_EVERY_MS) return;
    this.#lastIngestedMs = nowMs;
    if (permit?.bothDatabases === true && this.#ripening !== null) this.#options.onIngested?.(this.#ripening);
    this.#ripening = this.#stored;
  }
}
