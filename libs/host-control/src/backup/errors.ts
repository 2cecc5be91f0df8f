import { YosugaraError } from '@yosugara/kernel';

/**
 * Codes, stable:
 * `BACKUP_NOT_CONFIGURED` · `BACKUP_PROGRAM_MISSING` pgbackrest is not installed · `BACKUP_SECRET` a file with a secret is missing or too short ·
 * `BACKUP_NOT_ARCHIVING` PostgreSQL does not send its WAL yet · `BACKUP_FAILED` pgbackrest said no, in its words · `BACKUP_DAMAGED` what is in the
 * repository is not what was put there · `BACKUP_PASSPHRASE` it was encrypted with another passphrase, or what is read first is damaged ·
 * `BACKUP_GAP` WAL that lies in the repository cannot be reached: a segment before it is missing · `BACKUP_AWAY` the repository does not answer ·
 * `BACKUP_NOT_FOUND` · `RESTORE_FAILED` what was restored did not start, or not up to where it was asked to.
 */
export type BackupCode =
  | 'BACKUP_NOT_CONFIGURED'
  | 'BACKUP_PROGRAM_MISSING'
  | 'BACKUP_SECRET'
  | 'BACKUP_NOT_ARCHIVING'
  | 'BACKUP_FAILED'
  | 'BACKUP_DAMAGED'
  | 'BACKUP_PASSPHRASE'
  | 'BACKUP_GAP'
  | 'BACKUP_AWAY'
  | 'BACKUP_NOT_FOUND'
  | 'RESTORE_FAILED';

export class BackupError extends YosugaraError {
  override readonly name = 'BackupError';
  declare readonly code: BackupCode;
  constructor(code: BackupCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/** What pgbackrest's own words come down to, for whoever has to do something about it. */
export function refusalOf(code: number | null, says: string): BackupCode {
  if (/CryptoError|cipher|decrypt|is or was the repo encrypted/i.test(says)) return 'BACKUP_PASSPHRASE';
  if (/invalid checksum|checksum (?:invalid|error|mismatch)|FormatError|is corrupt|unable to (?:load|parse)/i.test(says))
    return 'BACKUP_DAMAGED';
  if (AWAY.has(code ?? -1) || /unable to connect|timeout|Connection refused|Host.*unreachable/i.test(says)) return 'BACKUP_AWAY';
  return 'BACKUP_FAILED';
}

/** Of pgbackrest: a host that is not known, does not answer or breaks off (error.auto.c: HostConnect, Protocol…, Service). */
const AWAY: ReadonlySet<number> = new Set([49, 102, 124]);
