import { join } from 'node:path';
import { InvalidInputError } from '@yosugara/kernel';
import { JournalGapError } from './errors.js';
import type { JournalFs } from './fs-port.js';
import type { JournalEncryption } from './group-writer.js';
import { mendSegment } from './mend.js';
import { decodeRecord, identify, recordSeq } from './record.js';
import { listSegments } from './segment.js';
import { SegmentLog } from './segment-log.js';
import { SegmentReader } from './segment-reader.js';
import type { JournalInfo, JournalRecord, JournalSource } from './types.js';

const JOURNAL_ID = /^[a-z][a-z0-9_]{0,30}-[0-9a-z]{1,12}-[0-9a-f]{4,32}$/;

/** It becomes the name of a directory, and the peer's comes over the network. @throws InvalidInputError. */
export function checkJournalId(journalId: string): void {
  if (!JOURNAL_ID.test(journalId))
    throw new InvalidInputError('journal id', journalId, '<node>-<time, base 36>-<random, hexadecimal>');
}

/** Directories of journals in `dir`, oldest first: the time of opening is in the name, eight digits until 2059. */
export async function listJournals(fs: JournalFs, dir: string): Promise<readonly string[]> {
  const openedAt = (journalId: string) => journalId.slice(journalId.indexOf('-') + 1);
  return (await fs.list(dir)).filter((name) => JOURNAL_ID.test(name)).sort((a, b) => (openedAt(a) < openedAt(b) ? -1 : 1));
}

/** The journals of one directory, each a segment log in a directory of its own. */
export class JournalShelf implements JournalSource {
  readonly #fs: JournalFs;
  readonly #dir: string;
  readonly #segmentBytes: number;
  readonly #encryption: JournalEncryption | undefined;
  readonly #reader: SegmentReader;
  /** In order of opening. */
  readonly #logs = new Map<string, SegmentLog>();

  constructor(fs: JournalFs, dir: string, segmentBytes: number, encryption?: JournalEncryption) {
    this.#fs = fs;
    this.#dir = dir;
    this.#segmentBytes = segmentBytes;
    this.#encryption = encryption;
    this.#reader = new SegmentReader(fs, encryption?.keys);
  }

  /** Recovers every journal there is, and leaves each closed for writing. Empty ones go. */
  async recover(): Promise<void> {
    await this.#fs.makeDir(this.#dir);
    for (const journalId of await listJournals(this.#fs, this.#dir)) {
      if ((await listSegments(this.#fs, join(this.#dir, journalId))).length === 0) {
        await this.#fs.removeDir(join(this.#dir, journalId));
        continue;
      }
      const log = await this.open(journalId);
      await log.close();
      if (log.nextSeq === 1 && log.damage === null) await this.#remove(journalId, log);
    }
  }

  /** Opens a journal for writing. @param firstSeq of a journal that is not here yet. */
  async open(journalId: string, firstSeq = 1): Promise<SegmentLog> {
    const dir = join(this.#dir, journalId);
    const [fs, segmentBytes, encryption] = [this.#fs, this.#segmentBytes, this.#encryption];
    const log = await SegmentLog.open({ fs, dir, segmentBytes, firstSeq, encryption, seqOf: recordSeq });
    this.#logs.set(journalId, log);
    return log;
  }

  /** Throws away what is held of a journal and opens it anew at `firstSeq`. Its place in the order stays (`Map.set` of a known key). */
  async restart(journalId: string, firstSeq: number): Promise<SegmentLog> {
    const old = this.#logs.get(journalId);
    await old?.close();
    await old?.remove();
    return await this.open(journalId, firstSeq);
  }

  get(journalId: string): SegmentLog | undefined {
    return this.#logs.get(journalId);
  }

  get bytes(): number {
    let sum = 0;
    for (const log of this.#logs.values()) sum += log.bytes;
    return sum;
  }

  journals(): readonly JournalInfo[] {
    return [...this.#logs].map(([journalId, { firstSeq, nextSeq, damage }]) => ({
      journalId,
      firstSeq,
      lastDurableSeq: nextSeq - 1,
      corrupt: damage,
    }));
  }

  async read(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly JournalRecord[]> {
    return (await this.readEncoded(journalId, fromSeq, maxBytes)).map(decodeRecord);
  }

  async readEncoded(journalId: string, fromSeq: number, maxBytes: number): Promise<readonly Uint8Array[]> {
    const log = this.#logs.get(journalId);
    if (log === undefined) throw new JournalGapError(journalId, { from: fromSeq, through: fromSeq });
    if (fromSeq >= log.nextSeq) return [];
    // A copy: segments may be dropped while we read.
    const through = log.nextSeq - 1;
    const found = await this.#reader.read([...log.segments], { journalId, from: fromSeq, through, maxBytes });
    // A file that was cut from outside ends between two records: nothing looks damaged, and nothing is there.
    if (found.length === 0) throw new JournalGapError(journalId, { from: fromSeq, through });
    return found;
  }

  /** Into damaged stretches; what is not damaged is left alone. @returns how many. */
  async mend(journalId: string, records: readonly Uint8Array[]): Promise<number> {
    const segments = [...(this.#logs.get(journalId)?.segments ?? [])];
    const bySeq = new Map(records.map((bytes) => [identify(bytes).seq, bytes]));
    let mended = 0;
    for (const [at, segment] of segments.entries()) {
      const next = segments[at + 1]?.first ?? null;
      const concerned = [...bySeq.keys()].some((seq) => seq >= segment.first && (next === null || seq < next));
      if (concerned) mended += await mendSegment(this.#fs, segment, next, bySeq, this.#encryption?.keys);
    }
    return mended;
  }

  /** @param live the journal that is being written, when it need not be the one opened last. */
  async dropThrough(journalId: string, seq: number, live?: string): Promise<void> {
    const log = this.#logs.get(journalId);
    if (log === undefined) return;
    // Nothing more is ever written to a journal when a newer one is there; of the newest the last segment stays.
    // A copy may get an older one again (its holder let it go first): that does not make the newest over.
    const over = journalId !== live && [...this.#logs.keys()].at(-1) !== journalId;
    if (!over || log.nextSeq - 1 > seq) {
      await log.dropThrough(seq);
      return;
    }
    await log.close();
    await this.#remove(journalId, log);
  }

  async close(): Promise<void> {
    for (const log of this.#logs.values()) await log.close();
  }

  async #remove(journalId: string, log: SegmentLog): Promise<void> {
    this.#logs.delete(journalId);
    await log.remove();
  }
}
