import type { FaultClass } from './fault-tools.js';
export type { FaultClass };
/** Everything that can happen to a cluster here. */
export declare const FAULTS: readonly FaultClass[];
