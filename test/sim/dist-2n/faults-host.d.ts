import { type FaultClass } from './fault-tools.js';
/** Disks, clocks, volumes, the machine itself. */
export declare const HOST_FAULTS: readonly FaultClass[];
