import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';
/** A host's two clocks: monotonic, of a rate up to 1 % wrong (ρ of failover.md 2.5), standing still while the machine is paused; and the wall's. */
export declare class HostClock {
    #private;
    readonly rate: number;
    wallStepMs: number;
    constructor(agenda: Agenda, rng: Rng);
    monotonicMs(): number;
    wallMs(): number;
    get paused(): boolean;
    pause(): void;
    resume(): void;
}
