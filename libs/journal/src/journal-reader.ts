import { join } from 'node:path';
import { JournalGapError } from './errors.js';
import { type JournalFs, NODE_FS } from './fs-port.js';
import { checkJournalId, listJournals } from './journal-shelf.js';
import { decodeFramed } from './record.js';
import { listSegments } from './segment.js';
import type { JournalKeys } from './segment-cipher.js';
import { SegmentReader } from './segment-reader.js';
import type { JournalReader, JournalRecord } from './types.js';

/** Takes no lock and writes nothing: it may run beside the process that writes, and as another user who may read. */
export function openJournalReader(dir: string, keys?: JournalKeys, fs: JournalFs = NODE_FS): JournalReader {
  return new DirectoryReader(dir, fs, keys);
}

class DirectoryReader implements JournalReader {
  readonly #dir: string;
  readonly #fs: JournalFs;
  readonly #reader: SegmentReader;

  constructor(dir: string, fs: JournalFs, keys: JournalKeys | undefined) {
    this.#dir = dir;
    this.#fs = fs;
    this.#reader = new SegmentReader(fs, keys);
  }

  async journals(): Promise<readonly { readonly journalId: string; readonly firstSeq: number }[]> {
    const found: { journalId: string; firstSeq: number }[] = [];
    for (const journalId of await listJournals(this.#fs, this.#dir)) {
      const oldest = (await listSegments(this.#fs, join(this.#dir, journalId)))[0];
      if (oldest !== undefined) found.push({ journalId, firstSeq: oldest.first });
    }
    return found;
  }

  async read(journalId: string, fromSeq: number, throughSeq: number, maxBytes: number): Promise<readonly JournalRecord[]> {
    checkJournalId(journalId);
    if (fromSeq > throughSeq) return [];
    const range = { journalId, from: fromSeq, through: throughSeq, maxBytes };
    // A segment may have begun, or been dropped, between listing and reading: the second look decides.
    for (const look of ['first', 'second'] as const) {
      try {
        const found = await this.#reader.read(await listSegments(this.#fs, join(this.#dir, journalId)), range);
        if (found.length > 0) return found.map(decodeFramed);
      } catch (error) {
        if (look === 'second' || !(error instanceof JournalGapError)) throw error;
      }
    }
    throw new JournalGapError(journalId, { from: fromSeq, through: throughSeq });
  }

  async close(): Promise<void> {}
}
