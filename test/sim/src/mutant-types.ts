import type { Shape } from './shape.js';

/** One change of one production file; `find` must be there exactly once. */
export interface Patch {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** A planted bug (ruling 17): what somebody might really write, in the production files, never a flag in the simulator. */
export interface Mutant {
  readonly name: string;
  readonly why: string;
  readonly patches: readonly Patch[];
  /** Seeds within which it must be found, where that is not the common limit. */
  readonly limit?: number;
  /** Only seeds that draw such a cluster are run and counted: the others cannot tell. */
  readonly shapes?: readonly Shape['name'][];
}

export const CONSENSUS = 'libs/consensus/src';
export const FAILOVER = 'libs/failover/src';
export const CONTROLLER = 'libs/runtime/src/controller';
