import { YosugaraError } from '@yosugara/kernel';

/**
 * Codes, stable:
 * `FROZEN_ALREADY` · `NOT_FROZEN` nothing is held, or no more: a snapshot of several volumes is of several moments then · `FROZEN_ELSEWHERE` by
 * somebody whom only the Master's host may end · `FREEZE_BUSY` no moment without a
 * write came in time · `FREEZE_FAILED` PostgreSQL said no, in its words.
 */
export type FreezeCode = 'FROZEN_ALREADY' | 'NOT_FROZEN' | 'FROZEN_ELSEWHERE' | 'FREEZE_BUSY' | 'FREEZE_FAILED';

export class FreezeError extends YosugaraError {
  override readonly name = 'FreezeError';
  declare readonly code: FreezeCode;
  constructor(code: FreezeCode, message: string, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause });
  }
}
