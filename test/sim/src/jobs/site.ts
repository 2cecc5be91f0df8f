import type { JobSession, LinkMessage } from '@yosugara/operations';
import { type FromAgent, partsOfRun, type StartInstruction, type ToAgent } from '@yosugara/protocol';
import type { JobErrands } from '@yosugara/runtime';
import type { Proc } from '../ingest/virtual-time.js';
import { AgentHost, type AgentLink } from './agent-host.js';
import { Database } from './database.js';
import type { ManagerLink } from './door.js';
import { fateOf } from './fate.js';
import { Manager } from './manager.js';
import { People } from './people.js';
import { GOOD, LIMITS, NODES, OUT } from './places.js';
import type { Fate } from './reference.js';
import { Settings } from './settings.js';
import { randomTriggers } from './triggers.js';
import { randomUnit } from './units.js';
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

/** Two managers, a database, agents with hosts, people, and a network that delays, doubles and cuts. */
export class Site {
  readonly world: VirtualWorld;
  readonly database: Database;
  readonly settings: Settings;
  readonly managers: readonly Manager[];
  readonly hosts: readonly AgentHost[];
  readonly people: People;
  readonly units: readonly string[];
  readonly schedules: readonly string[];
  readonly fate: Fate;
  readonly violations: Violation[] = [];
  readonly executions = new Map<string, Execution>();
  /** What other clusters were told, by id. */
  readonly elsewhere = new Map<string, LinkMessage>();
  takeOvers = 0;
  /** From when on no schedule begins anything; null = not yet. */
  disabledAtMs: number | null = null;
  /** Chance that a message is doubled, or comes late. */
  doubles = 0;
  late = 0;
  /** Something that is to happen just when an agent asks whether it may launch. */
  onStartCheck: (() => void) | null = null;
  /** The next answer to a start check gets lost, and its connection with it. */
  losesAnAnswer = false;
  /** A file could not be copied: of what copied just then nobody can tell the outcome. */
  readonly copyTroubles: number[] = [];
  readonly #nth = new Map<string, number>();
  readonly #isCut = new Set<string>();
  #links = 0;
  #promotion = 0;

  constructor(seed: number, trace?: (line: string) => void) {
    this.world = new VirtualWorld(seed, BEGIN_MS, trace);
    this.fate = fateOf(seed);
    const { world } = this;
    const broken = (invariant: string, says: string) => this.broken(invariant, says);
    this.database = new Database(broken, () => this.lookAtPlaces());
    this.settings = new Settings(this.database);
    const units: string[] = [];
    for (let at = 1; at <= UNITS; at++) {
      this.settings.putUnit(`u${at}`, randomUnit(world.rng, `u${at}`, units));
      units.push(`u${at}`);
    }
    this.units = units;
    this.schedules = randomTriggers(world.rng, this.settings, BEGIN_MS);
    const surroundings = {
      ...{ world, broken, database: this.database, settings: this.settings },
      errands: (proc: Proc) => this.#errands(proc),
      onStartCheck: () => {
        const happen = this.onStartCheck;
        this.onStartCheck = null;
        happen?.();
      },
      onFileTrouble: (why: string) => {
        world.trace(`no copy: ${why}`);
        this.copyTroubles.push(world.nowMs);
      },
    };
    this.managers = ['a', 'b'].map((name) => new Manager(name, surroundings));
    const deeds = {
      execute: (host: AgentHost, instruction: StartInstruction, spool: string) => this.#execute(host, instruction, spool),
      connect: (host: AgentHost) => this.#connect(host),
      halted: (host: AgentHost, why: string) => this.broken('HALT', `${host.name}: ${why}`),
    };
    this.hosts = NODES.map((name) => new AgentHost(name, world, deeds));
    for (const host of this.hosts)
      for (const name of ['one', 'two'])
        host.files.set(`${OUT}/${name}`, { content: Buffer.from(`${name} of ${host.name} ${seed}`), modifiedAtMs: BEGIN_MS });
    this.people = new People(this);
  }

  broken(invariant: string, says: string): void {
    this.violations.push({ invariant, says, atMs: Math.round(this.world.elapsedMs) });
    this.world.trace(`BROKEN ${invariant}: ${says}`);
  }

  #execute(
    host: AgentHost,
    { run, epoch }: StartInstruction,
    spool: string,
  ): { readonly code: number; readonly afterMs: number } {
    const before = this.executions.get(run);
    if (before !== undefined) this.broken('TWICE', `${run} began on ${before.host} at ${before.atMs} and again on ${host.name}`);
    const permit = this.database.permits.get(run);
    if (permit === undefined) this.broken('CLAIM', `${run} began without a stored claim that lets it (epoch ${epoch})`);
    else if (permit.spool !== spool) this.broken('PERMIT', `${run} began on a disk that was not let`);
    const { session, job, facility } = partsOfRun(run)!;
    if (facility !== host.name) this.broken('CLAIM', `${run} began on ${host.name}`);
    const key = `${session}/${job}/${facility}`;
    const nth = this.#nth.get(key) ?? 0;
    this.#nth.set(key, nth + 1);
    const code = this.fate.codeOf(session, job, facility, nth);
    this.executions.set(run, { run, host: host.name, spool, atMs: this.world.elapsedMs, code, nth });
    this.world.trace(`${host.name} runs ${run}`);
    const { rng } = this.world;
    return { code, afterMs: rng.chance(0.2) ? rng.between(5_000, 60_000) : rng.between(20, 3_000) };
  }

  #errands(proc: Proc): JobErrands {
    const { time, rng } = this.world;
    const later = async <T>(ms: number, happen: () => T): Promise<T> => {
      const backMs = rng.between(0, 20);
      return await new Promise((resolve) => {
        time.after(
          ms,
          () => {
            const value = happen();
            time.after(backMs, () => resolve(value), proc);
          },
          null,
        );
      });
    };
    return {
      monitor: async (monitor, facility) =>
        await later(rng.between(10, 3_000), () => ({ priority: this.fate.priorityOf(monitor, facility), message: 'looked' })),
      link: async ({ address }, message) =>
        await later(rng.between(10, 1_000), () => {
          if (address !== GOOD) return { ok: false, why: 'nobody answers' };
          this.elsewhere.set(message.id, message);
          // It arrives, and perhaps nobody hears that it did.
          return rng.chance(0.7) ? { ok: true, why: '' } : { ok: false, why: 'the connection broke' };
        }),
    };
  }

  /* ---------- Who is Master ---------- */

  get master(): Manager | null {
    return this.managers.find((each) => each.isMaster && each.epoch === this.database.epoch) ?? null;
  }

  /** Whoever was Master can commit no more from now on; the other one opens when it is ready. */
  takeOver(by: Manager): void {
    const epoch = ++this.database.epoch;
    const mine = ++this.#promotion;
    this.takeOvers++;
    this.world.trace(`epoch ${epoch} is ${by.name}'s`);
    for (const other of this.managers) if (other.isMaster) this.#endLease(other, other.epoch);
    const open = () => {
      if (this.#promotion !== mine || !by.isUp) return;
      by.demote();
      by.soon(300, () => this.#promotion === mine && by.isUp && by.promote(epoch));
    };
    this.world.after(this.world.rng.between(200, 8_000), () => by.soon(0, open));
  }

  /** It believes in itself for a while, also after it woke up, with all that it can do in that time; then its lease is over. */
  #endLease(manager: Manager, epoch: number): void {
    this.world.after(this.world.rng.between(500, 3_000), () => {
      if (manager.epoch !== epoch) return;
      if (manager.isFrozen) this.#endLease(manager, epoch);
      else manager.demote();
    });
  }

  /* ---------- The network ---------- */

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

  cutOff(host: AgentHost, forMs: number): void {
    this.#isCut.add(host.name);
    host.link?.close();
    this.world.after(forMs, () => void this.#isCut.delete(host.name));
  }

  #open(host: AgentHost, manager: Manager): void {
    const id = ++this.#links;
    const { world } = this;
    const { epoch } = manager;
    let isOpen = true;
    const close = () => {
      if (!isOpen) return;
      isOpen = false;
      world.after(world.rng.between(0, 200), () => host.cut(id));
      manager.soon(world.rng.between(0, 4_000), () => manager.gone(toAgent, epoch));
    };
    const carry = (kind: string, happen: () => void, soon: (ms: number, happen: () => void) => void) => {
      // These keep their order, as all does on a connection. All else may be doubled, or overtaken: it must do no harm.
      const mayVary = !IN_ORDER.has(kind);
      const once = () => {
        const delay =
          mayVary && world.rng.chance(this.late) ? world.rng.between(0, LATE_MS) : mayVary ? world.rng.between(1, 8) : 5;
        // What is on its way reaches the other side also when this one is gone meanwhile.
        soon(delay, happen);
      };
      once();
      if (mayVary && world.rng.chance(this.doubles)) once();
    };
    const toAgent: ManagerLink = {
      ...{ id, agent: host.name, spool: host.spool, close },
      get isOpen() {
        return isOpen;
      },
      say: (saying: ToAgent) => {
        if (isOpen && saying.say === 'start-answer' && this.losesAnAnswer) {
          this.losesAnAnswer = false;
          return this.cutOff(host, world.rng.between(10, 2_000));
        }
        if (isOpen)
          carry(
            saying.say,
            () => host.heard(id, saying),
            (ms, happen) => world.after(ms, happen),
          );
      },
    };
    const toManager: AgentLink = {
      ...{ id, close },
      say: (saying: FromAgent) => {
        if (isOpen)
          carry(
            saying.say,
            () => manager.said(toAgent, epoch, saying),
            (ms, happen) => manager.soon(ms, happen),
          );
      },
    };
    host.connected(toManager);
  }

  /* ---------- What is looked at all the time ---------- */

  /** Holders of a place are no more than there are places. */
  lookAtPlaces(): void {
    const holders = new Map<string, number>();
    for (const session of this.database.sessions.values())
      if (session.endedAtMs === null && !this.people.touched.has(session.id)) this.#count(holders, session);
    for (const [id, many] of holders)
      if (many > LIMITS[id]!) this.broken('PLACES', `${many} hold one of ${LIMITS[id]} places of ${id}`);
  }

  #count(holders: Map<string, number>, session: JobSession): void {
    const unit = this.settings.unit(session);
    const add = (id: string) => void holders.set(id, (holders.get(id) ?? 0) + 1);
    for (const run of session.jobs.values()) {
      const { body } = unit.jobs.get(run.job)!;
      if ('queue' in body && body.queue !== null && (run.state === 'running' || run.state === 'stopping')) add(body.queue);
      if (body.type !== 'command') continue;
      for (const { facility, state } of run.nodes)
        if (LIMITS[facility] !== undefined && (state === 'claimed' || state === 'running')) add(facility);
    }
  }
}

const IN_ORDER: ReadonlySet<string> = new Set([
  'hello',
  'news',
  'committed',
  'welcome',
  'tasks',
  'file-list',
  'file-read',
  'file-write',
  'file-answer',
]);
