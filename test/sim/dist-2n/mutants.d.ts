import type { Mutant } from './mutant-types.js';
export type { Mutant, Patch } from './mutant-types.js';
/**
 * What of failover.md section 9's list is not here cannot be told from the cores: the group kill, `fsync=off` and the smart shutdown
 * are bugs of the hands (host-control, journal); the lab plants those.
 */
export declare const MUTANTS: readonly Mutant[];
