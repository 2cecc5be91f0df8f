import { type FaultClass } from './fault-tools.js';
/** One thing breaks. */
export declare const BASIC: readonly FaultClass[];
