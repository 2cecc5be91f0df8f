import { IN_CONSENSUS } from './mutants-consensus.js';
import { FIRST } from './mutants-first.js';
import { IN_POWER } from './mutants-power.js';
import { IN_RECORD } from './mutants-record.js';
/**
 * What of failover.md section 9's list is not here cannot be told from the cores: the group kill, `fsync=off` and the smart shutdown
 * are bugs of the hands (host-control, journal); the lab plants those.
 */
export const MUTANTS = [...FIRST, ...IN_CONSENSUS, ...IN_RECORD, ...IN_POWER];
//# sourceMappingURL=mutants.js.map