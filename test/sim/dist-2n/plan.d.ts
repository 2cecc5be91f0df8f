import { type FaultClass } from './faults.js';
import { Rng } from './rng.js';
import { type Shape } from './shape.js';
export interface Planned {
    readonly fault: FaultClass;
    readonly atMs: number;
    readonly rng: Rng;
}
/** Swarm testing: each schedule draws a subset of the classes, so that every combination comes up by itself. */
export declare function drawPlan(rng: Rng, shape: Shape, startMs: number, faultMs: number): readonly Planned[];
