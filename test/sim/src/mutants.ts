import type { Mutant } from './mutant-types.js';
import { IN_CONSENSUS } from './mutants-consensus.js';
import { IN_EXTRAS } from './mutants-extra.js';
import { FIRST } from './mutants-first.js';
import { IN_POWER } from './mutants-power.js';
import { IN_RECORD } from './mutants-record.js';

export type { Mutant, Patch } from './mutant-types.js';

/**
 * What of failover.md section 9's list is not here cannot be told from the cores: the group kill, `fsync=off` and the smart shutdown
 * are bugs of the hands (host-control, journal); the lab plants those.
 */
export const MUTANTS: readonly Mutant[] = [...FIRST, ...IN_CONSENSUS, ...IN_RECORD, ...IN_POWER, ...IN_EXTRAS];
