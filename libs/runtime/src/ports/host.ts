import type { Arming, PostgresFacts } from '@yosugara/failover';
import type { Epoch, Lsn, NodeId } from '@yosugara/kernel';
import type { CopyDone, Survey } from '../recover/types.js';

/** Where another member's PostgreSQL is reached for replication. */
export interface PostgresPeer {
  readonly node: NodeId;
  readonly address: string;
  readonly port: number;
}

export interface CopyBytes {
  readonly stage?: 'prepare' | 'copy';
  readonly bytes?: number;
  readonly totalBytes?: number | null;
}
export type Progress = (detail: string, fraction: number | null, more?: CopyBytes) => void;

/**
 * Hands on this host's PostgreSQL. Every method has a deadline of its own, throws `PostgresControlError` (stable code,
 * cause) when the world fails, is idempotent, and leaves a state that `facts` can tell.
 */
export interface PostgresHost {
  /** The newest probe's answer, at once; probes run by themselves in a child process every `probeMs`. */
  facts(): PostgresFacts;
  /** A change of Master is under way: probes follow each other quickly, since everybody waits for what they tell. */
  hurry?(on: boolean): void;
  /** Called after each probe. */
  onFacts(handler: (facts: PostgresFacts) => void): void;
  /** Why it cannot be Master though it answers: its own local writes fail; a whole sentence. null or absent: nothing is known. */
  unfit?(): string | null;
  /** Which programs are used, such as `PostgreSQL 15.18 (Debian)`. */
  source(): string;
  /** initdb (checksums on), our include file, roles (replication, manager, app), database `yosugara`; leaves it stopped, as a standby would start. */
  initialise(): Promise<void>;
  /** With standby.signal. follow null: no primary_conninfo: recovery without a receiver. Writes the include file first. */
  startStandby(follow: PostgresPeer | null): Promise<void>;
  /** Without standby.signal, same timeline: only under a record that names this node. names as in setNames. */
  startPrimary(names: readonly NodeId[]): Promise<void>;
  /**
   * Change primary_conninfo by reload; null cuts the receiver and resolves when no walreceiver process is left, and none can come.
   * sourceStopped: whom it followed is proven stopped: one that came now would receive nothing.
   */
  follow(peer: PostgresPeer | null, options?: { readonly sourceStopped?: boolean }): Promise<void>;
  /** synchronous_standby_names: exact quoted names (`yosugara_b`), [] = none; resolves when the effective value was re-read. */
  setNames(names: readonly NodeId[]): Promise<void>;
  /**
   * pg_promote; resolves when not in recovery. Then a background CHECKPOINT.
   * above: the highest timeline that anybody in the cluster has ever had; the new one gets a higher number, known here or not.
   */
  promote(options?: { readonly above?: number }): Promise<{ readonly timeline: number; readonly forkLsn: Lsn }>;
  /** A little WAL, so that an idle cluster converges; resolves to the flush LSN after it. */
  forceWal(): Promise<Lsn>;
  /** Physical slot `yosugara_<peer>` with reserved WAL; a lost one is dropped and made anew. */
  ensureSlot(peer: NodeId): Promise<void>;
  checkpoint(): Promise<void>;
  /**
   * fast: smart order of failover.md T6: fast shutdown within budgetMs, then kill. kill: at once.
   * Resolves only when no process is left (ruling 2: cgroup empty, or no process of that user whose cwd is PGDATA, twice).
   */
  stop(mode: 'fast' | 'kill', budgetMs: number): Promise<{ readonly clean: boolean; readonly walEnd: Lsn | null }>;
  /** pg_rewind against the peer (crash recovery included); throws REWIND_FAILED: then only baseBackup helps. */
  rewind(source: PostgresPeer, progress: Progress): Promise<CopyDone>;
  /**
   * Into a new directory, then renamed; the old ones are set aside, as many as are configured.
   * @param givesUp system identifier of another database here that may be replaced; any other is refused.
   */
  baseBackup(source: PostgresPeer, progress: Progress, givesUp?: string): Promise<CopyDone>;
  /** Looks that are too dear for every probe. verify: read every page of a stopped data directory, unless a verb comes in between. */
  survey(verify: boolean): Promise<Survey>;
  close(): Promise<void>;
}

export interface VipDriver {
  readonly kind: 'bind' | 'ip' | 'none' | 'ocf' | 'command';
  /**
   * Idempotent. ip: duplicate-address probe, address with valid_lft = whole seconds left of the lease, gratuitous ARP.
   * The lease is read when the address is set, for it may have been renewed, or run on, during the probe.
   * @throws VipError VIP_DUPLICATE, VIP_FAILED; VIP_LEASE_TOO_SHORT when less than a whole second is left.
   */
  hold(leaseLeftMs: () => number): Promise<void>;
  /** `hold` comes soon: what it would wait for begins, and nothing is set. Never throws. */
  expect?(): void;
  release(): Promise<void>;
  /** Another host answers for it while it is here: a whole sentence. null or absent: nothing is known of one. */
  conflict?(): string | null;
  /** Is it on this host now? (ip: read from the kernel; bind: what we told our processes.) */
  held(): Promise<boolean>;
}

export type DeadManArming = 'none' | 'soft' | 'hardware';

export interface StopProofMessage {
  readonly node: NodeId;
  readonly epoch: Epoch;
  /** The controller's boot that armed the dead man. */
  readonly bootId: string;
  readonly atWallMs: number;
  /** ed25519 over `yosugara-p1|clusterId|node|epoch|bootId|atWallMs`, base64. */
  readonly signature: string;
}

/** The dead-man child. It spawns and holds PostgreSQL and the manager, and kills both when the lease or the controller ends. */
export interface DeadMan {
  arming(): DeadManArming;
  /** The same, with the watchdog's time-out as it was read back: P3 counts on it. */
  armingFacts(): Arming;
  /** Why this node may not own: a watchdog is required, and none works here. null: it may. */
  unfit(): string | null;
  /** "Lease until X" on CLOCK_MONOTONIC ms. PostgreSQL as primary, and the manager, die at X unless renewed. 0 disarms (nothing serves). */
  lease(untilMs: number, epoch: Epoch): void;
  /** The manager process: started when it is not there and wanted, restarted with backoff; stop kills it and proves it. */
  wantManager(wanted: boolean): void;
  /** It does not answer: every process of it is killed, then it is started again. At once, and nothing to wait for; it is in the log. */
  restartManager(why: string): void;
  managerPid(): number | null;
  pid(): number | null;
  postmasterPid(): number | null;
  /**
   * It struck for this epoch (lease over): everything is proven stopped and P1 is out. From then on it refuses any lease of this
   * epoch or an older one, for a P1 that is out must stay true.
   */
  onStruck(handler: (epoch: Epoch) => void): void;
  /** It was told to end, as everybody on a host that goes down: it waits a few seconds for a hand-over, and starts nothing more. */
  onLeaving(handler: () => void): void;
  /** Its own death: the controller must stop everything itself, by `killEverything`. */
  onExit(handler: (why: string) => void): void;
  /** In a dead dead man's place: PostgreSQL, the manager and what holds the VIP's ports. @returns true: proved that none is left. Never throws. */
  killEverything(deadlineMs: number): Promise<boolean>;
  close(): Promise<void>;
}
