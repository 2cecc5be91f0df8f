import type { ClusterRecord } from '@yosugara/failover';
import type { NodeId } from '@yosugara/kernel';
import type { PostgresModel } from './postgres-model.js';
import type { Rng } from './rng.js';
interface ClientWorld {
    readonly agenda: {
        readonly now: number;
        after(delayMs: number, run: () => void): void;
    };
    readonly rng: Rng;
    readonly dataNodes: readonly NodeId[];
    server(node: NodeId): PostgresModel | undefined;
    admits(node: NodeId): boolean;
}
/**
 * Clients with unique keys, at every server that takes them, whoever it believes to be: what counts is what gets acknowledged.
 * Whoever got no answer does not know, and asks again with the same key: by ON CONFLICT DO NOTHING after a lost connection, by DO
 * UPDATE after a cancelled wait (of which PostgreSQL says that the row may be on this node only).
 */
export declare class Clients {
    #private;
    unknown: number;
    constructor(world: ClientWorld);
    get made(): number;
    changed(before: ClusterRecord, after: ClusterRecord): void;
    acknowledged(commit: number): void;
    /** R9. */
    cancelAt(node: NodeId): void;
}
export {};
