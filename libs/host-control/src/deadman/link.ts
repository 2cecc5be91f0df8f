import type { ChildProcess } from 'node:child_process';
import type { Duplex } from 'node:stream';
import type { Arming } from '@yosugara/failover';
import { type Clock, DeadlineError, type Epoch, explain, type Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import { PostgresControlError } from '../errors.js';
import { findCgroupRoot, removeGroups } from '../os/cgroup.js';
import { type Containment, killAll } from '../os/containment.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import { killAllOf } from './kill-all-of.js';
import { ManagerKeeper } from './manager-keeper.js';
import type { HostDeadMan, ProcessExit } from './port.js';
import {
  armingOf,
  type DeadManReport,
  type DeadManSetup,
  type FromDeadMan,
  type Kind,
  monotonicMs,
  type SpawnSpec,
  type ToDeadMan,
} from './protocol.js';
import { Questions } from './questions.js';
import type { WatchdogFacts } from './watchdog.js';

export interface LinkOptions {
  readonly config: NodeConfig;
  readonly log: Log;
  readonly clock: Clock;
  /** How the manager is started, when this node has one. */
  readonly manager?: Omit<SpawnSpec, 'serves'>;
}

const START_DEADLINE_MS = 15_000;
const ANSWER_DEADLINE_MS = 10_000;

/** The controller's end of the dead man. */
export class DeadManLink implements HostDeadMan {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #log: Log;
  readonly #folder: Containment;
  readonly #setup: DeadManSetup;
  readonly #manager: ManagerKeeper;
  readonly #watchdogRequired: boolean;
  readonly #questions = new Questions();
  readonly #onPostgresExit: ((exit: ProcessExit) => void)[] = [];
  readonly #onExit: ((why: string) => void)[] = [];
  readonly #onStruck: ((epoch: Epoch) => void)[] = [];
  readonly #onLeaving: (() => void)[] = [];
  #onReady: (message: FromDeadMan | null) => void = () => {};
  #report: DeadManReport | null = null;
  #postmaster: number | null = null;
  #ended = 0;
  #leased = 0;
  #leaseUntilMs = 0;
  #gone = false;
  #closing = false;

  constructor(child: ChildProcess, setup: DeadManSetup, { config, log, clock, manager }: LinkOptions) {
    this.#watchdogRequired = config.watchdog.mode === 'required';
    this.#child = child;
    this.#pipe = child.stdio[3] as unknown as Duplex;
    this.#log = log;
    this.#setup = setup;
    this.#folder = { group: null, scan: setup.postgres, marker: null };
    this.#manager = new ManagerKeeper(manager ?? null, clock, log, {
      spawn: (spec) => this.#spawn('manager', spec),
      stop: (mode, budgetMs) => this.#stop('manager', mode, budgetMs),
    });
    this.#pipe.on('error', () => {});
    onJsonLines<FromDeadMan>(this.#pipe, (message) => this.#hear(message));
    child.once('exit', (code, signal) => this.#lost(`dead man exited (${signal ?? code})`));
    child.once('error', (error) => this.#lost(`dead man cannot run: ${error.message}`));
  }

  async begin(setup: DeadManSetup): Promise<void> {
    const first = await new Promise<FromDeadMan | null>((resolve, reject) => {
      const timer = setTimeout(() => reject(new DeadlineError('dead man', START_DEADLINE_MS)), START_DEADLINE_MS);
      this.#onReady = (message) => {
        clearTimeout(timer);
        resolve(message);
      };
      this.#send({ setup });
    });
    if (first === null || !('ready' in first))
      throw new PostgresControlError('DEAD_MAN_LOST', `dead man: ${first !== null && 'failed' in first ? first.failed : 'gone'}`);
    this.#report = first.ready;
    this.#log.info('deadman.ready', { ...first.ready });
  }

  /** Soft: a process that kills in time unless the whole host is frozen. Hardware: a watchdog, read back, that resets it even then. */
  arming(): Arming['kind'] {
    return this.armingFacts().kind;
  }
  armingFacts(): Arming {
    return this.#gone || this.#report === null ? { kind: 'none', timeoutMs: null } : this.#report.arming;
  }
  unfit(): string | null {
    if (!this.#watchdogRequired || this.#report === null || this.#report.watchdog === 'hardware') return null;
    return `a hardware watchdog is required here (watchdog.mode) and there is none that works: ${this.#report.says}`;
  }
  report(): DeadManReport {
    return this.#report!;
  }
  pid(): number | null {
    return this.#gone ? null : (this.#child.pid ?? null);
  }
  postmasterPid(): number | null {
    return this.#postmaster;
  }
  managerPid(): number | null {
    return this.#manager.pid();
  }
  endedEpoch(): Epoch {
    return this.#ended as Epoch;
  }
  leaseEnded(): boolean {
    // Right after a freeze the dead man may not have woken yet: the clock says the same.
    if (this.#leaseUntilMs !== 0 && monotonicMs() >= this.#leaseUntilMs) return true;
    return this.#ended > 0 && this.#leased <= this.#ended;
  }
  lease(untilMs: number, epoch: Epoch): void {
    this.#leaseUntilMs = untilMs;
    this.#leased = Math.max(this.#leased, epoch);
    this.#send({ lease: untilMs, epoch });
  }
  wantManager(wanted: boolean): void {
    this.#manager.want(wanted);
  }
  restartManager(why: string): void {
    this.#manager.restart(why);
  }
  onExit(handler: (why: string) => void): void {
    this.#onExit.push(handler);
  }
  onPostgresExit(handler: (exit: ProcessExit) => void): void {
    this.#onPostgresExit.push(handler);
  }
  onManagerExit(handler: (exit: ProcessExit) => void): void {
    this.#manager.onExit(handler);
  }
  onLeaving(handler: () => void): void {
    this.#onLeaving.push(handler);
  }
  onStruck(handler: (epoch: Epoch) => void): void {
    this.#onStruck.push(handler);
  }

  async spawnPostgres(spec: SpawnSpec): Promise<number> {
    this.#exitedPids.clear();
    const pid = await this.#spawn('postgres', spec);
    // It may have ended before the answer was read: then `exited` came first and stays the truth.
    this.#postmaster = this.#exitedPids.has(pid) ? null : pid;
    return pid;
  }
  readonly #exitedPids = new Set<number>();

  async mustGuard(): Promise<void> {
    const answer = await this.#ask((id) => ({ id, guard: true }), ANSWER_DEADLINE_MS);
    if (answer === null) throw new PostgresControlError('DEAD_MAN_LOST', 'the dead man is gone');
    if ('guarded' in answer && answer.guarded) return;
    throw new PostgresControlError('LEASE_ENDED', 'the watchdog does not count yet: no fresh lease has come');
  }

  async stopPostgres(mode: 'fast' | 'kill', budgetMs: number): Promise<void> {
    const proved = this.#gone ? (await killAll(this.#folder, 5_000)) !== null : await this.#stop('postgres', mode, budgetMs);
    if (!proved)
      throw new PostgresControlError('STOP_UNPROVED', 'PostgreSQL processes are left after SIGKILL (uninterruptible sleep?)');
    this.#postmaster = null;
  }

  async killEverything(deadlineMs: number): Promise<boolean> {
    try {
      const isKilled = await killAllOf(this.#setup, this.#report?.containment === 'cgroup', deadlineMs);
      this.#postmaster = null;
      return isKilled;
    } catch (error) {
      this.#log.error('deadman.killEverything', { error: explain(error) });
      return false;
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#manager.close();
    if (this.#gone) {
      // It could not clean up after itself.
      const root = findCgroupRoot(this.#setup.groupName);
      if (root !== null) removeGroups(root);
      return;
    }
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#pipe.end();
    await exited;
  }

  async #spawn(kind: Kind, spec: SpawnSpec): Promise<number> {
    const answer = await this.#ask((id) => ({ id, spawn: kind, ...spec }), ANSWER_DEADLINE_MS);
    if (answer !== null && 'pid' in answer && 'id' in answer) return answer.pid;
    throw refusalOf(kind, answer);
  }

  async #stop(kind: Kind, mode: 'fast' | 'kill', budgetMs: number): Promise<boolean> {
    const answer = await this.#ask((id) => ({ id, stop: kind, mode, budgetMs }), budgetMs + ANSWER_DEADLINE_MS);
    if (answer === null && kind === 'postgres') return (await killAll(this.#folder, 5_000)) !== null;
    return answer !== null && 'stopped' in answer && answer.stopped;
  }

  async #ask(make: (id: number) => ToDeadMan, deadlineMs: number): Promise<FromDeadMan | null> {
    return this.#gone ? null : await this.#questions.ask((id) => this.#send(make(id)), deadlineMs);
  }

  #send(message: ToDeadMan): void {
    if (!this.#gone) sendLine(this.#pipe, message);
  }

  #hear(message: FromDeadMan): void {
    if ('ready' in message || 'failed' in message) this.#onReady(message);
    else if ('id' in message) this.#questions.answered(message.id, message);
    else if ('exited' in message) this.#exited(message);
    else if ('leaving' in message) this.#left();
    else if ('watchdogNow' in message) this.#lostWatchdog(message.watchdogNow);
    else {
      this.#ended = Math.max(this.#ended, message.struck);
      // Proven, and said before their exits are reaped.
      this.#postmaster = null;
      this.#log.error('deadman.struck', { epoch: message.struck });
      for (const handler of this.#onStruck) handler(message.struck as Epoch);
    }
  }

  #lostWatchdog(facts: WatchdogFacts): void {
    this.#report = { ...this.#report!, ...facts, arming: armingOf(facts) };
    this.#log.error('deadman.watchdog', { ...facts });
  }

  #left(): void {
    this.#log.info('deadman.leaving', {});
    this.#manager.leave();
    for (const handler of this.#onLeaving) handler();
  }

  #exited({ exited, pid, code, signal }: Extract<FromDeadMan, { exited: Kind }>): void {
    if (exited === 'manager') {
      this.#manager.exited({ pid, code, signal });
      return;
    }
    this.#exitedPids.add(pid);
    if (this.#postmaster === pid) this.#postmaster = null;
    for (const handler of this.#onPostgresExit) handler({ pid, code, signal });
  }

  #lost(why: string): void {
    if (this.#gone) return;
    this.#gone = true;
    this.#pipe.destroy();
    this.#onReady(null);
    this.#questions.end();
    if (this.#closing) return;
    this.#log.error('deadman.lost', { why });
    for (const handler of this.#onExit) handler(why);
  }
}

function refusalOf(kind: Kind, answer: FromDeadMan | null): PostgresControlError {
  if (answer === null) return new PostgresControlError('DEAD_MAN_LOST', 'the dead man is gone');
  const why = 'refused' in answer ? answer.refused : 'no pid';
  if (why.includes('ending')) return new PostgresControlError('DEAD_MAN_LOST', 'the dead man is ending');
  const code = why.includes('lease') ? 'LEASE_ENDED' : why.includes('still there') ? 'RUNNING' : 'START_FAILED';
  return new PostgresControlError(code, `dead man refused to start ${kind}: ${why}`);
}
