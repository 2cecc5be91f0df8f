import { YosugaraError } from '@yosugara/kernel';

/**
 * Codes, stable:
 * `PROGRAMS_MISSING` no PostgreSQL ≥ 15 found · `ACCOUNT_MISSING` no such operating system account · `NO_DATA` no data directory ·
 * `RUNNING` must be stopped first · `NOT_RUNNING` must be running · `LEASE_ENDED` the dead man gave its proof for this epoch ·
 * `START_FAILED` · `STOP_UNPROVED` processes are left · `PROMOTE_FAILED` · `NAMES_NOT_EFFECTIVE` · `RECEIVER_NOT_CUT` ·
 * `PROGRAM_FAILED` a tool exited non-zero · `QUERY_FAILED` · `SOURCE_UNREACHABLE` nothing was touched · `REWIND_FAILED` only a base backup helps · `BASE_BACKUP_FAILED` · `DEAD_MAN_LOST`.
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
  | 'DEAD_MAN_LOST';

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
