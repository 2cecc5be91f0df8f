import { type Action, type ClusterRecord } from '@yosugara/failover';
import { type NodeId } from '@yosugara/kernel';
import type { ControllerEffect, PeerMessage } from '@yosugara/runtime';
import type { HostModel } from './host-model.js';
import { RaftChecks } from './raft-checks.js';
export interface Violation {
    readonly invariant: string;
    readonly says: string;
    readonly atMs: number;
}
interface Acknowledged {
    readonly commit: number;
    readonly node: NodeId;
    readonly epoch: number;
}
/** S1–S13 of failover.md 2.7, from outside: nothing here trusts what a controller believes. */
export declare class Checks {
    #private;
    readonly violations: Violation[];
    readonly raft: RaftChecks;
    /** The record as committed, folded from the entries themselves. */
    record: ClusterRecord;
    lastAcknowledgedMs: number;
    acknowledged: Acknowledged[];
    epochChanges: number[];
    fences: number;
    lastFenceMs: number;
    excused: boolean;
    /** Whose data directory was taken away: what a copy of theirs was worth is gone, by no fault of the cluster. */
    readonly emptied: Set<NodeId>;
    constructor(hosts: () => readonly HostModel[], now: () => number);
    fail(invariant: string, says: string): void;
    afterStep(host: HostModel, effects: readonly ControllerEffect[]): void;
    persisted(host: HostModel): void;
    /** Somebody said that `node` is off. It is not: whatever follows from that is theirs. */
    saidOff(node: NodeId): void;
    said(host: HostModel, to: NodeId, message: PeerMessage): void;
    /** S3 at the time of the answer. */
    commitAcknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void;
    /** A load balancer was told 200. */
    answered200(host: HostModel): void;
    /** S13: an agent did it. */
    executed(node: NodeId, item: number, epoch: number): void;
    get sideEffects(): number;
    /** S2, S6, S7, S10: at the very moment PostgreSQL becomes writable. */
    beforeWritable(host: HostModel, action: Action): void;
    /** S5: the record says first that nobody else is needed, then the names do. */
    beforeNames(host: HostModel, names: readonly NodeId[]): void;
    /** S11. */
    beforeFence(host: HostModel, target: NodeId): void;
    /** S10, S14: data is replaced only where somebody else serves who has it all, and never the owner's. */
    beforeReplaced(host: HostModel, source: NodeId): void;
    /** After every event: S1 (who would answer 200), S4, S9. */
    always(): void;
    atEnd(): void;
}
export {};
