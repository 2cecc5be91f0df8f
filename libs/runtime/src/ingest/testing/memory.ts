import { epoch, type Log } from '@yosugara/kernel';
import { EMPTY_WINDOW, type RawRecord, type RecordRef } from '@yosugara/operations';
import type { Watermark } from '@yosugara/protocol';
import { afterEach, beforeEach, vi } from 'vitest';
import {
  CommitUnknownError,
  type IngestBatch,
  IngestLoop,
  type IngestOptions,
  type IngestPermit,
  type IngestStore,
  type MessageToStore,
  StaleProgressError,
} from '../index.js';

const clock = { monotonicMs: () => performance.now(), wallMs: () => Date.now() };
const loops: IngestLoop[] = [];
/** For a file of specs: time stands still while anything is done, and goes on to the next timer when nothing is; what began ends. */
export function inVirtualTime(): void {
  beforeEach(() => void vi.useFakeTimers().setTimerTickMode('nextTimerAsync'));
  afterEach(async () => {
    for (const loop of loops.splice(0)) await loop.stop();
    vi.useRealTimers();
  });
}
export const until = async (holds: () => boolean, deadlineMs = 60_000) => {
  const end = performance.now() + deadlineMs;
  while (!holds()) {
    if (performance.now() > end) throw new Error('not within the deadline');
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
};

/** The database, in memory; `next` says what happens to the next batch. */
export class Memory implements IngestStore {
  version = 0;
  positions = new Map<string, number>();
  window = EMPTY_WINDOW;
  rows = new Map<string, MessageToStore>();
  seenAlso: RecordRef[] = [];
  batches = 0;
  next: ('store' | 'refuse' | 'store and lose the answer')[] = [];
  loadProgress = async () => ({ version: this.version, positions: new Map(this.positions), window: this.window });
  findLone: IngestStore['findLone'] = async ({ node, contents, fromUs, throughUs, onlyLate }) =>
    [...this.rows.values()]
      .filter(
        (row) =>
          row.node === node &&
          row.seenBy.length === 1 &&
          row.content !== null &&
          contents.includes(row.content) &&
          row.receivedAtUs >= fromUs &&
          row.receivedAtUs - (row.lateByUs ?? 0) <= throughUs &&
          (onlyLate === undefined || (row.lateByUs ?? 0) > 0),
      )
      .filter((row) => !this.seenAlso.some((of) => of.journalId === row.journalId && of.seq === row.seq))
      .map((row) => ({ ...row, atUs: row.receivedAtUs }));
  async storeBatch(batch: IngestBatch) {
    this.batches++;
    const what = this.next.shift() ?? 'store';
    if (what === 'refuse') throw new Error('refused');
    if (batch.version !== this.version) throw new StaleProgressError(batch.version);
    let keyHits = 0;
    for (const row of batch.rows) {
      if (this.rows.has(`${row.journalId} ${row.seq}`)) keyHits++;
      this.rows.set(`${row.journalId} ${row.seq}`, row);
    }
    for (const { of } of batch.seenAlso) this.seenAlso.push(of);
    for (const { journalId, seq } of batch.positions) this.positions.set(journalId, seq);
    this.version++;
    this.window = structuredClone(batch.window);
    if (what === 'store and lose the answer') throw new CommitUnknownError('lost');
    return { keyHits };
  }
}

export type Journals = Record<string, RawRecord[]>;
export const record = (seq: number, text: string, change: Partial<RawRecord> = {}): RawRecord => ({
  ...{
    seq,
    receivedAtUs: 1_000_000_000 + seq * 1_000,
    kind: 'syslog',
    transport: 'udp',
    source: { address: '10.0.0.1', port: 1 },
    listener: { kind: 'own', address: 'x' },
    flags: 0,
  },
  raw: Buffer.from(text),
  ...change,
});
export const texts = (count: number) => Array.from({ length: count }, (_, index) => record(index + 1, `<13>m${index}`));
export const filesOf = (journals: Journals) => ({
  read: async (journalId: string, from: number, through: number) =>
    (journals[journalId] ?? []).filter((each) => each.seq >= from && each.seq <= through).slice(0, 7),
});
export const markOf = (own: Journals, peer: Journals, change: Partial<Watermark> = {}): Watermark => {
  const side = (name: 'own' | 'peer', journals: Journals) =>
    Object.entries(journals).map(([journalId, records]) => ({
      journalId,
      side: name,
      node: name === 'own' ? 'a' : 'b',
      firstSeq: 1,
      durableSeq: records.length,
      bothSeq: records.length,
    }));
  return { journals: [...side('own', own), ...side('peer', peer)], peerLink: 'up', clockOffsetUs: null, ...change };
};
export const PERMIT: IngestPermit = {
  epoch: epoch(1),
  leaseUntilMs: Number.POSITIVE_INFINITY,
  ingestAlone: false,
  bothDatabases: true,
};

export function begin(own: Journals, peer: Journals, change: Partial<IngestOptions> = {}) {
  const store = new Memory();
  const said: string[] = [];
  const note = (event: string) => void said.push(event);
  const log: Log = { debug: note, info: note, warn: note, error: note };
  const loop = new IngestLoop({
    ...{ self: 'a', peer: 'b', own: filesOf(own), peerCopy: filesOf(peer), store, clock, log, batchMs: 1, maxBatch: 5 },
    ...{ watermark: () => markOf(own, peer), permit: () => PERMIT },
    ...change,
  });
  loops.push(loop);
  loop.start();
  return { store, loop, said };
}
