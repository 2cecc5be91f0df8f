import type { Action } from '@yosugara/failover';
import type { Epoch, NodeId } from '@yosugara/kernel';
import type { RoleNotice } from '@yosugara/protocol';
import { type ControllerConfig, type ControllerEffect, type ControllerInput, type ControllerState, type PeerMessage, type TraceEntry } from '@yosugara/runtime';
import type { Agenda } from './agenda.js';
import type { Checks } from './checks.js';
import { HostClock } from './clock.js';
import type { Coverage } from './coverage.js';
import { DeadManModel, WatchdogModel } from './dead-man.js';
import type { FenceDevice } from './fence-devices.js';
import type { Network } from './network.js';
import { PostgresModel, type PostgresWorld } from './postgres-model.js';
import { Prober } from './prober.js';
import { RaftDiskModel } from './raft-disk.js';
import type { Rng } from './rng.js';
export interface HostWorld extends PostgresWorld {
    readonly agenda: Agenda;
    readonly network: Network;
    readonly rng: Rng;
    readonly checks: Checks;
    readonly coverage: Coverage;
    readonly vipKind: 'bind' | 'ip';
    host(node: NodeId): HostModel;
    device(target: NodeId): FenceDevice | undefined;
    readonly nodes: readonly NodeId[];
    /** For the checkers; called at the moment it happens. */
    stepped(host: HostModel, effects: readonly ControllerEffect[]): void;
    said(host: HostModel, to: NodeId, message: PeerMessage): void;
    /** A trace as a real controller writes it; null: nobody wants one. */
    readonly record: ((node: NodeId, entry: TraceEntry) => void) | null;
    announced(host: HostModel): void;
    /** A dead man's signed word to the others. */
    stopProof(node: NodeId, epoch: Epoch, boot: string): void;
    readonly tracing: boolean;
    trace(text: () => string): void;
}
type Untimed = ControllerInput extends infer I ? I extends ControllerInput ? Omit<I, 'nowMs' | 'wallMs' | 'random'> : never : never;
/** One host: its clock, its consensus disk, its controller (the production core), its dead man, its PostgreSQL. */
export declare class HostModel {
    #private;
    readonly node: NodeId;
    readonly clock: HostClock;
    readonly disk: RaftDiskModel;
    readonly postgres: PostgresModel;
    readonly prober: Prober;
    readonly watchdog: WatchdogModel | null;
    powered: boolean;
    /** SIGSTOP on the controller alone; the freezer on the whole host; or the machine is paused, its clock too. */
    frozen: 'no' | 'controller' | 'host';
    state: ControllerState | null;
    notice: RoleNotice | null;
    vipUntilMs: number;
    /** Why its volumes cannot serve; told by probes. */
    unfit: string | null;
    boots: number;
    /** Of the controller: what an earlier one planned does nothing. */
    life: number;
    deadMan: DeadManModel | null;
    /** Whom its controller has ordered off, until the answer. */
    fencing: NodeId | null;
    constructor(node: NodeId, world: HostWorld, config: Omit<ControllerConfig, 'boot'>, watchdogMs: number | null);
    get kind(): 'data' | 'witness';
    local(): number;
    /** Anything at all runs here. */
    get awake(): boolean;
    get thinking(): boolean;
    get leaseEnded(): boolean;
    /** Nobody serves without these. */
    mayServe(): boolean;
    /** Would this host answer 200, or let a side effect out, at this very moment? */
    serves(): boolean;
    /** Believes, or will believe when it wakes up, that nobody else may lead now. */
    leases(): boolean;
    /** The dead man will stop PostgreSQL if nobody tells it otherwise. */
    get armed(): boolean;
    holdsVip(): boolean;
    holdVip(untilMs: number): void;
    dropVip(): void;
    powerOn(): void;
    powerOff(): void;
    startController(): void;
    /** What the watch over the host and the dead man's read-back tell the controller. */
    tellHost(): void;
    /** kill -9: the pipe to the dead man closes. */
    crashController(): void;
    freeze(what: 'controller' | 'host' | 'pause'): void;
    thaw(): void;
    /** Once, right after the next fsync: before or after what waits for it is done. null: no more. */
    onNextPersist(when: 'before' | 'after', run: (() => void) | null): void;
    push(input: Untimed): void;
}
export type { Action };
