import type { NodeId } from '@yosugara/kernel';
import type { HostModel, HostWorld } from './host-model.js';
/** How a host looks at its PostgreSQL, as host-control's Watch does: now and then, and right after whatever changed it. */
export declare class Prober {
    #private;
    /** Names that are being changed count as required only if they were before and will be after. */
    verifying: readonly NodeId[] | null;
    constructor(host: HostModel, world: HostWorld);
    /** A new controller has a new one. */
    reset(): void;
    /** A look that begins after this call. */
    look(then: () => void): void;
    /** Look soon. If one is under way that one counts, though it may have begun before whatever has just changed. */
    poke(): void;
}
