import { epoch as epochOf, type Log, SILENT_LOG } from '@yosugara/kernel';
import { partsOfRun, type ToAgent } from '@yosugara/protocol';
import { JOB_ENGINE, type JobControl, type JobEngine, type JobErrands, JobLoop } from '@yosugara/runtime';
import { Proc } from '../ingest/virtual-time.js';
import type { Database } from './database.js';
import { Door, type ManagerLink } from './door.js';
import type { Settings } from './settings.js';
import { StoreOfManager } from './store.js';
import type { VirtualWorld } from './virtual-world.js';

export interface Surroundings {
  readonly world: VirtualWorld;
  readonly database: Database;
  readonly settings: Settings;
  readonly errands: (proc: Proc) => JobErrands;
  readonly broken: (invariant: string, says: string) => void;
  readonly onStartCheck: () => void;
  readonly onFileTrouble: (why: string) => void;
}

/** What a manager may say when a turn of its loop did not come to its end: all else is a mistake of ours. */
const EXPECTED =
  /is over: the database belongs|progress is no longer at version|outcome of the commit is unknown|does not run jobs now/;

/** Of sessions at one instant: far more than there are. */
const MOST_STEPS = 5_000;

/** One time of being the Master: the product's loop, with the door that agents come to. */
class Service {
  readonly epoch: number;
  readonly loop: JobLoop;
  readonly door: Door;
  readonly store: StoreOfManager;
  /** It has the lease, as far as it knows. */
  believes = true;

  constructor(manager: Manager, s: Surroundings, epoch: number) {
    const { world, database, settings } = s;
    const { proc, clock } = manager;
    this.epoch = epoch;
    this.store = new StoreOfManager(world, database, proc);
    const isPermitted = () => this.believes;
    this.door = new Door({
      ...{ world, epoch, isPermitted, onStartCheck: s.onStartCheck, onFileTrouble: s.onFileTrouble },
      onLeave: (_, message) => this.#leaves(s, message),
      asking: () => this.store.order,
      onGo: (run, asked) => {
        this.#answers(s, `the start check of ${run}`);
        if (this.store.committedFrom <= asked) s.broken('CHECK', `${run} may start, and nothing was committed since it asked`);
      },
      onCommitted: ({ agent, spool }: ManagerLink, number: number) => {
        this.#answers(s, `what ${agent} told`);
        if (database.epoch === epoch && database.spool(agent, spool) < number)
          s.broken('NEWS', `${agent} may forget its news up to ${number}: ${database.spool(agent, spool)} are committed`);
      },
    });
    this.loop = new JobLoop({
      ...{ store: this.store, ready: async () => undefined, rules: () => settings.rules, links: this.door, clock },
      ...{ errands: s.errands(proc), log: logOf(manager.name, s), engine: manager.engine },
      pause: async () => await new Promise<void>((resolve) => world.time.after(world.rng.between(0, 3), resolve, proc)),
      permit: () => (this.believes ? { epoch: epochOf(epoch), leaseUntilMs: Number.POSITIVE_INFINITY } : null),
    });
    this.door.serve(this.loop.desk);
  }

  /** What follows from a claim leaves when the claim is stored, and under its Master's epoch. */
  #leaves({ database, broken }: Surroundings, message: ToAgent): void {
    if ('epoch' in message && message.epoch !== this.epoch)
      broken('EPOCH', `${message.say} leaves with epoch ${message.epoch} in epoch ${this.epoch}`);
    const run = message.say === 'start' ? partsOfRun(message.run) : null;
    if (run === null || database.epoch !== this.epoch) return;
    const stored = database.sessions.get(run.session)?.jobs.get(run.job);
    const node = stored?.nodes.find(({ facility, attempt }) => facility === run.facility && attempt === run.attempt);
    const isStored = (stored?.runs ?? 0) >= run.attempt && node?.state !== 'waiting' && node?.state !== 'queued';
    if (!isStored) broken('CLAIM', `the instruction of ${partsText(run)} leaves before its claim is stored`);
  }

  /** Whoever is answered is answered under a lease. */
  #answers({ broken }: Surroundings, what: string): void {
    if (!this.believes) broken('LEASE', `${what} is answered by a Master whose lease is over`);
  }

  answers(s: Surroundings, what: string): void {
    this.#answers(s, what);
  }
}

const partsText = (run: { readonly session: string; readonly job: string; readonly attempt: number }): string =>
  `${run.session}/${run.job}/${run.attempt}`;

function logOf(name: string, { world, broken }: Surroundings): Log {
  const say = (event: string, fields?: Readonly<Record<string, unknown>>) => {
    world.trace(`${name} ${event} ${JSON.stringify(fields ?? {})}`);
    const why = String(fields?.['why'] ?? '');
    if (event === 'jobs.again' && !EXPECTED.test(why)) broken('INVARIANT', `${name}: ${why}`);
  };
  return {
    ...SILENT_LOG,
    info: (event, fields) => world.trace(`${name} ${event} ${JSON.stringify(fields ?? {})}`),
    warn: say,
    error: (event, fields) => broken('INVARIANT', `${name}: ${event} ${JSON.stringify(fields ?? {})}`),
  };
}

/** A manager's host and process. */
export class Manager {
  readonly name: string;
  isUp = true;
  proc: Proc;
  /** Its wall clock is wrong by so much. */
  skewMs = 0;
  /** A step of the engine takes at most so long. */
  slowStepMs = 0;
  readonly clock: { monotonicMs(): number; wallMs(): number };
  readonly engine: JobEngine;
  #service: Service | null = null;
  /** Its monotonic clock lags by this: it stood still with its host, or steps took their time. */
  #lagMs = 0;
  #steps = { atMs: 0, count: 0 };
  readonly #s: Surroundings;

  constructor(name: string, surroundings: Surroundings) {
    this.name = name;
    this.#s = surroundings;
    this.proc = new Proc(name);
    const { world } = surroundings;
    this.clock = {
      monotonicMs: () => world.time.nowMs - this.#lagMs,
      wallMs: () => world.nowMs + this.skewMs,
    };
    const slowly = <Args extends readonly unknown[], T>(step: (...args: Args) => T) => {
      return (...args: Args): T => {
        if (this.slowStepMs > 0) this.#lagMs -= world.rng.between(0, this.slowStepMs);
        this.#countStep();
        return step(...args);
      };
    };
    this.engine = { beginSession: slowly(JOB_ENGINE.beginSession), stepSessionAll: slowly(JOB_ENGINE.stepSessionAll) };
  }

  /** Who wakes up again and again for what is due already never gets to anything else. */
  #countStep(): void {
    const { world, broken } = this.#s;
    if (world.time.nowMs !== this.#steps.atMs) this.#steps = { atMs: world.time.nowMs, count: 0 };
    if (++this.#steps.count < MOST_STEPS) return;
    broken('ENDLESS', `${this.name} steps sessions again and again without an end`);
    throw new Error('the outcome of the commit is unknown: the simulation ends here');
  }

  /** It says that it is. */
  get isMaster(): boolean {
    return this.isUp && this.#service?.believes === true;
  }

  get epoch(): number {
    return this.#service?.epoch ?? 0;
  }

  get isFrozen(): boolean {
    return this.proc.frozenUntilMs > this.#s.world.time.nowMs;
  }

  get control(): JobControl | null {
    return this.#service?.loop.control ?? null;
  }

  get store(): StoreOfManager | null {
    return this.#service?.store ?? null;
  }

  /** From what is committed, and from nothing else. */
  promote(epoch: number): void {
    const { world } = this.#s;
    world.trace(`${this.name} serves in epoch ${epoch}`);
    const service = new Service(this, this.#s, epoch);
    this.#service = service;
    world.time.after(0, () => service.loop.start(), this.proc);
  }

  /** Its lease is over; what it still does about it comes a moment later. */
  demote(): void {
    const service = this.#service;
    if (service === null) return;
    service.believes = false;
    const { world } = this.#s;
    world.time.after(
      world.rng.between(0, 300),
      () => {
        service.door.close();
        void service.loop.stop();
        if (this.#service === service) this.#service = null;
      },
      this.proc,
    );
  }

  crash(): void {
    const door = this.#service?.door;
    this.isUp = false;
    this.#service = null;
    this.proc.isAlive = false;
    // The other ends of its connections hear of it, and nobody here does.
    door?.close();
  }

  boot(): void {
    if (this.isUp) return;
    this.isUp = true;
    this.proc = new Proc(this.name);
  }

  /** All that it misses comes at once, and where its clock stood still with it, it does not know how late it is. */
  freeze(forMs: number, withClock: boolean): void {
    const { time } = this.#s.world;
    if (this.isFrozen) return;
    this.proc.frozenSinceMs = time.nowMs;
    this.proc.frozenUntilMs = time.nowMs + forMs;
    if (withClock) this.#lagMs += forMs;
  }

  /** In its own time, as a message that comes in. */
  soon(ms: number, happen: () => void): void {
    this.#s.world.time.after(ms, happen, this.proc);
  }

  /** What came over a connection that is still the agent's. */
  said(link: ManagerLink, epoch: number, saying: Parameters<Door['said']>[1]): void {
    if (this.#service?.epoch === epoch) this.#service.door.said(link, saying);
    else link.close();
  }

  gone(link: ManagerLink, epoch: number): void {
    if (this.#service?.epoch === epoch) this.#service.door.closed(link);
  }

  /** To be called when something that somebody waited for is there. */
  answered(what: string, epoch: number): void {
    if (this.#service?.epoch === epoch) this.#service.answers(this.#s, what);
  }
}
