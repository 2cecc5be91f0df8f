import { type Epoch } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';
/** The dead man of one controller's life, as host-control has it: strikes at the lease's end and at the controller's, proves, tells the others. */
export declare class DeadManModel {
    #private;
    readonly boot: string;
    constructor(host: HostModel, world: HostWorld, boot: string);
    get armed(): boolean;
    /** Whatever the controller believes of this epoch: nothing is left here that could act on it. */
    hasStruck(epoch: Epoch): boolean;
    /** Nothing that writes is started for an epoch that the dead man has ended. */
    leaseEnded(): boolean;
    lease(untilMs: number, epoch: Epoch): void;
    /** Its controller died, or it does not answer any more. */
    strikeNow(): void;
    /** With its host. */
    vanish(): void;
}
/** Hardware: resets the host when it was not petted in time. It is the one thing that a frozen host cannot stop; a paused machine's is paused, too. */
export declare class WatchdogModel {
    #private;
    readonly timeoutMs: number;
    fired: number;
    constructor(host: HostModel, world: HostWorld, timeoutMs: number);
    pet(): void;
    disarm(): void;
}
