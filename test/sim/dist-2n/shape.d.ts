import type { Member } from '@yosugara/consensus';
import { PROFILES, type Settings } from '@yosugara/failover';
import { type NodeId } from '@yosugara/kernel';
import type { Rng } from './rng.js';
/** What this version of the product can do. A schedule draws only what is there; the rest waits here to be switched on. */
export declare const LANDED: {
    /** P2: actions fence.off and fence.on. */
    fencing: boolean;
    /** Two voters, no arbiter (failover.md 3, ruling 7). */
    twoNodes: boolean;
    /** P3: a hardware watchdog declared by the owner. */
    watchdog: boolean;
    dr: boolean;
    /** Pause, maintenance, leaving, rate limit. */
    governance: boolean;
    unfit: boolean;
    /** A disk that was wiped or rolled back is noticed (an incarnation of the consensus disk). */
    incarnations: boolean;
    /** The monotonic clock stood still while the wall clock went on. */
    clockJump: boolean;
};
export type Profile = keyof typeof PROFILES;
/** What kind of cluster a seed builds. */
export interface Shape {
    readonly name: 'three' | 'three-p2' | 'three-p3' | 'three-p2-p3' | 'two' | 'three-dr';
    readonly members: readonly Member[];
    readonly nodes: readonly NodeId[];
    /** May be in the sync set. */
    readonly dataNodes: readonly NodeId[];
    readonly drNodes: readonly NodeId[];
    readonly watchdog: boolean;
    readonly profile: Profile;
    readonly settings: Settings;
}
export declare function drawShape(rng: Rng): Shape;
