import type { PostgresFacts, StoppedState } from '@yosugara/failover';
import { type NodeId } from '@yosugara/kernel';
import type { Agenda } from './agenda.js';
import type { Network } from './network.js';
import type { Rng } from './rng.js';
/** What the model asks of the world around it. */
export interface PostgresWorld {
    readonly agenda: Agenda;
    readonly network: Network;
    readonly rng: Rng;
    server(node: NodeId): PostgresModel | undefined;
    /** A client was told: committed. */
    acknowledged(node: NodeId, commit: number, end: number, how: 'written' | 'visible'): void;
}
type Process = 'down' | 'starting' | 'standby' | 'primary';
/**
 * PostgreSQL as far as failover sees it (failover.md section 5, measured): WAL is an array of commit numbers, an LSN its length; a commit waits
 * for the standbys named, and is released by their flush or by clearing the names; promotion starts a timeline; a crash keeps
 * what the operating system has, a power cut what was flushed.
 */
export declare class PostgresModel {
    #private;
    readonly node: NodeId;
    exists: boolean;
    incomplete: boolean;
    systemId: string;
    timeline: number;
    wal: number[];
    flushed: number;
    forks: {
        timeline: number;
        forkLsn: number;
    }[];
    process: Process;
    lastMode: StoppedState;
    names: readonly NodeId[];
    follow: NodeId | null;
    hung: boolean;
    frozen: boolean;
    /** Grows with every start and stop: what an older life planned does nothing. */
    life: number;
    /** Grows with every start and end of a process. */
    postmaster: number;
    constructor(node: NodeId, world: PostgresWorld);
    /** When it was last writable. */
    get writableMs(): number;
    get writable(): boolean;
    /** Starts, and will be a primary once it has. */
    get becomesPrimary(): boolean;
    get running(): boolean;
    get receiverCut(): boolean;
    facts(): PostgresFacts;
    /** D17. */
    wipe(): void;
    initialise(systemId: string): void;
    start(as: 'standby' | 'primary', done: () => void, failed: () => void): void;
    /** The process dies, now. Waiting clients get no answer. */
    kill(): void;
    /** Fast shutdown: no new commits, everything shipped to whoever is connected, then a clean end. */
    shutDown(done: () => void): void;
    /** The host lost power: what was not flushed is gone. */
    powerCut(): void;
    setFollow(node: NodeId | null): void;
    setNames(names: readonly NodeId[]): void;
    /** `above`: the record knows of timelines that this server may never have heard of. */
    promote(above: number): void;
    /**
     * A client that got no answer tries its key again. A key that is visible already is answered at once and waits for nobody (ON
     * CONFLICT DO NOTHING writes nothing: failover.md 5.1); one whose first writer still waits blocks behind it.
     */
    retry(commit: number): void;
    /** R9: a session that waits for its commit is cancelled or terminated: no answer, and the row is visible here. */
    cancelWaiting(): readonly number[];
    /** A row, or a new version of one (ON CONFLICT DO UPDATE): the answer comes through `acknowledged`, or never. */
    commit(commit: number): void;
    /** The sender's half: a feedback of the standby arrived (it tells what it has flushed); send what it lacks, flushed WAL only. */
    ship(standby: NodeId, id: number, has: number): void;
    /** The receiver's half: WAL arrived on the connection it came by, or on none any more. */
    take(id: number, from: number, part: readonly number[]): void;
    /** After pg_rewind or a base backup: the source's data, ours aside. */
    copyOf(source: PostgresModel): void;
}
export {};
