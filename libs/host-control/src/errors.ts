import { YosugaraError } from '@yosugara/kernel';

/**
 * Codes, stable:
 * `PROGRAMS_MISSING` no PostgreSQL ≥ 15 found · `ACCOUNT_MISSING` no such operating system account · `NO_DATA` no data directory ·
 * `RUNNING` must be stopped first · `NOT_RUNNING` must be running · `LEASE_ENDED` the dead man gave its proof for this epoch ·
 * `START_FAILED` · `STOP_UNPROVED` processes are left · `PROMOTE_FAILED` · `NAMES_NOT_EFFECTIVE` · `RECEIVER_NOT_CUT` ·
 * `PROGRAM_FAILED` a tool exited non-zero · `QUERY_FAILED` · `SOURCE_UNREACHABLE` nothing was touched · `REWIND_FAILED` only a base backup helps · `BASE_BACKUP_FAILED` ·
 * `TABLESPACE_MISSING` its folder is not there · `DISK_TOO_SMALL` · `VERSION_MISMATCH` · `DAMAGED` only a base backup helps · `DEAD_MAN_LOST` ·
 * `NOT_SHUT_DOWN` it crashed, or was a Standby · `UPGRADE_FAILED` pg_upgrade said no, in its words: what was here is as it was.
 */
export type PostgresControlCode =
  | 'PROGRAMS_MISSING'
  | 'ACCOUNT_MISSING'
  | 'NO_DATA'
  | 'RUNNING'
  | 'NOT_RUNNING'
  | 'LEASE_ENDED'
  | 'START_FAILED'
  | 'STOP_UNPROVED'
  | 'PROMOTE_FAILED'
  | 'NAMES_NOT_EFFECTIVE'
  | 'RECEIVER_NOT_CUT'
  | 'PROGRAM_FAILED'
  | 'QUERY_FAILED'
  | 'SOURCE_UNREACHABLE'
  | 'REWIND_FAILED'
  | 'BASE_BACKUP_FAILED'
  | 'TABLESPACE_MISSING'
  | 'DISK_TOO_SMALL'
  | 'VERSION_MISMATCH'
  | 'DAMAGED'
  | 'DEAD_MAN_LOST'
  | 'NOT_SHUT_DOWN'
  | 'UPGRADE_FAILED';

export class PostgresControlError extends YosugaraError {
  override readonly name = 'PostgresControlError';
  declare readonly code: PostgresControlCode;
  constructor(code: PostgresControlCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/**
 * Codes: `VIP_DUPLICATE` another host answers for the address · `VIP_FAILED` a tool failed or missed its deadline ·
 * `VIP_LEASE_TOO_SHORT` less than a whole second of the lease is left, the kernel's smallest lifetime of an address.
 */
export class VipError extends YosugaraError {
  override readonly name = 'VipError';
  constructor(code: 'VIP_DUPLICATE' | 'VIP_FAILED' | 'VIP_LEASE_TOO_SHORT', message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}

/**
 * Codes: `FENCE_PROGRAM` there is no such program, or one that proves nothing · `FENCE_OPTION` an option that the agent does not know,
 * or that may not be given so · `FENCE_SECRET` a secret file that cannot be read.
 */
export class FenceError extends YosugaraError {
  override readonly name = 'FenceError';
  constructor(code: 'FENCE_PROGRAM' | 'FENCE_OPTION' | 'FENCE_SECRET', message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
