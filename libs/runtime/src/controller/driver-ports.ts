import type { DiskStamp } from '@yosugara/consensus';
import type { Clock, Log, NodeId, Random } from '@yosugara/kernel';
import type { RoleNotice } from '@yosugara/protocol';
import type { Mailbox, RaftDisk } from '../ports/consensus.js';
import type { FencePort, HookPort, HostWatch } from '../ports/fencing.js';
import type { DeadMan, PostgresHost, PostgresPeer, VipDriver } from '../ports/host.js';
import type { RecoverStore } from '../recover/types.js';
import type { TraceEntry } from './trace.js';
import type { BranchOrder, Superseded } from './types.js';

/** All that the controller's loop and its hands reach of the world. */
export interface DriverPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly disk: RaftDisk;
  readonly mailbox: Mailbox;
  /** null on an arbiter. */
  readonly host: { readonly postgres: PostgresHost; readonly vip: VipDriver; readonly deadMan: DeadMan } | null;
  /** Volumes and event loop; absent: not watched (specifications). */
  readonly watch?: HostWatch;
  readonly peers: ReadonlyMap<NodeId, PostgresPeer>;
  /** How far the other members' consensus directories have come survives this controller. Absent: nobody remembers. Never throws. */
  readonly stamps?: { save(stamps: Readonly<Record<string, DiskStamp>>): void };
  /** What a recover did survives its controller. */
  readonly recover?: RecoverStore;
  readonly pid: number;
  /** Absent: none is configured. */
  readonly hooks?: HookPort;
  /** The power of other members. Absent: no device is configured. */
  readonly fence?: FencePort;
  /** Every input with its effects, before they are done. */
  readonly trace?: (entry: TraceEntry) => void;
  readonly onNotice: (notice: RoleNotice) => void;
  /** The consensus directory is to begin another log: written down, then this process ends in order and starts again. */
  readonly onBranch?: (order: BranchOrder) => void;
  /** Another log of the cluster's is newer than ours: the next start has to know. */
  readonly onSuperseded?: (by: Superseded) => void;
  /** The host goes down: this process is to hand over and end. */
  readonly onLeave?: (why: string) => void;
  /** The consensus disk failed, or the dead man is gone: this process must end at once. */
  readonly onFatal: (why: string) => void;
}
