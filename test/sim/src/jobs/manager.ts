import {
  beginSession,
  type CompiledUnit,
  type JobEffect,
  type JobEnv,
  type JobSession,
  type PastEnd,
  type SessionInput,
  type StoredEffect,
  stepSessionAll,
  type Want,
} from '@yosugara/operations';
import { type FromAgent, partsOfRun, type ToAgent } from '@yosugara/protocol';
import { PlaceGate } from '@yosugara/runtime';
import type { Database } from './database.js';
import { LIMITS, NODES, SCOPE } from './units.js';
import type { VirtualWorld } from './virtual-world.js';

/** A connection, as the manager has it. */
export interface ManagerLink {
  readonly id: number;
  readonly agent: string;
  readonly spool: string;
  say(message: ToAgent): void;
  close(): void;
}

export interface Begin {
  readonly id: string;
  readonly unit: string;
}

type Work =
  | { readonly kind: 'input'; readonly session: string; readonly input: SessionInput; readonly link?: ManagerLink }
  | { readonly kind: 'news'; readonly link: ManagerLink; readonly saying: Extract<FromAgent, { say: 'news' }> }
  | { readonly kind: 'begin'; readonly begin: Begin }
  /** All sessions have said which places they have. */
  | { readonly kind: 'open' };

/** What a Master has in memory. */
interface Memory {
  readonly epoch: number;
  readonly sessions: Map<string, JobSession>;
  readonly spools: Map<string, number>;
  readonly ends: Map<string, PastEnd>;
  readonly places: PlaceGate;
  /** What the places said, to be heard in the same turn. */
  readonly answers: { readonly session: string; readonly input: SessionInput }[];
  readonly wakes: Map<string, number>;
  readonly links: Map<string, ManagerLink>;
  readonly inbox: Work[];
}

/** A manager around the engine, as small as can be: gathers what happens, steps, commits, and only then says anything. */
export class Manager {
  readonly name: string;
  isUp = true;
  isFrozen = false;
  /** Something that is to happen just when an agent asks whether it may launch. */
  onStartCheck: (() => void) | null = null;
  readonly #world: VirtualWorld;
  readonly #database: Database;
  readonly #units: ReadonlyMap<string, CompiledUnit>;
  #memory: Memory | null = null;
  #committing = false;
  /** What became due while it was frozen. */
  readonly #thawed: (() => void)[] = [];

  constructor(name: string, world: VirtualWorld, database: Database, units: ReadonlyMap<string, CompiledUnit>) {
    this.name = name;
    this.#world = world;
    this.#database = database;
    this.#units = units;
  }

  get isMaster(): boolean {
    return this.isUp && this.#memory !== null;
  }

  get epoch(): number {
    return this.#memory?.epoch ?? 0;
  }

  /** From what is committed, and from nothing else. */
  promote(epoch: number): void {
    const { sessions, spools, ends } = this.#database;
    const limits = (_: string, id: string) => ({ concurrency: LIMITS[id] ?? 1, capacity: 1_000 });
    const answers: Memory['answers'] = [];
    const places = new PlaceGate({ limitsOf: limits, hear: (session, input) => void answers.push({ session, input }) });
    const memory = { epoch, sessions: new Map(sessions), spools: new Map(spools), ends: new Map(ends), places, answers };
    this.#memory = { ...memory, wakes: new Map(), links: new Map(), inbox: [] };
    this.#committing = false;
    // In the turn in which all have said what they have.
    this.hear({ kind: 'open' });
    for (const id of sessions.keys()) this.hear({ kind: 'input', session: id, input: { kind: 'resume' } });
  }

  demote(): void {
    const links = [...(this.#memory?.links.values() ?? [])];
    this.#memory = null;
    for (const link of links) link.close();
  }

  crash(): void {
    this.isUp = false;
    this.isFrozen = false;
    this.#thawed.length = 0;
    this.demote();
  }

  freeze(): void {
    this.isFrozen = true;
  }

  /** All that it missed comes at once, and it does not know how late it is. */
  thaw(): void {
    if (!this.isFrozen) return;
    this.isFrozen = false;
    for (const happen of this.#thawed.splice(0)) happen();
  }

  /** In its own time. */
  #soon(ms: number, happen: (memory: Memory) => void): void {
    const memory = this.#memory;
    const now = () => {
      if (this.isFrozen) this.#thawed.push(now);
      else if (memory !== null && this.#memory === memory) happen(memory);
    };
    this.#world.after(ms, now);
  }

  hear(work: Work): void {
    const memory = this.#memory;
    if (memory === null) return;
    memory.inbox.push(work);
    this.#soon(this.#world.rng.between(0, 3), (mine) => this.#turn(mine));
  }

  begin(begin: Begin): void {
    this.hear({ kind: 'begin', begin });
  }

  hello(link: ManagerLink): void {
    const memory = this.#memory!;
    memory.links.get(link.agent)?.close();
    memory.links.set(link.agent, link);
    const committed = memory.spools.get(`${link.agent}/${link.spool}`) ?? 0;
    link.say({ say: 'welcome', epoch: memory.epoch, committed, managers: [] });
    for (const id of memory.sessions.keys())
      this.hear({ kind: 'input', session: id, input: { kind: 'agent-here', facility: link.agent, spool: link.spool } });
  }

  gone(link: ManagerLink): void {
    const memory = this.#memory;
    if (memory?.links.get(link.agent)?.id === link.id) memory.links.delete(link.agent);
  }

  /** What came over a connection that is still the agent's. */
  say(link: ManagerLink, saying: FromAgent): void {
    const now = () => {
      if (this.isFrozen) this.#thawed.push(now);
      else if (this.#memory?.links.get(link.agent)?.id === link.id) this.#said(link, saying);
    };
    now();
  }

  #said(link: ManagerLink, saying: FromAgent): void {
    if (saying.say === 'news') return this.hear({ kind: 'news', link, saying });
    if (saying.say !== 'start-check' && saying.say !== 'state') return;
    const ref = partsOfRun(saying.run);
    if (ref === null) return;
    const { session, job, facility, attempt } = ref;
    const at = { job, facility, attempt, spool: link.spool };
    if (saying.say === 'state') this.hear({ kind: 'input', session, input: { kind: 'run-state', ...at, state: saying.state } });
    else {
      const happen = this.onStartCheck;
      this.onStartCheck = null;
      happen?.();
      const { epoch, nonce } = saying;
      this.hear({ kind: 'input', session, link, input: { kind: 'start-check', ...at, epoch, nonce } });
    }
  }

  #envOf(memory: Memory): JobEnv {
    return {
      ...{ nowMs: this.#world.nowMs, epoch: memory.epoch, isOpen: () => true, hasAgent: () => true },
      nodesOf: (facility) => (facility === SCOPE ? NODES : NODES.some((node) => node === facility) ? [facility] : null),
      nodeJob: (node) => ({ priority: 16, multiplicity: LIMITS[node] ?? 0 }),
      nodeValue: () => undefined,
      newestEnd: (unit, job) => memory.ends.get(`${unit}/${job}`) ?? null,
      ...{ normalRuns: () => [], matches: () => false, links: () => [] },
    };
  }

  #turn(memory: Memory): void {
    if (this.#committing || memory.inbox.length === 0) return;
    const turn = new Turn(memory, this.#units, this.#envOf(memory));
    turn.take(memory.inbox.splice(0));
    this.#committing = true;
    const { epoch } = memory;
    const after = this.#world.rng.between(1, 30);
    // The commit and what it leads to are two moments: a crash in between loses the second.
    this.#soon(after, () => {
      if (turn.sessions.size > 0 || turn.spools.size > 0)
        if (!this.#database.commit(epoch, { sessions: turn.sessions, spools: turn.spools, effects: turn.stored }))
          return this.demote();
      this.#soon(this.#world.rng.between(0, 5), (mine) => {
        this.#committing = false;
        this.#carryOut(mine, turn);
        this.#turn(mine);
      });
    });
  }

  #carryOut(memory: Memory, turn: Turn): void {
    for (const [key, number] of turn.spools) {
      memory.spools.set(key, number);
      const link = memory.links.get(key.slice(0, key.indexOf('/')));
      if (link !== undefined && key === `${link.agent}/${link.spool}`) link.say({ say: 'committed', number });
    }
    for (const { session, effect } of turn.outside) this.#send(memory, turn, session, effect);
    for (const [session, wakeAtMs] of turn.wakes) this.#wakeAt(memory, session, wakeAtMs);
  }

  #send(memory: Memory, turn: Turn, session: string, effect: JobEffect): void {
    if (effect.kind === 'claim') memory.links.get(effect.facility)?.say(effect.instruction);
    if (effect.kind !== 'start-answer' && effect.kind !== 'stop' && effect.kind !== 'ask') return;
    const run = [session, turn.unitOf(session), effect.job, effect.facility, String(effect.attempt)]
      .map(encodeURIComponent)
      .join('/');
    if (effect.kind === 'start-answer') {
      const { nonce, go, why } = effect;
      turn.asked.get(nonce)?.say({ say: 'start-answer', run, nonce, go, why });
    } else if (effect.kind === 'stop')
      memory.links.get(effect.facility)?.say({ say: 'stop', epoch: memory.epoch, run, how: effect.how });
    else memory.links.get(effect.facility)?.say({ say: 'state-of', run });
  }

  #wakeAt(memory: Memory, session: string, wakeAtMs: number | null): void {
    if (wakeAtMs === null) {
      memory.wakes.delete(session);
      return;
    }
    if (memory.wakes.get(session) === wakeAtMs) return;
    memory.wakes.set(session, wakeAtMs);
    this.#soon(Math.max(0, wakeAtMs - this.#world.nowMs), (mine) => {
      if (mine.wakes.get(session) !== wakeAtMs) return;
      mine.wakes.delete(session);
      this.hear({ kind: 'input', session, input: { kind: 'tick' } });
    });
  }
}

/** One turn: what happened becomes what is, in memory, and what is to be stored and said. */
class Turn {
  readonly sessions = new Map<string, JobSession>();
  readonly spools = new Map<string, number>();
  readonly stored: { readonly session: string; readonly effect: StoredEffect }[] = [];
  readonly outside: { readonly session: string; readonly effect: JobEffect }[] = [];
  readonly wakes = new Map<string, number | null>();
  /** Who waits for the answer of that nonce. */
  readonly asked = new Map<string, ManagerLink>();
  readonly #memory: Memory;
  readonly #units: ReadonlyMap<string, CompiledUnit>;
  readonly #env: JobEnv;
  readonly #inputs = new Map<string, SessionInput[]>();

  constructor(memory: Memory, units: ReadonlyMap<string, CompiledUnit>, env: JobEnv) {
    this.#memory = memory;
    this.#units = units;
    this.#env = env;
  }

  take(works: readonly Work[]): void {
    for (const work of works) {
      if (work.kind === 'input') this.#hear(work.session, work.input, work.link);
      else if (work.kind === 'news') this.#news(work);
      else if (work.kind === 'begin') this.#begin(work.begin);
    }
    this.#stepAll();
    if (!works.some(({ kind }) => kind === 'open')) return;
    this.#memory.places.open();
    this.#placed();
    this.#stepAll();
  }

  #stepAll(): void {
    for (let next = this.#inputs.entries().next(); !next.done; next = this.#inputs.entries().next()) {
      const [session, inputs] = next.value;
      this.#inputs.delete(session);
      this.#step(session, inputs);
    }
  }

  unitOf = (session: string): string => this.#memory.sessions.get(session)!.unit;

  #hear(session: string, input: SessionInput, link?: ManagerLink): void {
    if (!this.#memory.sessions.has(session)) return;
    if (input.kind === 'start-check' && link !== undefined) this.asked.set(input.nonce, link);
    const inputs = this.#inputs.get(session);
    if (inputs === undefined) this.#inputs.set(session, [input]);
    else inputs.push(input);
  }

  #news({ link, saying }: Extract<Work, { kind: 'news' }>): void {
    const key = `${link.agent}/${link.spool}`;
    let committed = this.spools.get(key) ?? this.#memory.spools.get(key) ?? 0;
    saying.news.forEach((news, at) => {
      if (saying.first + at !== committed + 1) return;
      committed++;
      const run = news.kind === 'run-ended' ? news.end.run : 'run' in news ? news.run : null;
      const parts = run === null ? null : partsOfRun(run);
      if (parts === null) return;
      const { session, job, facility, attempt } = parts;
      const ref = { job, facility, attempt };
      if (news.kind === 'run-started') this.#hear(session, { kind: 'run-started', ...ref, atMs: news.atMs });
      else if (news.kind === 'run-ended') this.#hear(session, { kind: 'run-ended', ...ref, end: news.end });
      else if (news.kind === 'run-refused') this.#hear(session, { kind: 'run-refused', ...ref, why: news.why });
    });
    // Said again what is committed is: without it the agent would wait for ever.
    this.spools.set(key, committed);
  }

  #begin({ id, unit }: Begin): void {
    if (this.#memory.sessions.has(id)) return;
    const asked = { root: null, trigger: { type: 'manual', id: null, info: '' }, scheduledAtMs: this.#env.nowMs } as const;
    const more = { variables: {}, ignoresTimes: false, testCommand: null, premade: false };
    this.#took(id, beginSession(this.#units.get(unit)!, { id, ...asked, ...more }, this.#env));
  }

  #step(id: string, inputs: readonly SessionInput[]): void {
    const session = this.#memory.sessions.get(id)!;
    this.#took(id, stepSessionAll(this.#units.get(session.unit)!, session, inputs, this.#env));
  }

  #took(id: string, outcome: ReturnType<typeof stepSessionAll>): void {
    if (this.#memory.sessions.get(id) !== outcome.session) {
      this.#memory.sessions.set(id, outcome.session);
      this.sessions.set(id, outcome.session);
    }
    this.wakes.set(id, outcome.wakeAtMs);
    for (const effect of outcome.effects) {
      switch (effect.kind) {
        case 'history':
        case 'output':
        case 'result':
          this.stored.push({ session: id, effect });
          break;
        case 'ended':
          this.stored.push({ session: id, effect });
          this.#ended(`${outcome.session.unit}/${effect.job}`, effect.end);
          break;
        case 'want-place':
        case 'leave-place':
          this.#place(
            effect.kind === 'want-place' ? effect.want : null,
            effect.kind === 'want-place' ? effect.want.key : effect.key,
          );
          break;
        default:
          this.outside.push({ session: id, effect });
      }
    }
    if (outcome.effects.length > 0 && !this.sessions.has(id)) this.sessions.set(id, outcome.session);
  }

  #place(want: Want | null, key: Want['key']): void {
    const { places } = this.#memory;
    if (want === null) places.leave(key);
    else places.want(want);
    this.#placed();
  }

  #placed(): void {
    for (const { session, input } of this.#memory.answers.splice(0)) this.#hear(session, input);
  }

  #ended(key: string, end: PastEnd): void {
    this.#memory.ends.set(key, end);
    const [unit] = key.split('/') as [string];
    for (const [id, { unit: other }] of this.#memory.sessions)
      if (this.#units.get(other)!.crossUnits.has(unit)) this.#hear(id, { kind: 'past-end' });
  }
}
