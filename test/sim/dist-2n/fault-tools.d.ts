import type { ClusterRecord } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { HostModel } from './host-model.js';
import type { Rng } from './rng.js';
import type { LANDED, Shape } from './shape.js';
import type { World } from './world.js';
/** A class of faults; each schedule draws a subset (swarm testing), so that every combination comes up by itself. */
export interface FaultClass {
    readonly name: string;
    readonly why: string;
    /** What the product must be able to do. */
    readonly needs?: readonly (keyof typeof LANDED)[];
    fits?(shape: Shape): boolean;
    /** Nothing else breaks in such a schedule: with a second fault the design promises nothing. */
    readonly alone?: boolean;
    /** `rng` belongs to this one fault: leaving another one out changes nothing here, so that a failing plan can be shrunk. */
    inject(world: World, rng: Rng): void;
}
export declare const data: (world: World, rng: Rng) => HostModel;
export declare const any: (world: World, rng: Rng) => HostModel;
export declare const someTime: (rng: Rng) => number;
export declare const cut: (world: World, rng: Rng, pairs: readonly (readonly [NodeId, NodeId])[], forMs?: number) => void;
export declare const both: (one: NodeId, two: NodeId) => readonly (readonly [NodeId, NodeId])[];
export declare const around: (world: World, alone: NodeId) => readonly (readonly [NodeId, NodeId])[];
/** Back within the old promises and the old lease. */
export declare function restart(world: World, rng: Rng, host: HostModel): void;
/** One blow at one host. */
export declare function hit(world: World, rng: Rng, host: HostModel): void;
export type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;
/** The edges of T1–T5: where a second fault hurts most. */
export declare const EDGES: Readonly<Record<string, Change>>;
