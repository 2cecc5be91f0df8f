import type { Focus } from './shape.js';

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
  /** Seeds within which it must be found, or `--mutants` fails. */
  readonly within: number;
  /** Its seeds are drawn from this part of the generator: where only some clusters, or some faults, can tell, the others cost time. */
  readonly of?: Focus;
}

/** For people. */
export function focusText(of: Focus = {}): string {
  const { shapes, policy, faults } = of;
  const clusters = [...(shapes ?? []), ...(policy === undefined ? [] : [policy])].join(' ');
  return [clusters, faults === undefined ? '' : `faults ${faults.join(', ')}`].filter(Boolean).join('; ') || 'all';
}

export const CONSENSUS = 'libs/consensus/src';
export const FAILOVER = 'libs/failover/src';
export const CONTROLLER = 'libs/runtime/src/controller';
