import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { EPOCH_OVER } from '@yosugara/protocol';
import { findCgroupRoot, joinGroup, openGroup, removeGroups } from '../os/cgroup.js';
import { type Containment, killAll, members, signal } from '../os/containment.js';
import { markerEntry } from '../os/markers.js';
import { guardMemory, leaveMemoryGuard } from '../os/memory-guard.js';
import { processFact } from '../os/processes.js';
import type { DeadManSetup, FromDeadMan, Kind, SpawnSpec, ToDeadMan } from './protocol.js';
import { sendSilentCallersAway } from './silent-callers.js';

type Order = Exclude<Extract<ToDeadMan, { id: number }>, { guard: true }>;
type Exit = (kind: Kind, pid: number, code: number | null, signal: string | null) => void;

const KILL_DEADLINE_MS = 5_000;
const LOG_LIMIT_BYTES = 64 * 1024 * 1024;
/**
 * Waits for our word, given only after it was put into its control group: nothing it starts can be outside. Our OOM score is ours
 * alone. Where setpriv can, the program dies with us: should somebody kill us and the controller at once, no postmaster stays.
 */
const WAIT_THEN_EXEC = `read -r go || exit 1
echo 0 2>/dev/null >/proc/self/oom_score_adj
setpriv --pdeathsig KILL true 2>/dev/null && exec setpriv --pdeathsig KILL "$@" </dev/null
exec "$@" </dev/null`;

/** Spawns, stops and kills the two held programs. */
export class Keeper {
  readonly containment: 'cgroup' | 'scan';
  readonly #root: string | null;
  readonly #where: Record<Kind, Containment>;
  /** What holds the VIP's ports: the controller's child, but a frozen controller must not keep them from the next Master. */
  readonly #vip: Containment;
  readonly #marker: string;
  readonly #onExit: Exit;
  readonly #children = new Map<Kind, ChildProcess>();
  /** Of a life that ended: resolves when the last look for what it left behind is over. */
  readonly #ends = new Map<Kind, Promise<unknown>>();
  readonly #killings = new Set<Promise<unknown>>();
  #mayServe = true;
  #epochOver = 0;
  #leaving = false;
  #closed = false;

  constructor(setup: DeadManSetup, onExit: Exit) {
    this.#onExit = onExit;
    this.#marker = setup.managerMarker;
    this.#vip = { group: null, scan: null, marker: setup.vipMarker };
    this.#root = setup.useGroups ? findCgroupRoot(setup.groupName) : null;
    this.containment = this.#root === null ? 'scan' : 'cgroup';
    const group = (kind: Kind) => (this.#root === null ? null : openGroup(this.#root, kind));
    this.#where = {
      postgres: { group: group('postgres'), scan: setup.postgres, marker: null },
      manager: { group: group('manager'), scan: null, marker: setup.managerMarker },
    };
  }

  mayServe(may: boolean): void {
    this.#mayServe = may;
  }

  /** A proof that nothing here serves in this epoch was, or is being, given: whatever is started from now on knows it. */
  epochOver(epoch: number): void {
    this.#epochOver = epoch;
  }

  /** The host goes down: only a standby is still started, for it serves nobody. */
  leave(): void {
    this.#leaving = true;
  }

  /** Nothing is started any more. */
  close(): void {
    this.#closed = true;
  }

  /** @returns how many processes were killed; null: some are left. */
  async killEverything(): Promise<number | null> {
    return await this.#kill([...Object.values(this.#where), this.#vip]);
  }

  async #kill(places: readonly Containment[]): Promise<number | null> {
    const killing = Promise.all(places.map((where) => killAll(where, KILL_DEADLINE_MS)));
    this.#killings.add(killing);
    try {
      const killed = await killing;
      return killed.reduce((sum, count) => (sum === null || count === null ? null : sum + count), 0);
    } finally {
      this.#killings.delete(killing);
    }
  }

  async obey(order: Order, say: (message: FromDeadMan) => void): Promise<void> {
    try {
      if ('spawn' in order) say({ id: order.id, pid: await this.#spawn(order.spawn, order) });
      else say({ id: order.id, stopped: await this.#stop(order.stop, order.mode, order.budgetMs) });
    } catch (error) {
      say({ id: order.id, refused: error instanceof Error ? error.message : String(error) });
    }
  }

  guardMemory(): 'guarded' | 'unguarded' {
    return guardMemory(this.#root);
  }

  cleanUp(): void {
    leaveMemoryGuard(this.#root);
    if (this.#root !== null) removeGroups(this.#root);
  }

  async #spawn(kind: Kind, spec: SpawnSpec): Promise<number> {
    if (members(this.#where[kind]).length > 0) throw new Error(`a ${kind} process is still there`);
    // The kill that ends an earlier life knows no lives, only places: still going on, it would take the new one with it.
    await this.#ends.get(kind);
    // Whoever hears that all was killed forgets what ran: nothing may begin between the last look and that word.
    while (this.#killings.size > 0) await Promise.allSettled(this.#killings);
    if (spec.serves && !this.#mayServe) throw new Error('the lease has ended');
    if (this.#closed) throw new Error('the dead man is ending');
    if (this.#leaving && (spec.serves || kind === 'manager')) throw new Error('the host is going down');
    if (members(this.#where[kind]).length > 0) throw new Error(`a ${kind} process is still there`);
    rotate(spec.logFile);
    const log = openSync(spec.logFile, 'a', 0o600);
    const marked = kind === 'manager' ? { ...markerEntry(this.#marker), [EPOCH_OVER]: `${this.#epochOver}` } : {};
    const child = spawn('/bin/sh', ['-c', WAIT_THEN_EXEC, 'sh', ...spec.argv], {
      cwd: spec.cwd,
      env: { ...spec.env, ...marked },
      stdio: ['pipe', log, log],
      ...(spec.uid === undefined ? {} : { uid: spec.uid }),
      ...(spec.gid === undefined ? {} : { gid: spec.gid }),
    });
    closeSync(log);
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', reject);
    });
    const pid = child.pid!;
    this.#children.set(kind, child);
    const ended = new Promise<void>((resolve) => {
      child.once('exit', (code, name) => {
        // Children of a dead postmaster can live on and even commit: they go before anyone hears that it ended.
        void killAll(this.#where[kind], KILL_DEADLINE_MS).finally(() => {
          if (this.#children.get(kind) === child) this.#children.delete(kind);
          this.#onExit(kind, pid, code, name);
          resolve();
        });
      });
    });
    this.#ends.set(kind, ended);
    const { group } = this.#where[kind];
    if (group !== null) joinGroup(group, pid);
    child.stdin!.on('error', () => {});
    child.stdin!.end('go\n');
    return pid;
  }

  /** fast: ask, then insist, then kill (T6). @returns true: proved that no process is left. */
  async #stop(kind: Kind, mode: 'fast' | 'kill', budgetMs: number): Promise<boolean> {
    const child = this.#children.get(kind);
    if (mode === 'fast' && child?.pid !== undefined) {
      // PostgreSQL: SIGINT is fast shutdown, SIGQUIT immediate. The manager: SIGTERM.
      signal(child.pid, kind === 'postgres' ? 'SIGINT' : 'SIGTERM');
      const endLooking = kind === 'postgres' ? sendSilentCallersAway(child.pid) : () => {};
      await exitWithin(child, budgetMs * 0.8).finally(endLooking);
      if (child.exitCode === null && child.signalCode === null && kind === 'postgres') {
        signal(child.pid, 'SIGQUIT');
        await exitWithin(child, budgetMs * 0.2);
      }
    }
    return (await this.#kill([this.#where[kind]])) !== null;
  }
}

function exitWithin(child: ChildProcess, ms: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      child.off('exit', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    child.once('exit', done);
  });
}

function rotate(logFile: string): void {
  if (existsSync(logFile) && statSync(logFile).size > LOG_LIMIT_BYTES) renameSync(logFile, `${logFile}.1`);
}

/** Written and read back: what a line says was really achieved. */
export function protectFromOom(): number | null {
  try {
    writeFileSync('/proc/self/oom_score_adj', '-1000');
    const score = Number(readFileSync('/proc/self/oom_score_adj', 'utf8'));
    return score === -1000 ? score : null;
  } catch {
    return null;
  }
}

/** Two dead men at once would kill each other's children. The earlier one gets a second for its proof, then goes. */
export async function endPredecessor(pidFile: string): Promise<void> {
  let earlier: { pid: number; startTicks: number };
  try {
    earlier = JSON.parse(readFileSync(pidFile, 'utf8'));
  } catch {
    return;
  }
  const lives = () => {
    const fact = processFact(earlier.pid);
    return fact !== null && fact.state !== 'Z' && fact.startTicks === earlier.startTicks;
  };
  for (const until = performance.now() + 1_000; lives() && performance.now() < until; ) await sleep(20);
  while (lives()) {
    signal(earlier.pid, 'SIGKILL');
    await sleep(10);
  }
  rmSync(pidFile, { force: true });
}
