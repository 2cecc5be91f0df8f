import type { NodeId } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';
/** What stands in front of the cluster: a load balancer that polls `/status` and keeps what it heard, and neighbours with ARP caches. */
export declare class Front {
    #private;
    /** Whom a neighbour's ARP cache names: whoever announced the VIP last. */
    arp: NodeId | null;
    constructor(world: HostWorld, dataNodes: readonly NodeId[]);
    announced(host: HostModel): void;
    /** Where the balancer would send a client now. */
    backend(): NodeId | null;
    upCount(): number;
}
/**
 * The managers' side effects and the agents that obey: an item of work is claimed by a commit, and ordered with the epoch once the
 * claim was acknowledged. An agent remembers the highest epoch it has heard, refuses a lower one, and asks before it starts
 * whether the sender still is Master (ruling 14).
 */
export declare class Managers {
    #private;
    refused: number;
    constructor(world: HostWorld, dataNodes: readonly NodeId[]);
    /** The claim is acknowledged: order it. */
    acknowledged(node: NodeId, item: number): void;
}
