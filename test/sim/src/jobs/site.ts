import { type CompiledUnit, JOB_OPERATIONS, type JobOperation, type JobSession } from '@yosugara/operations';
import { type FromAgent, partsOfRun, type StartInstruction, type ToAgent } from '@yosugara/protocol';
import { AgentHost, type AgentLink } from './agent-host.js';
import { Database } from './database.js';
import { Manager, type ManagerLink } from './manager.js';
import { LIMITS, NODES, randomUnit } from './units.js';
import { VirtualWorld } from './virtual-world.js';

export const BEGIN_MS = Date.UTC(2026, 10, 22, 1);
const UNITS = 4;
/** Of a message that comes late. */
const LATE_MS = 2_000;

export interface Violation {
  readonly invariant: string;
  readonly atMs: number;
  readonly says: string;
}

/** An execution that really began on a host. */
export interface Execution {
  readonly run: string;
  readonly host: string;
  readonly spool: string;
  readonly atMs: number;
  readonly code: number;
  /** How often this job began on this node of this session before. */
  readonly nth: number;
}

/** Two managers, a database, agents with hosts, and a network that delays, doubles and cuts. */
export class Site {
  readonly world: VirtualWorld;
  readonly database: Database;
  readonly managers: readonly Manager[];
  readonly hosts: readonly AgentHost[];
  readonly units: ReadonlyMap<string, CompiledUnit>;
  readonly violations: Violation[] = [];
  readonly executions: Execution[] = [];
  /** Sessions in which somebody did something. */
  readonly touched = new Set<string>();
  readonly wanted: { readonly id: string; readonly unit: string }[] = [];
  takeOvers = 0;
  /** Chance that a message is doubled, or comes late. */
  doubles = 0;
  late = 0;
  readonly #seed: number;
  readonly #nth = new Map<string, number>();
  #links = 0;
  #promotion = 0;

  constructor(seed: number, trace?: (line: string) => void) {
    this.#seed = seed;
    this.world = new VirtualWorld(seed, BEGIN_MS, trace);
    this.database = new Database((invariant, says) => this.broken(invariant, says));
    const units = new Map<string, CompiledUnit>();
    for (let at = 1; at <= UNITS; at++) {
      const unit = randomUnit(this.world.rng, `u${at}`, [...units.keys()]);
      if (unit.mistakes.length > 0) throw new Error(`unit ${at} of seed ${seed}: ${unit.mistakes[0]}`);
      units.set(unit.id, unit);
    }
    this.units = units;
    this.managers = ['a', 'b'].map((name) => new Manager(name, this.world, this.database, units));
    const deeds = {
      execute: (host: AgentHost, instruction: StartInstruction, spool: string) => this.#execute(host, instruction, spool),
      connect: (host: AgentHost) => this.#connect(host),
    };
    this.hosts = NODES.map((name) => new AgentHost(name, this.world, deeds));
  }

  broken(invariant: string, says: string): void {
    this.violations.push({ invariant, says, atMs: this.world.elapsedMs });
    this.world.trace(`BROKEN ${invariant}: ${says}`);
  }

  /** What a run returns: of chance, but the same whatever else happens. */
  codeOf = (session: string, job: string, facility: string, nth: number): number => {
    let hash = this.#seed | 0;
    for (const char of `${session}/${job}/${facility}/${nth}`) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
    return [0, 0, 0, 0, 1, 2][((hash ^ (hash >>> 13)) >>> 0) % 6]!;
  };

  #execute(
    host: AgentHost,
    { run, epoch }: StartInstruction,
    spool: string,
  ): { readonly code: number; readonly afterMs: number } {
    const before = this.executions.find((each) => each.run === run);
    if (before !== undefined) this.broken('TWICE', `${run} began on ${before.host} at ${before.atMs} and again on ${host.name}`);
    const permit = this.database.permits.get(run);
    if (permit === undefined) this.broken('CLAIM', `${run} began without a stored claim that lets it (epoch ${epoch})`);
    else if (permit.spool !== spool) this.broken('PERMIT', `${run} began on a disk that was not let`);
    const { session, job, facility } = partsOfRun(run)!;
    if (facility !== host.name) this.broken('CLAIM', `${run} began on ${host.name}`);
    const key = `${session}/${job}/${facility}`;
    const nth = this.#nth.get(key) ?? 0;
    this.#nth.set(key, nth + 1);
    const code = this.codeOf(session, job, facility, nth);
    this.executions.push({ run, host: host.name, spool, atMs: this.world.elapsedMs, code, nth });
    this.world.trace(`${host.name} runs ${run}`);
    const { rng } = this.world;
    return { code, afterMs: rng.chance(0.2) ? rng.between(5_000, 60_000) : rng.between(20, 3_000) };
  }

  get master(): Manager | null {
    return this.managers.find((each) => each.isMaster && each.epoch === this.database.epoch) ?? null;
  }

  /** Whoever was Master can commit no more from now on; the other one opens when it is ready. */
  takeOver(by: Manager): void {
    const epoch = ++this.database.epoch;
    const mine = ++this.#promotion;
    this.takeOvers++;
    this.world.trace(`epoch ${epoch} is ${by.name}'s`);
    for (const other of this.managers) if (other !== by) this.#endLease(other, epoch);
    this.world.after(this.world.rng.between(200, 8_000), () => {
      if (this.#promotion !== mine || !by.isUp) return;
      by.thaw();
      by.demote();
      by.promote(epoch);
    });
  }

  /** It believes in itself for a while after it woke up, with all that it can do in that time; then its lease is over. */
  #endLease(manager: Manager, epoch: number): void {
    this.world.after(this.world.rng.between(500, 3_000), () => {
      if (manager.epoch >= epoch) return;
      if (manager.isFrozen) this.#endLease(manager, epoch);
      else manager.demote();
    });
  }

  /** A manager that says it is the Master, or none: then it is tried again. An old Master may say so, too. */
  #connect(host: AgentHost): void {
    if (!host.isUp || host.link !== null) return;
    const ready = this.managers.filter((each) => each.isMaster && !each.isFrozen);
    if (ready.length === 0 || this.#isCut.has(host.name)) {
      this.world.after(this.world.rng.between(100, 800), () => this.#connect(host));
      return;
    }
    this.#open(host, this.world.rng.pick(ready));
  }

  readonly #isCut = new Set<string>();

  cutOff(host: AgentHost, forMs: number): void {
    this.#isCut.add(host.name);
    host.link?.close();
    this.world.after(forMs, () => void this.#isCut.delete(host.name));
  }

  #open(host: AgentHost, manager: Manager): void {
    const id = ++this.#links;
    const { world } = this;
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      world.after(world.rng.between(0, 200), () => host.cut(id));
      world.after(world.rng.between(0, 4_000), () => manager.gone(toAgent));
    };
    const carry = (kind: string, happen: () => void) => {
      // News keep their order: a connection that loses one of them is over. All else may be doubled, or overtaken.
      const mayVary = kind !== 'news' && kind !== 'committed' && kind !== 'welcome';
      const once = () => {
        const delay =
          mayVary && world.rng.chance(this.late) ? world.rng.between(0, LATE_MS) : mayVary ? world.rng.between(1, 8) : 5;
        // What is on its way reaches the other side also when this one is gone meanwhile.
        world.after(delay, happen);
      };
      once();
      if (mayVary && world.rng.chance(this.doubles)) once();
    };
    const toAgent: ManagerLink = {
      ...{ id, agent: host.name, spool: host.spool, close },
      say: (saying: ToAgent) => {
        if (isOpen) carry(saying.say, () => host.heard(id, saying));
      },
    };
    const toManager: AgentLink = {
      ...{ id, close },
      say: (saying: FromAgent) => {
        if (isOpen) carry(saying.say, () => manager.say(toAgent, saying));
      },
    };
    host.connected(toManager);
    world.after(5, () => {
      if (!isOpen) return;
      if (manager.isMaster && !manager.isFrozen) manager.hello(toAgent);
      else close();
    });
  }

  /** Asked for until it is there; asked twice it is one session. */
  want(id: string, unit: string): void {
    this.wanted.push({ id, unit });
    const ask = () => {
      if (this.database.sessions.has(id)) return;
      this.master?.begin({ id, unit });
      this.world.after(1_000, ask);
    };
    ask();
  }

  operate(rng = this.world.rng): void {
    const ids = [...this.database.sessions.keys()];
    const { master } = this;
    if (ids.length === 0 || master === null) return;
    const session = rng.pick(ids);
    const jobs = [...this.database.sessions.get(session)!.jobs.values()];
    const run = rng.pick(jobs);
    const job = rng.chance(0.2) ? null : run.job;
    const facility = job !== null && run.nodes.length > 0 && rng.chance(0.3) ? rng.pick(run.nodes).facility : null;
    // Places on nodes and in queues are given up by whoever forces a run: their limit says nothing then.
    const operation = rng.pick(JOB_OPERATIONS.filter((each) => each !== 'force-run')) as JobOperation;
    this.touched.add(session);
    this.world.trace(
      `somebody: ${operation} of ${job ?? 'the session'}${facility === null ? '' : ` on ${facility}`} in ${session}`,
    );
    const end = rng.chance(0.5) ? null : ({ status: 'normal', value: 0 } as const);
    master.hear({ kind: 'input', session, input: { kind: 'operate', operation, job, facility, who: 'ada', end } });
  }

  /** Holders of a place are no more than there are places. */
  lookAtPlaces(): void {
    const holders = new Map<string, number>();
    for (const session of this.database.sessions.values())
      if (!this.touched.has(session.id)) count(holders, session, this.units.get(session.unit)!);
    for (const [id, many] of holders)
      if (many > LIMITS[id]!) this.broken('PLACES', `${many} hold one of ${LIMITS[id]} places of ${id}`);
  }
}

function count(holders: Map<string, number>, { jobs }: JobSession, unit: CompiledUnit): void {
  const add = (id: string) => void holders.set(id, (holders.get(id) ?? 0) + 1);
  for (const run of jobs.values()) {
    const { body } = unit.jobs.get(run.job)!;
    if ('queue' in body && body.queue !== null && (run.state === 'running' || run.state === 'stopping')) add(body.queue);
    for (const { facility, state } of run.nodes)
      if (LIMITS[facility] !== undefined && (state === 'claimed' || state === 'running')) add(facility);
  }
}
