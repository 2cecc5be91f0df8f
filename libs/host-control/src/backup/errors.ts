import { YosugaraError } from '@yosugara/kernel';

/**
 * Codes, stable:
 * `BACKUP_NOT_CONFIGURED` · `BACKUP_PROGRAM_MISSING` pgbackrest is not installed · `BACKUP_SECRET` a file with a secret is missing or too short ·
 * `BACKUP_NOT_ARCHIVING` PostgreSQL does not send its WAL yet · `BACKUP_FAILED` pgbackrest said no, in its words · `BACKUP_DAMAGED` what is in the
 * repository is not what was put there · `BACKUP_NOT_FOUND` · `RESTORE_FAILED` what was restored did not start, or not up to where it was asked to.
 */
export type BackupCode =
  | 'BACKUP_NOT_CONFIGURED'
  | 'BACKUP_PROGRAM_MISSING'
  | 'BACKUP_SECRET'
  | 'BACKUP_NOT_ARCHIVING'
  | 'BACKUP_FAILED'
  | 'BACKUP_DAMAGED'
  | 'BACKUP_NOT_FOUND'
  | 'RESTORE_FAILED';

export class BackupError extends YosugaraError {
  override readonly name = 'BackupError';
  declare readonly code: BackupCode;
  constructor(code: BackupCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
