import { type FaultClass } from './fault-tools.js';
/** In the middle of a transition, or aimed at one promise of the design: where a fault hurts most. */
export declare const AIMED: readonly FaultClass[];
