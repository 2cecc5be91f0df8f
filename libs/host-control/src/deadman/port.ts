import type { Epoch } from '@yosugara/kernel';
import type { DeadMan } from '@yosugara/runtime';
import type { DeadManReport, SpawnSpec } from './protocol.js';

export interface ProcessExit {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: string | null;
}

/** What host-control's own parts need beyond the port. */
export interface HostDeadMan extends DeadMan {
  report(): DeadManReport;
  /** @throws PostgresControlError LEASE_ENDED, RUNNING, DEAD_MAN_LOST. @returns the postmaster's pid. */
  spawnPostgres(spec: SpawnSpec): Promise<number>;
  /** Resolves when it is proved that no process is left; also when the dead man itself is gone: then we do it. @throws STOP_UNPROVED. */
  stopPostgres(mode: 'fast' | 'kill', budgetMs: number): Promise<void>;
  onPostgresExit(handler: (exit: ProcessExit) => void): void;
  onManagerExit(handler: (exit: ProcessExit) => void): void;
  /** The highest epoch that is over for this boot; 0: none. */
  endedEpoch(): Epoch;
  /** A lease ended, and none of a higher epoch has come since: nothing may serve. */
  leaseEnded(): boolean;
  /** Resolves when the dead man obeys the leases told so far, its watchdog counting where it has one. @throws LEASE_ENDED, DEAD_MAN_LOST. */
  mustGuard(): Promise<void>;
}
