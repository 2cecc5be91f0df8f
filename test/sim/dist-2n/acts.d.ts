import type { Action } from '@yosugara/failover';
import { type Resource } from '@yosugara/runtime';
import type { HostModel, HostWorld } from './host-model.js';
/** What host-control, the fence port and the hooks do of an action, with their latencies and failures. */
export declare class Acts {
    #private;
    constructor(host: HostModel, world: HostWorld);
    start(resource: Resource, action: Action): void;
}
