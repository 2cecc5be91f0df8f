import { type Action, type ClusterRecord } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';
import { type ControllerEffect, type OperatorRequest, type PeerMessage, type TraceEntry } from '@yosugara/runtime';
import { Agenda } from './agenda.js';
import { Checks, type Violation } from './checks.js';
import { Clients } from './clients.js';
import { Coverage } from './coverage.js';
import { FenceDevice } from './fence-devices.js';
import { Front, Managers } from './front.js';
import { HostModel, type HostWorld } from './host-model.js';
import { Network } from './network.js';
import type { PostgresModel } from './postgres-model.js';
import { Rng } from './rng.js';
import { type Shape } from './shape.js';
export interface Outcome {
    readonly seed: number;
    readonly violations: readonly Violation[];
    /** The whole plan; `at` in virtual ms. */
    readonly faults: readonly {
        readonly name: string;
        readonly atMs: number;
    }[];
    readonly settings: string;
    readonly takeOvers: number;
    readonly acknowledged: number;
    readonly sideEffects: number;
    readonly fences: number;
    readonly events: number;
    /** From the end of the faults until somebody served and both were in the sync set; null: never. */
    readonly calmAfterMs: number | null;
}
export interface Options {
    readonly trace?: (line: string) => void;
    /** Only these faults of the plan, by their place in it: for shrinking. */
    readonly only?: readonly number[];
    readonly coverage?: Coverage;
    readonly record?: (node: NodeId, entry: TraceEntry) => void;
}
type Change = (before: ClusterRecord, after: ClusterRecord) => boolean;
/** A schedule's length, and how much of it is trouble. */
export declare const END_MS = 120000;
/** A whole cluster in one thread: production cores, modelled hosts, faults, and checkers from outside. */
export declare class World implements HostWorld {
    #private;
    readonly agenda: Agenda;
    readonly rng: Rng;
    readonly shape: Shape;
    readonly nodes: readonly NodeId[];
    readonly dataNodes: readonly NodeId[];
    readonly network: Network;
    readonly checks: Checks;
    readonly coverage: Coverage;
    readonly vipKind: 'bind' | 'ip';
    readonly clients: Clients;
    readonly front: Front;
    readonly managers: Managers;
    /** Whose consensus directory was emptied in this schedule. */
    readonly amnesiac: Set<NodeId>;
    /** First start: a Master in sync within this. */
    readonly startMs: number;
    constructor(seed: number, options: Options);
    host(node: NodeId): HostModel;
    device(target: NodeId): FenceDevice | undefined;
    get devices(): readonly FenceDevice[];
    server(node: NodeId): PostgresModel | undefined;
    admits(node: NodeId): boolean;
    get tracing(): boolean;
    trace(text: () => string): void;
    stepped(host: HostModel, effects: readonly ControllerEffect[]): void;
    said(host: HostModel, to: NodeId, message: PeerMessage): void;
    get record(): ((node: NodeId, entry: TraceEntry) => void) | null;
    announced(host: HostModel): void;
    acknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void;
    /** Once, after the next change of the committed record of this kind. */
    onNext(change: Change, run: () => void): void;
    /** Once, when a controller starts the next action of this kind. */
    onNextAction(kind: Action['kind'], run: (node: NodeId) => void): void;
    leader(): NodeId | null;
    operate(request: OperatorRequest, at: NodeId): void;
    stopProof(node: NodeId, epoch: Epoch, boot: string): void;
    /** Signed proofs stay true for ever; somebody hears all of them again. */
    repeatStopProofs(rng: Rng): void;
    run(seed: number): Outcome;
    get healed(): boolean;
}
export declare const runSeed: (seed: number, options?: Options) => Outcome;
export {};
