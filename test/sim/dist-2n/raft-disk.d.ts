import type { Entry, HardState, Restored, Snapshot } from '@yosugara/consensus';
import type { ControllerEffect } from '@yosugara/runtime';
export type Persist = Extract<ControllerEffect, {
    kind: 'persist';
}>;
/** The consensus disk of a host: what was written and fsynced, and what can go wrong with it (D3, D6–D8, D16, H12). */
export declare class RaftDiskModel {
    #private;
    slowMs: number;
    /** Every write fails: EIO, or no space. The driver ends the process at once and never tries an fsync again. */
    failing: 'no' | 'eio' | 'full';
    /** Grows with every wipe and rollback: for the checkers, which must forget what this disk once promised. */
    lives: number;
    lost: boolean;
    get hardState(): HardState;
    get entries(): readonly Entry[];
    get snapshot(): Snapshot | null;
    get lastIndex(): number;
    holds(index: number, term: number): boolean;
    /** A start: it is counted, as libs/journal does. */
    restored(): Restored;
    /** `whole` false: the power went after the first of its parts. */
    write(change: Persist, whole: boolean): void;
    /** D16: the directory was emptied while nothing ran. `marked`: the mark beside it, that there was a log, is still there. */
    wipe(marked: boolean): void;
    /** It goes on as another member's life. @returns its incarnation. */
    renew(): string;
    keep(): void;
    /** H12: an old snapshot of the machine is put back. @returns false: none was kept. */
    rollBack(): boolean;
}
