import { YosugaraError } from '@yosugara/kernel';

/** Bytes that were once on disk no longer read back. Names the file, the byte range, and the records lost when they are known. */
export class JournalCorruptError extends YosugaraError {
  override readonly name = 'JournalCorruptError';
  readonly file: string;
  readonly offset: number;
  /** Length of the unreadable stretch in bytes; `null` = to the end of the file. */
  readonly length: number | null;
  /** Sequence numbers that cannot be read, both ends inclusive; `null` when they cannot be told. */
  readonly lost: SeqRange | null;
  constructor(file: string, offset: number, length: number | null, lost: SeqRange | null, why: string) {
    const range = lost === null ? '' : `, records ${lost.from}..${lost.through}`;
    super('JOURNAL_CORRUPT', `${file}: ${why} at offset ${offset}${length === null ? '' : ` (${length} bytes)`}${range}`);
    this.file = file;
    this.offset = offset;
    this.length = length;
    this.lost = lost;
  }
}

export interface SeqRange {
  readonly from: number;
  readonly through: number;
}

/**
 * The disk failed under the log (EIO, or any failed fsync). The log refuses everything afterwards and never retries: after a failed
 * fsync Linux may have marked the dirty pages clean, so a second fsync that succeeds proves nothing.
 * Source: "PostgreSQL's fsync() surprise", LWN 752063; Rebello et al., "Can Applications Recover from fsync Failures?", USENIX ATC 2020.
 */
export class JournalFatalError extends YosugaraError {
  override readonly name = 'JournalFatalError';
  readonly directory: string;
  constructor(directory: string, what: string, cause: unknown) {
    super('JOURNAL_FATAL', `${directory}: ${what} failed; nothing more is written here until the process is started again`, {
      cause,
    });
    this.directory = directory;
  }
}

/** No room on the file system. What was not written is still with the caller, who may try again later. */
export class JournalDiskFullError extends YosugaraError {
  override readonly name = 'JournalDiskFullError';
  constructor(directory: string, cause: unknown) {
    super('JOURNAL_DISK_FULL', `${directory}: the file system is full`, { cause });
  }
}

/** Another process owns the directory. */
export class JournalLockedError extends YosugaraError {
  override readonly name = 'JournalLockedError';
  readonly directory: string;
  readonly pid: number;
  constructor(directory: string, pid: number) {
    super('JOURNAL_LOCKED', `${directory} is in use by process ${pid}`);
    this.directory = directory;
    this.pid = pid;
  }
}

/** The peer sent other bytes for a number that is already held: two lives of a receiver share one journal id. Alarm, never overwrite. */
export class JournalConflictError extends YosugaraError {
  override readonly name = 'JournalConflictError';
  readonly journalId: string;
  readonly seq: number;
  constructor(journalId: string, seq: number, heldCrc: number, gotCrc: number) {
    const hex = (crc: number) => crc.toString(16).padStart(8, '0');
    super(
      'JOURNAL_CONFLICT',
      `journal ${journalId} record ${seq}: held with CRC ${hex(heldCrc)}, received with CRC ${hex(gotCrc)}`,
    );
    this.journalId = journalId;
    this.seq = seq;
  }
}

/** Records were asked for that this directory does not hold (any more). */
export class JournalGapError extends YosugaraError {
  override readonly name = 'JournalGapError';
  readonly journalId: string;
  /** Missing sequence numbers, both ends inclusive. */
  readonly missing: SeqRange;
  constructor(journalId: string, missing: SeqRange) {
    super('JOURNAL_GAP', `journal ${journalId}: records ${missing.from}..${missing.through} are not here`);
    this.journalId = journalId;
    this.missing = missing;
  }
}

/** A record that cannot be what our encoder wrote: wrong CRC, version or lengths. */
export class RecordFormatError extends YosugaraError {
  override readonly name = 'RecordFormatError';
  constructor(why: string) {
    super('JOURNAL_RECORD_FORMAT', `journal record: ${why}`);
  }
}

/** A segment is encrypted by a key that this host does not have. Nothing is lost: with the key it can be read. */
export class JournalKeyMissingError extends YosugaraError {
  override readonly name = 'JournalKeyMissingError';
  readonly file: string;
  readonly keyId: string;
  constructor(file: string, keyId: string, lookedIn: readonly string[]) {
    const where = lookedIn.length === 0 ? 'no keys were given' : `looked in ${lookedIn.join(', in ')}`;
    super('JOURNAL_KEY_MISSING', `${file} is encrypted by the key ${keyId}, which is not here; ${where}`);
    this.file = file;
    this.keyId = keyId;
  }
}
