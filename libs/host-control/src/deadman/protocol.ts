import type { Arming } from '@yosugara/failover';
import type { BoundedOptions } from '../os/bounded.js';
import type { WatchdogFacts, WatchdogSetup } from './watchdog.js';

/** The line protocol between controller and dead man: JSON lines, both ways on the dead man's file descriptor 3. */

export type Kind = 'postgres' | 'manager';

export interface DeadManSetup {
  readonly clusterId: string;
  readonly node: string;
  readonly bootId: string;
  /** ed25519 seed, base64; read once at start, so that a full or dead disk cannot silence the proof. */
  readonly seedFile: string;
  /** `http://address:port/internal/stop-proof` of the other members. */
  readonly voters: readonly string[];
  /** Name of the control group's folder, such as `yosugara-demo-a`. */
  readonly groupName: string;
  /** false: never use control groups (tests of the scan). */
  readonly useGroups: boolean;
  readonly postgres: { readonly folder: string; readonly uid: number } | null;
  readonly managerMarker: string;
  readonly vipMarker: string;
  /** Gives back the VIP that a program has set up, which has no lifetime of its own; null: the driver leaves nothing behind. */
  readonly giveBackVip: BoundedOptions | null;
  /** null: none is to be used, and why. */
  readonly watchdog: WatchdogSetup | null;
  readonly watchdogSays: string;
  /** pid and start time of the dead man in charge, so that the next one can end it. */
  readonly pidFile: string;
}

export interface SpawnSpec {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly logFile: string;
  /**
   * Does it act as Master by itself, as a primary does? Then it is refused from the end of a lease until a lease of a higher epoch.
   * The manager does not: it begins passive, and takes no epoch that it is told is over.
   */
  readonly serves: boolean;
  readonly uid?: number;
  readonly gid?: number;
}

export type ToDeadMan =
  | { readonly setup: DeadManSetup }
  /** `untilMs` on CLOCK_MONOTONIC; 0 disarms. */
  | { readonly lease: number; readonly epoch: number }
  | ({ readonly id: number; readonly spawn: Kind } & SpawnSpec)
  /** Is every lease that was told before this in force, the watchdog counting where there is one? */
  | { readonly id: number; readonly guard: true }
  | { readonly id: number; readonly stop: Kind; readonly mode: 'fast' | 'kill'; readonly budgetMs: number };

export interface DeadManReport extends WatchdogFacts {
  readonly pid: number;
  /** null: not permitted; the kernel may choose us when memory runs out. */
  readonly oomScoreAdj: number | null;
  /** What P3 may count on. */
  readonly arming: Arming;
  readonly containment: 'cgroup' | 'scan';
  /** Kept from reclaim and swap by a control group, read back. */
  readonly memory: 'guarded' | 'unguarded';
  /** Processes of an earlier life that had to be killed at start. */
  readonly leftoversKilled: number;
}

export type FromDeadMan =
  | { readonly ready: DeadManReport }
  | { readonly failed: string }
  | { readonly id: number; readonly pid: number }
  | { readonly id: number; readonly refused: string }
  | { readonly id: number; readonly stopped: boolean }
  | { readonly id: number; readonly guarded: boolean }
  /** It was given up. */
  | { readonly watchdogNow: WatchdogFacts }
  /** It was told to end, as an operating system does that goes down: it waits for its controller, and starts nothing more. */
  | { readonly leaving: true }
  | { readonly exited: Kind; readonly pid: number; readonly code: number | null; readonly signal: string | null }
  /** The lease of this epoch ended: everything was killed, none is left, the voters are being told. The epoch is over for this boot. */
  | { readonly struck: number };

/** CLOCK_MONOTONIC in ms: process.hrtime is that clock on Linux, with one origin for every process of the host. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export const armingOf = ({ watchdog, timeoutMs }: WatchdogFacts): Arming =>
  watchdog === 'hardware' ? { kind: 'hardware', timeoutMs } : { kind: 'soft', timeoutMs: null };
