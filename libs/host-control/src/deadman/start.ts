import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { Arming } from '@yosugara/failover';
import { type Clock, DeadlineError, type Epoch, explain, type Log } from '@yosugara/kernel';
import { type NodeConfig, STATE_LAYOUT } from '@yosugara/protocol';
import type { DeadMan } from '@yosugara/runtime';
import { PostgresControlError } from '../errors.js';
import { postgresAccount } from '../os/account.js';
import { findCgroupRoot, openGroup, removeGroups } from '../os/cgroup.js';
import { childProgram } from '../os/child-program.js';
import { type Containment, killAll } from '../os/containment.js';
import { onJsonLines, sendLine } from '../os/lines.js';
import { heldMarker } from '../os/markers.js';
import { dataFolder } from '../postgres/paths.js';
import { ManagerKeeper } from './manager-keeper.js';
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
import type { WatchdogFacts } from './watchdog.js';
import { planWatchdog, type WatchdogOverrides } from './watchdog-plan.js';

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

export interface DeadManOptions {
  readonly config: NodeConfig;
  /** The controller's boot. */
  readonly bootId: string;
  readonly log: Log;
  readonly clock: Clock;
  /** How the manager is started, when this node has one. */
  readonly manager?: Omit<SpawnSpec, 'serves'>;
  /** false: prove by the scan of /proc only. */
  readonly useGroups?: boolean;
  /** Specifications: a stand-in for the device. */
  readonly watchdog?: WatchdogOverrides;
}

const START_DEADLINE_MS = 15_000;
const ANSWER_DEADLINE_MS = 10_000;

/** Starts the dead man and waits until it has proved that nothing of an earlier life is left. */
export async function startDeadMan(options: DeadManOptions): Promise<HostDeadMan> {
  const setup = setupOf(options);
  const logs = join(options.config.stateDir, STATE_LAYOUT.logs);
  mkdirSync(logs, { recursive: true, mode: 0o700 });
  const log = openSync(join(logs, 'deadman.log'), 'a', 0o600);
  const child = spawn(process.execPath, [childProgram('deadman/deadman-main.js')], {
    cwd: '/',
    detached: true, // setsid(): no signal to our group or terminal reaches it.
    stdio: ['ignore', log, log, 'pipe'],
    env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  closeSync(log);
  const link = new DeadManLink(child, setup, options);
  try {
    await link.begin(setup);
  } catch (error) {
    child.kill('SIGKILL');
    throw error;
  }
  return link;
}

function setupOf({ config, bootId, useGroups, watchdog }: DeadManOptions): DeadManSetup {
  const { setup: dog, says } = planWatchdog(config, watchdog);
  const others = config.cluster.members.filter((member) => member.id !== config.node);
  const host = (address: string) => (address.includes(':') ? `[${address}]` : address);
  return {
    clusterId: config.cluster.id,
    node: config.node,
    bootId,
    seedFile: join(config.stateDir, STATE_LAYOUT.secrets.identity),
    voters: others.map((member) => `http://${host(member.address)}:${config.ports.status}/internal/stop-proof`),
    groupName: `yosugara-${config.cluster.id}-${config.node}`,
    useGroups: useGroups ?? true,
    postgres:
      config.dataDir === undefined ? null : { folder: dataFolder(config), uid: postgresAccount(config.postgres.user).uid },
    managerMarker: heldMarker('manager', config),
    vipMarker: heldMarker('vip', config),
    watchdog: dog,
    watchdogSays: says,
    pidFile: join(config.stateDir, STATE_LAYOUT.pids, 'deadman.json'),
  };
}

class DeadManLink implements HostDeadMan {
  readonly #child: ChildProcess;
  readonly #pipe: Duplex;
  readonly #log: Log;
  readonly #folder: Containment;
  readonly #setup: DeadManSetup;
  readonly #manager: ManagerKeeper;
  readonly #watchdogRequired: boolean;
  readonly #answers = new Map<number, (answer: FromDeadMan | null) => void>();
  readonly #onPostgresExit: ((exit: ProcessExit) => void)[] = [];
  readonly #onExit: ((why: string) => void)[] = [];
  readonly #onStruck: ((epoch: Epoch) => void)[] = [];
  readonly #onLeaving: (() => void)[] = [];
  #onReady: (message: FromDeadMan | null) => void = () => {};
  #report: DeadManReport | null = null;
  #postmaster: number | null = null;
  #nextId = 1;
  #ended = 0;
  #leased = 0;
  #leaseUntilMs = 0;
  #gone = false;
  #closing = false;

  constructor(child: ChildProcess, setup: DeadManSetup, { config, log, clock, manager }: DeadManOptions) {
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
    const { groupName, postgres, managerMarker, vipMarker } = this.#setup;
    const root = this.#report?.containment === 'cgroup' ? findCgroupRoot(groupName) : null;
    const group = (kind: Kind) => (root === null ? null : openGroup(root, kind));
    const everything: Containment[] = [
      { group: group('postgres'), scan: postgres, marker: null },
      { group: group('manager'), scan: null, marker: managerMarker },
      { group: null, scan: null, marker: vipMarker },
    ];
    try {
      const killed = await Promise.all(everything.map((where) => killAll(where, deadlineMs)));
      this.#postmaster = null;
      return killed.every((count) => count !== null);
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
    if (answer === null) throw new PostgresControlError('DEAD_MAN_LOST', 'the dead man is gone');
    const why = 'refused' in answer ? answer.refused : 'no pid';
    if (why.includes('ending')) throw new PostgresControlError('DEAD_MAN_LOST', 'the dead man is ending');
    const code = why.includes('lease') ? 'LEASE_ENDED' : why.includes('still there') ? 'RUNNING' : 'START_FAILED';
    throw new PostgresControlError(code, `dead man refused to start ${kind}: ${why}`);
  }

  async #stop(kind: Kind, mode: 'fast' | 'kill', budgetMs: number): Promise<boolean> {
    const answer = await this.#ask((id) => ({ id, stop: kind, mode, budgetMs }), budgetMs + ANSWER_DEADLINE_MS);
    if (answer === null && kind === 'postgres') return (await killAll(this.#folder, 5_000)) !== null;
    return answer !== null && 'stopped' in answer && answer.stopped;
  }

  async #ask(make: (id: number) => ToDeadMan, deadlineMs: number): Promise<FromDeadMan | null> {
    if (this.#gone) return null;
    const id = this.#nextId++;
    return await new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#answers.delete(id);
        reject(new DeadlineError('dead man', deadlineMs));
      }, deadlineMs);
      this.#answers.set(id, (answer) => {
        clearTimeout(timer);
        this.#answers.delete(id);
        resolve(answer);
      });
      this.#send(make(id));
    });
  }

  #send(message: ToDeadMan): void {
    if (!this.#gone) sendLine(this.#pipe, message);
  }

  #hear(message: FromDeadMan): void {
    if ('ready' in message || 'failed' in message) this.#onReady(message);
    else if ('id' in message) this.#answers.get(message.id)?.(message);
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
    for (const answer of [...this.#answers.values()]) answer(null);
    if (this.#closing) return;
    this.#log.error('deadman.lost', { why });
    for (const handler of this.#onExit) handler(why);
  }
}
