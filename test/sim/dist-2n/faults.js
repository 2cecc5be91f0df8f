import { BASIC } from './faults-basic.js';
import { AIMED } from './faults-edges.js';
import { HOST_FAULTS } from './faults-host.js';
import { OPERATORS } from './faults-operators.js';
import { POWER } from './faults-power.js';
/** Everything that can happen to a cluster here. */
export const FAULTS = [...BASIC, ...AIMED, ...HOST_FAULTS, ...OPERATORS, ...POWER];
//# sourceMappingURL=faults.js.map