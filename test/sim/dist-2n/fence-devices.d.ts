import type { NodeId } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';
/** F1–F7, F17. `liar`: it says off and the host runs on; the adapter's read-back asks a second sensor and sees it. */
export type DeviceMood = 'ok' | 'timeout' | 'error' | 'liar' | 'late' | 'credentials' | 'flaps';
export interface FenceAnswer {
    readonly off: boolean;
    readonly says: string;
}
interface Powered {
    readonly powered: boolean;
    powerOff(): void;
    powerOn(): void;
}
/** The power controller of one host, on a network of its own. What the fence port would make of its answers, as one answer. */
export declare class FenceDevice {
    #private;
    readonly target: NodeId;
    mood: DeviceMood;
    /** F6: without mains of its own it dies with its host. */
    diesWithHost: boolean;
    inFlight: number;
    orders: number;
    constructor(target: NodeId, agenda: Agenda, rng: Rng, host: () => Powered);
    get healthy(): boolean;
    /** What was not yet told to the device is not told (F10). */
    callOff(): void;
    off(then: (answer: FenceAnswer) => void): void;
    on(then: (answer: FenceAnswer) => void): void;
}
export {};
