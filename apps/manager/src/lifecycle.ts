import { explain, type Log } from '@yosugara/kernel';
import type { Tally } from '@yosugara/operations';
import { FIRST_LEVEL, type ManagerReport } from '@yosugara/protocol';
import type { MessageToStore } from '@yosugara/runtime';
import { hashPassword } from './auth/passwords.js';
import { hostClock } from './clock.js';
import { type Authority, NotActiveError, type Permission } from './control/authority.js';
import { MissingRecords } from './ingest/missing-records.js';
import type { ManagerStore } from './store/ports.js';

/** The loop that turns journals into rows, while it runs. */
export interface RunningIngest {
  /** Records received and not yet stored. */
  behind(): number;
  /** Resolves when nothing of it runs any more; safe to call twice. */
  stop(): Promise<void>;
  /** Why it ended by itself; null while it runs. */
  failure(): unknown;
  /** When its loop last went around, by the monotonic clock; null = not yet. */
  movedAtMs?(): number | null;
  /** The other node's wall clock minus ours; null = not known. */
  clockOffsetUs?(): number | null;
}

/** `permitted` is asked before every commit: throws when the lease or that epoch is gone. */
export type StartIngest = (options: {
  readonly epoch: number;
  readonly permitted: () => Permission;
  /** Called with rows just committed. */
  readonly onStored: (rows: readonly MessageToStore[]) => void;
  /** Called with what they count by source. */
  readonly onCounted?: (tallies: readonly Tally[]) => void;
  /** Is told what ingest goes on behind. */
  readonly missing?: MissingRecords;
}) => Promise<RunningIngest>;

export interface LifecycleOptions {
  readonly authority: Authority;
  readonly store: ManagerStore;
  readonly startIngest: StartIngest;
  readonly onStored: (rows: readonly MessageToStore[]) => void;
  readonly onCounted?: (tallies: readonly Tally[]) => void;
  readonly firstLogin: { readonly login: string; readonly password: string } | null;
  readonly log: Log;
  /** The controller wants this process gone. */
  readonly onOff: () => void;
  /** The report changed. */
  readonly onChange: () => void;
}

/** While something is to be done (PostgreSQL starts, recovers, is being promoted). */
const RETRY_MS = 50;
const SETTLED_MS = 250;
/** How often a Standby looks whether the schema is ours. */
const FORESEE_MS = 5_000;

type Database = Awaited<ReturnType<ManagerStore['probe']>>;

/**
 * Brings the process into the mode that it is permitted. Looks at the world anew in each step and remembers nothing but what
 * runs, so that start, take-over and loss of the lease are one path.
 */
export class Lifecycle {
  readonly #o: LifecycleOptions;
  #database: Database = 'down';
  /** The epoch whose migrations ran and whose first user exists; 0 = none. */
  #preparedEpoch = 0;
  /** This program's schema was seen in the database, which has been there since. */
  #migrated = false;
  #foresawAtMs = Number.NEGATIVE_INFINITY;
  /** Through which level what an upgrade's end takes away was taken, in which epoch. */
  #contracted = { epoch: 0, level: 0 };
  #ingest: { readonly epoch: number; readonly running: RunningIngest } | null = null;
  readonly #missing = new MissingRecords();
  #stopped = false;
  #wake: (() => void) | null = null;
  #loop: Promise<void> | null = null;
  #movedAtMs: number | null = null;
  #lastFailure = '';
  #lastReport = '';
  #unwatch: () => void = () => undefined;

  constructor(options: LifecycleOptions) {
    this.#o = options;
  }

  start(): void {
    this.#unwatch = this.#o.authority.watch(() => this.#onAuthority());
    this.#loop = this.#run();
  }

  /** Ingest is stopped and its last transaction is over, one way or the other. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unwatch();
    this.#wake?.();
    await this.#ingest?.running.stop();
    await this.#loop;
  }

  /** @throws NotActiveError — writes of users are refused now. */
  demandWritable(): Permission {
    const permission = this.#o.authority.demand('active');
    if (this.#preparedEpoch !== permission.epoch) throw new NotActiveError('gated', permission.master);
    return permission;
  }

  /** null: this node does not ingest. */
  missing(): MissingRecords | null {
    return this.#ingest === null ? null : this.#missing;
  }

  report(vipBound: boolean): ManagerReport {
    const { mode, epoch } = this.#o.authority.now();
    const behind = this.#ingest?.running.behind();
    return {
      process: 'manager',
      pid: process.pid,
      mode,
      epoch,
      ready: this.isReady(),
      vipBound,
      ...(behind === undefined ? {} : { ingestBehind: behind }),
    };
  }

  /** As it was when it was looked at last. */
  get database(): Database {
    return this.#database;
  }

  /** When this loop last went around, by the monotonic clock; null = not yet. */
  get movedAtMs(): number | null {
    return this.#movedAtMs;
  }

  /** Of the ingest that runs; null = none does. */
  get ingestMovedAtMs(): number | null {
    return this.#ingest?.running.movedAtMs?.() ?? null;
  }

  get clockOffsetUs(): number | null {
    return this.#ingest?.running.clockOffsetUs?.() ?? null;
  }

  isReady(): boolean {
    const { mode, epoch } = this.#o.authority.now();
    if (mode === 'passive') return this.#database !== 'down' && this.#ingest === null;
    const prepared = this.#database === 'primary' && this.#preparedEpoch === epoch;
    return mode === 'gated' ? prepared : mode === 'active' && prepared && this.#ingest?.epoch === epoch;
  }

  #onAuthority(): void {
    const { mode, epoch } = this.#o.authority.now();
    if (mode === 'off') this.#o.onOff();
    // Not in the loop's turn, which may be waiting for the database: at once.
    if (this.#ingest !== null && (mode !== 'active' || this.#ingest.epoch !== epoch)) void this.#ingest.running.stop();
    this.#wake?.();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      this.#movedAtMs = hostClock.monotonicMs();
      const settled = await this.#step().catch((error: unknown) => this.#failed(error));
      this.#tellChange();
      if (!this.#stopped) await this.#pause(settled ? SETTLED_MS : RETRY_MS);
    }
  }

  /** One look at the world. Resolves to whether everything is as it is permitted to be. */
  async #step(): Promise<boolean> {
    const want = this.#o.authority.now();
    if (this.#ingest !== null && !this.#mayKeep(this.#ingest, want)) await this.#endIngest(this.#ingest.running);
    this.#database = await this.#o.store.probe();
    this.#tellChange();
    if (this.#database === 'down') {
      // What comes back may be another copy.
      this.#migrated = false;
      this.#foresawAtMs = Number.NEGATIVE_INFINITY;
      return false;
    }
    if (want.mode !== 'gated' && want.mode !== 'active') {
      await this.#foresee();
      return true;
    }
    if (this.#database !== 'primary') return false;
    if (this.#preparedEpoch !== want.epoch) await this.#prepare(want.epoch);
    if (want.mode === 'active' && this.#ingest === null) await this.#beginIngest(want.epoch);
    if (want.mode === 'active') await this.#contract(want);
    this.#lastFailure = '';
    return true;
  }

  #mayKeep(ingest: { epoch: number; running: RunningIngest }, want: Permission): boolean {
    const failure = ingest.running.failure();
    if (failure !== null) this.#failed(failure);
    return failure === null && want.mode === 'active' && want.epoch === ingest.epoch;
  }

  async #endIngest(running: RunningIngest): Promise<void> {
    await running.stop();
    this.#ingest = null;
    this.#o.log.info('ingest.stopped');
  }

  /** Until there is nothing more to get ready; a database of an older program is asked again now and then. */
  async #foresee(): Promise<void> {
    if (this.#database !== 'standby' || this.#migrated || performance.now() - this.#foresawAtMs < FORESEE_MS) return;
    this.#foresawAtMs = performance.now();
    // Without a schema yet, say: then the Master of today has not come far, and nothing is lost by doing it all later.
    this.#migrated = await this.#o.store.foresee().catch(() => false);
  }

  async #prepare(epoch: number): Promise<void> {
    const { store, firstLogin, authority, log } = this.#o;
    const guard = () => void authority.demand('gated', epoch);
    guard();
    if (!this.#migrated) await store.migrate();
    this.#migrated = true;
    await store.claim(epoch, guard);
    if (firstLogin !== null && !(await store.hasUsers())) {
      const passwordHash = await hashPassword(firstLogin.password);
      const added = await store.addFirstUser(
        { login: firstLogin.login, roles: ['admin'], passwordHash, mustChange: true },
        epoch,
        guard,
      );
      if (added) log.info('user.first', { login: firstLogin.login });
    }
    guard();
    this.#preparedEpoch = epoch;
    log.info('manager.prepared', { epoch });
  }

  /** In operation, and not on the way to it: nobody waits for what only takes away. */
  async #contract({ epoch, level = FIRST_LEVEL }: Permission): Promise<void> {
    if (this.#contracted.epoch === epoch && this.#contracted.level === level) return;
    const done = await this.#o.store.contract(level, epoch, () => void this.#o.authority.demand('active', epoch));
    this.#contracted = { epoch, level };
    if (done.length > 0) this.#o.log.info('schema.contracted', { level, steps: done });
  }

  async #beginIngest(epoch: number): Promise<void> {
    const permitted = () => this.#o.authority.demand('active', epoch);
    permitted();
    const { onStored, onCounted = () => undefined } = this.#o;
    const running = await this.#o.startIngest({ epoch, permitted, onStored, onCounted, missing: this.#missing });
    this.#ingest = { epoch, running };
    this.#o.log.info('ingest.started', { epoch });
    // The lease may have ended while it was starting, when the watcher had nothing to stop.
    if (this.#stopped || this.#o.authority.now().mode !== 'active') await this.#endIngest(running);
  }

  #failed(error: unknown): boolean {
    const why = explain(error);
    // Retried 20 times a second: the same reason is said once.
    if (why !== this.#lastFailure && !(error instanceof NotActiveError)) this.#o.log.warn('manager.retry', { why });
    this.#lastFailure = why;
    return false;
  }

  #tellChange(): void {
    const { ingestBehind: _, ...report } = this.report(false);
    const text = JSON.stringify(report);
    if (text !== this.#lastReport) this.#o.onChange();
    this.#lastReport = text;
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }
}
