import type { NodeId } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Rng } from './rng.js';
/** One direction between two hosts. */
interface Way {
    cut: boolean;
    loss: number;
    double: number;
    delayMs: number;
    jitterMs: number;
    /** Share of messages that take seconds. */
    late: number;
    /** When the last byte of the stream arrives: the next one comes after it. */
    streamAt: number;
}
/** Datagrams that get lost, doubled, late and out of order; each direction of each pair has its own weather. */
export declare class Network {
    #private;
    constructor(agenda: Agenda, rng: Rng, nodes: readonly NodeId[]);
    way(from: NodeId, to: NodeId): Way;
    both(one: NodeId, two: NodeId): boolean;
    /** Weather is judged at sending; a way that is cut on arrival loses what is under way, too. */
    send(from: NodeId, to: NodeId, deliver: () => void): void;
    /** TCP: nothing is lost, doubled or out of order, losses cost time instead; a way that is cut eats what is under way. */
    stream(from: NodeId, to: NodeId, deliver: () => void): void;
    heal(): void;
}
export {};
