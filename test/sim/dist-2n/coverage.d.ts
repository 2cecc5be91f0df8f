import type { Action, ClusterRecord, NodeRole } from '@yosugara/failover';
import type { ControllerInput, ControllerState } from '@yosugara/runtime';
/**
 * Which cells of (role × input × phase), (fault × phase × size of the sync set) and (role × action × outcome) the schedules came
 * through: what a simulator never visits it has never checked.
 */
export declare class Coverage {
    #private;
    input(state: ControllerState, input: ControllerInput): void;
    act(state: ControllerState, action: Action): void;
    fault(name: string, record: ClusterRecord, shape: string): void;
    count(cell: string): void;
    /** All that was hit. */
    cells(): Map<string, number>;
}
export type { NodeRole };
export declare function addCells(to: Map<string, number>, more: Iterable<readonly [string, number]>): void;
/** For people: a row a group, how many of its wanted cells were hit, and those that were not. */
export declare function coverageTable(hit: ReadonlyMap<string, number>, wanted: readonly string[]): {
    text: string;
    missing: string[];
};
