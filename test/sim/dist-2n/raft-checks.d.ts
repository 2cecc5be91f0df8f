import { type Entry } from '@yosugara/consensus';
import type { NodeId } from '@yosugara/kernel';
import type { PeerMessage } from '@yosugara/runtime';
import type { HostModel } from './host-model.js';
type Fail = (invariant: string, says: string) => void;
/** S12, from outside: disks, votes, leaders and what each node calls committed. */
export declare class RaftChecks {
    #private;
    constructor(hosts: () => readonly HostModel[], fail: Fail, folded: (entry: Entry) => void);
    afterStep(host: HostModel): void;
    persisted(host: HostModel): void;
    /** Nobody may say what a power cut could take back (thesis 3.8). */
    said(host: HostModel, to: NodeId, message: Extract<PeerMessage, {
        k: 'raft';
    }>): void;
}
export {};
