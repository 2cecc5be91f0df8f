import { type FaultClass } from './fault-tools.js';
/** Power devices. What maps to a wrong host (F11) is out of scope here: a configuration that a health check refuses. */
export declare const POWER: readonly FaultClass[];
