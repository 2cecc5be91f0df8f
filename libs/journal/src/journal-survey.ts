import { join } from 'node:path';
import { type JournalCorruptError, JournalGapError, RecordFormatError, type SeqRange } from './errors.js';
import { fileSize, type JournalFs, NODE_FS } from './fs-port.js';
import { checkJournalId, listJournals } from './journal-shelf.js';
import { decodeRecord, recordSeq } from './record.js';
import { listSegments, type SegmentRef, scanSegment } from './segment.js';
import { cipherOf, demandCipher, type JournalKeys } from './segment-cipher.js';
import type { JournalRecord } from './types.js';

/** One segment file, read whole. */
export interface SegmentSurvey {
  readonly path: string;
  readonly bytes: number;
  readonly records: number;
  readonly firstSeq: number;
  /** `firstSeq - 1` when it holds none. */
  readonly lastSeq: number;
  /** Bytes at the end that are no whole record: cut off at the next start, or being written now. Only the newest segment may have any. */
  readonly tornBytes: number;
  /** Id of the key that it is encrypted by; null: it is in the clear. */
  readonly keyId: string | null;
}

/** One journal, every byte of it read and every CRC checked. */
export interface JournalSurvey {
  readonly journalId: string;
  readonly segments: readonly SegmentSurvey[];
  readonly records: number;
  readonly bytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** Wall clock µs of the oldest and the newest record; null = it holds none. */
  readonly receivedUs: { readonly first: number; readonly last: number } | null;
  /** Records by kind and transport, such as `syslog/udp`. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Stretches that were once durable and do not read back. */
  readonly damage: readonly JournalCorruptError[];
  /** Whole segments missing between two others. */
  readonly missing: readonly SeqRange[];
  /** Keys that are not here: of what they encrypt the frames were checked, and not what is in them. */
  readonly keysMissing: readonly string[];
  /** Records whose frame is good and whose content is not: written by a newer version, or by nobody. */
  readonly unreadable: readonly { readonly seq: number; readonly why: string }[];
}

export interface SurveyOptions {
  readonly fs?: JournalFs;
  readonly keys?: JournalKeys | undefined;
  /** Bytes read so far, and of all. */
  readonly onProgress?: (done: number, all: number) => void;
  readonly signal?: AbortSignal;
}

/** Named in the report; the count goes on. */
const MAX_NAMED = 100;

/**
 * Reads every journal of a receiver's directory, oldest first. Takes no lock and writes nothing, so it may run beside the receiver.
 * Memory: one segment.
 */
export async function surveyJournals(dir: string, options: SurveyOptions = {}): Promise<readonly JournalSurvey[]> {
  const fs = options.fs ?? NODE_FS;
  const shelf: { journalId: string; segments: readonly SegmentRef[] }[] = [];
  for (const journalId of await listJournals(fs, dir))
    shelf.push({ journalId, segments: await listSegments(fs, join(dir, journalId)) });
  const progress = await progressOver(
    shelf.flatMap(({ segments }) => segments.map(({ path }) => path)),
    fs,
    options,
  );
  const surveys: JournalSurvey[] = [];
  for (const { journalId, segments } of shelf) {
    const survey = new Survey(journalId, options.keys);
    for (const [at, segment] of segments.entries()) {
      options.signal?.throwIfAborted();
      const content = await fs.readAll(segment.path);
      // Let go since it was listed.
      if (content === null) continue;
      survey.take(segment, content, at < segments.length - 1);
      progress(content.length);
    }
    surveys.push(survey.result());
  }
  return surveys;
}

/**
 * The readable records of one journal, in order; what is damaged is left out (`surveyJournals` names it).
 * @throws InvalidInputError — no journal's id. @throws JournalGapError — it is not here. @throws JournalKeyMissingError.
 */
export async function* exportJournal(
  dir: string,
  journalId: string,
  range: SeqRange = { from: 1, through: Number.MAX_SAFE_INTEGER },
  keys?: JournalKeys,
  fs: JournalFs = NODE_FS,
): AsyncGenerator<JournalRecord> {
  checkJournalId(journalId);
  const segments = await listSegments(fs, join(dir, journalId));
  if (segments.length === 0) throw new JournalGapError(journalId, range);
  for (const [at, segment] of segments.entries()) {
    const next = segments[at + 1]?.first ?? Number.POSITIVE_INFINITY;
    if (next <= range.from || segment.first > range.through) continue;
    const content = await fs.readAll(segment.path);
    if (content === null) continue;
    const payloads: Buffer[] = [];
    const scan = scanSegment(segment, content, {
      sealed: at < segments.length - 1,
      seqOf: recordSeq,
      keys,
      visit: (payload) => payloads.push(payload),
    });
    if (scan?.head?.sealed != null) demandCipher(scan.head.sealed, keys, segment.path);
    for (const payload of payloads) {
      const seq = recordSeq(payload);
      if (seq < range.from || seq > range.through) continue;
      const record = decoded(payload);
      if (!(record instanceof RecordFormatError)) yield record;
    }
  }
}

/** What is learnt of one journal, segment by segment. */
class Survey {
  readonly #journalId: string;
  readonly #keys: JournalKeys | undefined;
  readonly #keysMissing = new Set<string>();
  readonly #segments: SegmentSurvey[] = [];
  readonly #damage: JournalCorruptError[] = [];
  readonly #missing: SeqRange[] = [];
  readonly #unreadable: { seq: number; why: string }[] = [];
  readonly #kinds: Record<string, number> = {};
  #received: { first: number; last: number } | null = null;

  constructor(journalId: string, keys: JournalKeys | undefined) {
    this.#journalId = journalId;
    this.#keys = keys;
  }

  take(segment: SegmentRef, content: Buffer, sealed: boolean): void {
    const before = this.#segments.at(-1);
    if (before !== undefined && segment.first > before.lastSeq + 1)
      this.#missing.push({ from: before.lastSeq + 1, through: segment.first - 1 });
    let records = 0;
    const visit = (payload: Buffer) => {
      records++;
      this.#record(payload);
    };
    const onDamage = (damage: JournalCorruptError) => this.#damage.push(damage);
    const scan = scanSegment(segment, content, { sealed, seqOf: recordSeq, keys: this.#keys, visit, onDamage });
    const by = scan?.head?.sealed ?? null;
    if (by !== null && cipherOf(by, this.#keys) === null) {
      this.#keysMissing.add(by.keyId);
      records = (scan?.nextSeq ?? segment.first) - segment.first;
    }
    this.#segments.push({
      ...{ path: segment.path, bytes: content.length, records, firstSeq: segment.first, keyId: by?.keyId ?? null },
      lastSeq: (scan?.nextSeq ?? segment.first) - 1,
      tornBytes: content.length - (scan?.goodBytes ?? 0),
    });
  }

  result(): JournalSurvey {
    const sum = (of: (segment: SegmentSurvey) => number) => this.#segments.reduce((total, segment) => total + of(segment), 0);
    return {
      journalId: this.#journalId,
      segments: this.#segments,
      records: sum(({ records }) => records),
      bytes: sum(({ bytes }) => bytes),
      firstSeq: this.#segments[0]?.firstSeq ?? 1,
      lastSeq: this.#segments.at(-1)?.lastSeq ?? 0,
      receivedUs: this.#received,
      kinds: this.#kinds,
      damage: this.#damage,
      missing: this.#missing,
      keysMissing: [...this.#keysMissing],
      unreadable: this.#unreadable,
    };
  }

  #record(payload: Buffer): void {
    const record = decoded(payload);
    if (record instanceof RecordFormatError) {
      if (this.#unreadable.length < MAX_NAMED) this.#unreadable.push({ seq: recordSeq(payload), why: record.message });
      return;
    }
    const name = `${record.kind}/${record.transport}`;
    this.#kinds[name] = (this.#kinds[name] ?? 0) + 1;
    this.#received = { first: this.#received?.first ?? record.receivedAtUs, last: record.receivedAtUs };
  }
}

function decoded(payload: Buffer): JournalRecord | RecordFormatError {
  try {
    return decodeRecord(payload);
  } catch (error) {
    if (error instanceof RecordFormatError) return error;
    throw error;
  }
}

async function progressOver(
  paths: readonly string[],
  fs: JournalFs,
  { onProgress }: SurveyOptions,
): Promise<(bytes: number) => void> {
  if (onProgress === undefined) return () => undefined;
  let all = 0;
  for (const path of paths) all += (await fileSize(fs, path)) ?? 0;
  let done = 0;
  return (bytes) => {
    done += bytes;
    onProgress(done, all);
  };
}
