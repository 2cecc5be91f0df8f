import { type FaultClass } from './fault-tools.js';
/** People at bad moments. */
export declare const OPERATORS: readonly FaultClass[];
