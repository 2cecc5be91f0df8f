import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { RecoverFailedError } from './commands/recover.js';
import { RefusedError } from './control/client.js';
import { NotLoggedInError } from './control/manager-api.js';

/** Documented in README.md and in `yosugara --help`; scripts rely on them. */
export const EXIT = {
  ok: 0,
  /** It did not work: nobody answered, a deadline passed, a recover failed. */
  failure: 1,
  /** The command line or the configuration is wrong. */
  usage: 2,
  /** The cluster answers, but has no Master, or a node is out (`status`). */
  unhealthy: 3,
  /** The cluster understood and said no, or does not know who asks; the reason is in the line. */
  refused: 4,
  /** 11 to 20: `recover` ended in that phase, 11 = refused beforehand (libs/runtime, RECOVER_PHASES). */
} as const;
export type ExitCode = number;

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof RecoverFailedError) return error.exitCode;
  if (error instanceof RefusedError || error instanceof NotLoggedInError) return EXIT.refused;
  if (error instanceof InvalidInputError) return EXIT.usage;
  if (error instanceof YosugaraError && ['NO_CLUSTER', 'BAD_CONFIG', 'USAGE', 'INVALID_INPUT'].includes(error.code))
    return EXIT.usage;
  return EXIT.failure;
}
