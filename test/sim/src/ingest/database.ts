import { EMPTY_WINDOW, type MergeRecord, type MergeWindow, type RecordRef } from '@yosugara/operations';
import {
  CommitUnknownError,
  type IngestBatch,
  type IngestStore,
  type LoneQuestion,
  type MessageToStore,
  type MonitorMemory,
  type OperationsMemory,
  type OperationsStore,
  StaleEpochError,
  StaleProgressError,
} from '@yosugara/runtime';
import type { Rng } from '../rng.js';
import { STAMPED } from './devices.js';
import { Proc, type VirtualTime } from './virtual-time.js';

/** A transaction in the write-ahead log; the same object in every copy of it. */
export interface Txn {
  readonly batch: IngestBatch;
  readonly keyHits: number;
}
/** What one process asks of it. */
export type SimStore = IngestStore & Pick<OperationsStore, 'loadMemory'>;
export const keyOf = (ref: RecordRef): string => `${ref.journalId} ${ref.seq}`;

/** What the tables hold after some transactions. */
export class Tables {
  epoch = 0;
  version = 0;
  window: MergeWindow = EMPTY_WINDOW;
  readonly positions = new Map<string, number>();
  readonly rows = new Map<string, MessageToStore>();
  readonly seenAlso = new Map<string, { readonly node: string; readonly copy: RecordRef; readonly content: string | null }>();

  /** How often each event was stored, by its id. */
  readonly events = new Map<string, number>();
  readonly monitors = new Map<string, MonitorMemory>();
  readonly notifications = new Map<string, OperationsMemory['notifications'][number]>();

  /** The highest number of a row of each journal; but of what may be stored before its turn. */
  readonly lastRow = new Map<string, number>();

  apply({ batch }: Txn): void {
    this.epoch = Math.max(this.epoch, batch.epoch);
    this.version = batch.version + 1;
    this.window = batch.window;
    for (const { journalId, seq } of batch.positions)
      this.positions.set(journalId, Math.max(seq, this.positions.get(journalId) ?? 0));
    for (const row of batch.rows) {
      if (!this.rows.has(keyOf(row))) this.rows.set(keyOf(row), row);
      if (row.source !== STAMPED) this.lastRow.set(row.journalId, Math.max(row.seq, this.lastRow.get(row.journalId) ?? 0));
    }
    for (const { of, node, copy } of batch.seenAlso)
      if (!this.seenAlso.has(keyOf(of)))
        this.seenAlso.set(keyOf(of), { node, copy, content: this.rows.get(keyOf(of))?.content ?? null });
    for (const { told } of batch.operations?.events ?? []) this.events.set(told.id, (this.events.get(told.id) ?? 0) + 1);
    for (const memory of batch.operations?.monitorMemory ?? [])
      this.monitors.set(JSON.stringify([memory.monitor, memory.facility, memory.item]), memory);
    for (const memory of batch.operations?.notifyMemory ?? [])
      this.notifications.set(
        JSON.stringify([memory.notification, memory.monitor, memory.facility, memory.item, memory.sub]),
        memory,
      );
  }
}

const byName = (one: string, two: string): number => (one < two ? -1 : one > two ? 1 : 0);
const DEADLINE_MS = 6_000;

/** One PostgreSQL: a log, what of it can be seen, one transaction of ingest at a time (it locks the window's row). */
export class Database {
  readonly node: string;
  readonly #time: VirtualTime;
  readonly #rng: Rng;
  log: Txn[] = [];
  tables = new Tables();
  #applied = 0;
  proc: Proc | null = null;
  isPrimary = false;
  /** Commits wait until the standby has flushed them. */
  isSync = false;
  standbyHas = 0;
  /** How often a statement fails. */
  trouble = 0;
  #lock: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #clients = new Set<(error: Error) => void>();
  onCommit: (txn: Txn) => void = () => undefined;
  onAppend: () => void = () => undefined;

  constructor(node: string, time: VirtualTime, rng: Rng) {
    this.node = node;
    this.#time = time;
    this.#rng = rng;
  }

  start(isPrimary: boolean): void {
    this.proc = new Proc(`${this.node} postgres`);
    this.isPrimary = isPrimary;
    this.#lock = Promise.resolve();
    this.#waiting = [];
    this.#show();
  }

  stop(): void {
    if (this.proc !== null) this.proc.isAlive = false;
    this.proc = null;
    this.isPrimary = false;
    for (const fail of [...this.#clients]) fail(new CommitUnknownError('the server went away'));
  }

  /** What the standby receives; @returns whether it grew. */
  receive(log: readonly Txn[]): boolean {
    if (log.length <= this.log.length) return false;
    this.log.push(...log.slice(this.log.length));
    this.#show();
    return true;
  }

  /** Back to where it still was the same as `other`, or to its first `length` transactions. */
  rewind(length: number): void {
    if (length >= this.log.length) return;
    this.log.length = length;
    this.tables = new Tables();
    this.#applied = 0;
    this.#show();
  }

  acknowledge(length: number): void {
    this.standbyHas = Math.max(this.standbyHas, length);
    this.wake();
  }
  wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #show(): void {
    for (; this.#applied < this.log.length; this.#applied++) this.tables.apply(this.log[this.#applied]!);
  }

  /** For one process; every call fails when the server goes away. */
  storeFor(client: Proc): SimStore {
    return {
      loadProgress: () =>
        this.#ask(client, async () => ({
          version: this.tables.version,
          positions: new Map(this.tables.positions),
          window: this.tables.window,
        })),
      findLone: (question, limit) => this.#ask(client, async () => this.#findLone(question, limit)),
      storeBatch: (batch) => this.#ask(client, () => this.#store(batch)),
      loadMemory: () =>
        this.#ask(client, async () => ({
          ...{ version: 0, ticks: [], monitors: [...this.tables.monitors.values()] },
          notifications: [...this.tables.notifications.values()],
        })),
    };
  }

  #ask<T>(client: Proc, work: () => Promise<T>): Promise<T> {
    const time = this.#time;
    const server = this.proc;
    return new Promise<T>((resolve, reject) => {
      // Nobody asks any more.
      if (!client.isAlive) return;
      const done = (how: () => void): void => {
        this.#clients.delete(fail);
        time.after(0.2 + this.#rng.next(), how, client);
      };
      const fail = (error: Error): void => done(() => reject(error));
      if (server === null) return fail(new Error('connection refused'));
      if (this.#rng.chance(this.trouble)) return fail(new Error('the server refused'));
      this.#clients.add(fail);
      time.after(DEADLINE_MS, () => this.#clients.has(fail) && fail(new CommitUnknownError('deadline')), client);
      const answerIsLost = this.#rng.chance(this.trouble);
      time.after(
        0.2 + this.#rng.next() * 2,
        () =>
          work().then(
            (value) => (answerIsLost ? fail(new CommitUnknownError('the answer was lost')) : done(() => resolve(value))),
            (error: Error) => fail(error),
          ),
        server,
      );
    });
  }

  #findLone({ node, contents, fromUs, throughUs, onlyLate }: LoneQuestion, limit: number): readonly MergeRecord[] {
    const wanted = new Set(contents);
    return [...this.tables.rows.values()]
      .filter(
        (row) =>
          row.node === node &&
          row.content !== null &&
          wanted.has(row.content) &&
          row.seenBy.length === 1 &&
          !this.tables.seenAlso.has(keyOf(row)) &&
          row.receivedAtUs >= fromUs &&
          row.receivedAtUs - (row.lateByUs ?? 0) <= throughUs &&
          (onlyLate === undefined || (row.lateByUs ?? 0) > 0),
      )
      .sort((one, two) => one.receivedAtUs - two.receivedAtUs || byName(one.journalId, two.journalId) || one.seq - two.seq)
      .slice(0, limit)
      .map(({ journalId, seq, receivedAtUs, lateByUs, content }) => ({
        ...{ journalId, seq, node, atUs: receivedAtUs, content },
        ...(lateByUs === undefined ? {} : { lateByUs }),
      }));
  }

  async #store(batch: IngestBatch): Promise<{ readonly keyHits: number }> {
    const before = this.#lock;
    let unlock = (): void => undefined;
    this.#lock = new Promise((resolve) => {
      unlock = resolve;
    });
    await before;
    try {
      if (!this.isPrimary) throw new Error('cannot execute INSERT in a read-only transaction');
      if (batch.epoch < this.tables.epoch) throw new StaleEpochError(batch.epoch, this.tables.epoch);
      if (batch.version !== this.tables.version) throw new StaleProgressError(batch.version);
      const txn = { batch, keyHits: batch.rows.filter((row) => this.tables.rows.has(keyOf(row))).length };
      this.log.push(txn);
      const length = this.log.length;
      this.onAppend();
      this.onCommit(txn);
      while (this.isSync && this.standbyHas < length) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      this.#show();
      return { keyHits: txn.keyHits };
    } finally {
      unlock();
    }
  }
}
