import type { Clock, Epoch, Log } from '@yosugara/kernel';
import { type CompiledUnit, type LinkMessage, type SessionInput, sessionStamp } from '@yosugara/operations';
import { Memories } from '../operations/memories.js';
import { isEmpty, operate } from '../operations/operate.js';
import type { OperationsBatch } from '../operations/ports.js';
import type { AgentLinks } from './agent-ports.js';
import { JobTotals } from './job-counts.js';
import type { JobEngine } from './job-engine.js';
import type { JobErrands, JobRules } from './job-rules.js';
import { JobTurn, TakenNumbers } from './job-turn.js';
import type { Made } from './made.js';
import { OpenSessions } from './open-sessions.js';
import { Outside } from './outside.js';
import { PlaceGate } from './place-gate.js';
import type { JobBatch, JobStore, TriggerMark } from './ports.js';
import { Schedules } from './schedules.js';
import { Slices } from './slices.js';

export interface JobWorkOptions {
  readonly store: JobStore;
  /** What is committed of the settings when this is called is in the rules when it resolves. */
  readonly ready: () => Promise<void>;
  /** As they are now. */
  readonly rules: () => JobRules;
  readonly links: AgentLinks;
  readonly errands: JobErrands;
  readonly engine: JobEngine;
  readonly clock: Clock;
  readonly log: Log;
  /** Since the process began. */
  readonly totals?: JobTotals;
  /** Lets others have their turn. Default: once around the event loop. */
  readonly pause?: () => Promise<void>;
}

/** What the work tells its loop. None of them throws or waits. */
export interface JobWorkEvents {
  readonly poke: () => void;
  readonly link: (message: LinkMessage) => Promise<unknown>;
  readonly answer: (run: string, nonce: string, answer: { readonly go: boolean; readonly why: string }) => void;
  readonly tasksChanged: (agent: string) => void;
}

/** What must be known before something can be done without waiting. */
export interface Needs {
  /** A session of that unit is to begin, for that time. */
  readonly begins?: { readonly unit: string; readonly scheduledAtMs: number };
  readonly request?: string;
  /** Also one that is over. */
  readonly session?: string;
}

const LINKS_BACK_MS = 7 * 86_400_000;
const MOST_LINKS = 10_000;
const MOST_PLACES = 1_000_000;
const spoolKey = (agent: string, spool: string): string => `${agent}\0${spool}`;

/** All that one owner has in memory, from the database on. Thrown away whole after any failure. */
export class JobWork {
  readonly epoch: Epoch;
  readonly sessions: OpenSessions;
  readonly outside: Outside;
  readonly places: PlaceGate;
  readonly schedules: Schedules;
  /** Answers of the database to `request`. */
  readonly requests = new Map<string, string>();
  /** Set by what happened outside, for the next turn. */
  readonly heard: { readonly session: string; readonly input: SessionInput }[] = [];
  /** Of file triggers: what was seen while their calendars were closed. */
  readonly marks: Map<string, TriggerMark>;
  readonly #o: JobWorkOptions;
  readonly #memories: Memories;
  readonly #taken = new TakenNumbers();
  readonly #spools: Map<string, number>;
  /** Agents that this memory has not greeted. */
  readonly #greeted = new Set<string>();
  #version: number;
  /** The longest that reading held the event loop. */
  longestMs = 0;
  #settings = -1;

  private constructor(o: JobWorkOptions, epoch: Epoch, events: JobWorkEvents, loaded: Awaited<ReturnType<JobStore['loadJobs']>>) {
    this.#o = o;
    this.epoch = epoch;
    this.#version = loaded.version;
    this.#memories = new Memories(loaded.operations);
    this.#spools = new Map(loaded.spools.map(({ agent, spool, number }) => [spoolKey(agent, spool), number]));
    this.marks = new Map(loaded.marks.map((mark) => [mark.trigger, mark]));
    this.sessions = new OpenSessions(o.engine, epoch, o.totals ?? new JobTotals());
    this.schedules = new Schedules(loaded.marks);
    const hear = (session: string, input: SessionInput) => {
      this.heard.push({ session, input });
      events.poke();
    };
    this.places = new PlaceGate({
      limitsOf: (of, id) => {
        const rules = o.rules();
        if (of === 'queue') return rules.queue(id) ?? { concurrency: 0, capacity: MOST_PLACES };
        const { multiplicity } = rules.world.nodeJob(id);
        return { concurrency: multiplicity === 0 ? MOST_PLACES : multiplicity, capacity: MOST_PLACES };
      },
      hear,
    });
    this.outside = new Outside({
      ...{ epoch, links: o.links, errands: o.errands, places: this.places, hear, clock: o.clock },
      ...{ link: events.link, tasksChanged: events.tasksChanged },
      answer: (run, { nonce, go, why }) => events.answer(run, nonce, { go, why }),
    });
  }

  static async load(o: JobWorkOptions, epoch: Epoch, events: JobWorkEvents): Promise<JobWork> {
    const { store, ready, log, clock } = o;
    const fromMs = clock.monotonicMs();
    // Whatever somebody commits meanwhile makes our first commit fail, and all is read again.
    const [loaded] = await Promise.all([store.loadJobs(), ready()]);
    const work = new JobWork(o, epoch, events, loaded);
    const { sessions } = work;
    sessions.past.learnLinks(await store.linksSince(clock.wallMs() - LINKS_BACK_MS, MOST_LINKS));
    const slices = new Slices(clock, o.pause);
    for (const session of loaded.sessions) {
      const pause = slices.between();
      if (pause !== null) await pause;
      if (await work.#pin(session.unit, session.revision)) sessions.put(session);
      // The database keeps the revision as long as the session is there: another version of this program wrote what this one cannot read.
      else log.error('jobs.unreadable', { session: session.id, unit: session.unit, revision: session.revision });
      if (session.state === 'scheduled' || session.state === 'held' || session.state === 'skipped')
        if (session.startedAtMs === null) work.schedules.notePremade(session);
    }
    await work.#learnPast([...new Set(loaded.sessions.map(({ unit, revision }) => sessions.unit(unit, revision)))]);
    await work.follow();
    work.longestMs = slices.longestMs;
    log.info('jobs.begin', {
      ...{ epoch, version: loaded.version, sessions: sessions.size, jobs: sessions.jobs, schedules: work.schedules.size },
      tookMs: Math.round(clock.monotonicMs() - fromMs),
    });
    return work;
  }

  spool(agent: string, spool: string): number {
    return this.#spools.get(spoolKey(agent, spool)) ?? 0;
  }

  turn(nowMs: number): JobTurn {
    return new JobTurn(this.sessions, this.#taken, this.sessions.env(this.#o.rules().world, nowMs));
  }

  /** The settings are others than those known. */
  get isBehind(): boolean {
    return this.#o.rules().version !== this.#settings;
  }

  /** @returns whether a schedule is due next at another time than before. */
  async follow(): Promise<boolean> {
    const { rules, store, clock } = this.#o;
    const now = rules();
    const unknown = this.schedules.unknown(now.triggers());
    const written = unknown.length === 0 ? new Map<string, number>() : await store.triggersWrittenAt(unknown);
    // Settings may have changed meanwhile; what is put in now is asked about again then.
    this.#settings = now.version;
    const isOpen = (calendar: string | null, atMs: number) => rules().calendarOpen(calendar, atMs);
    const hasMoved = this.schedules.follow(rules().triggers(), written, clock.wallMs(), isOpen);
    this.places.limitsChanged();
    return hasMoved;
  }

  /** Whatever must be read from the database, with few questions for all. */
  async prepare(all: readonly Needs[]): Promise<void> {
    const { store, rules } = this.#o;
    const requests = new Set<string>();
    const stamps = new Set<string>();
    const units = new Set<CompiledUnit>();
    for (const { begins, request, session } of all) {
      if (request !== undefined && !this.requests.has(request)) requests.add(request);
      const unit = begins === undefined ? null : rules().unit(begins.unit);
      if (unit !== null && begins !== undefined) {
        units.add(this.sessions.pin(unit));
        const stamp = sessionStamp(begins.scheduledAtMs, unit.body.timeZone);
        if (!this.#taken.knows(stamp)) stamps.add(stamp);
      }
      if (session !== undefined && this.sessions.session(session) === null) await this.#reopen(session);
    }
    await this.#learnPast([...units]);
    if (requests.size === 0 && stamps.size === 0) return;
    const found = await store.lookUp(
      [...requests],
      [...stamps].map((stamp) => `${stamp}-`),
    );
    for (const [request, session] of found.requests) this.requests.set(request, session);
    this.#taken.learn([...stamps], found.taken);
  }

  /** @returns what was stored of operations; null = nothing had to be stored. */
  async store(turn: JobTurn, made: Made): Promise<OperationsBatch | null> {
    const { rules, clock, store } = this.#o;
    const results = [...turn.results, ...made.results];
    const operations = operate(rules(), { samples: turn.samples, results }, this.#memories, clock.wallMs());
    const spools = [...turn.spools.values()];
    const { sessions, outputs, history } = made;
    const { removed, marks, links, answers } = turn;
    const batch: JobBatch = { sessions, removed, outputs, history, marks, links, spools, answers, operations };
    const isNothing = [sessions, removed, outputs, history, marks, links, spools, answers].every(({ length }) => length === 0);
    if (isNothing && isEmpty(operations) && !turn.mustCommit) return null;
    await store.storeJobs(batch, this.epoch, this.#version);
    this.#version++;
    for (const { agent, spool, number } of spools) this.#spools.set(spoolKey(agent, spool), number);
    for (const mark of marks) this.marks.set(mark.trigger, mark);
    return operations;
  }

  greet(agent: string): void {
    this.#greeted.add(agent);
  }

  /** Those of them that nobody said to that there is a new memory. */
  takeUnheard(connected: readonly string[]): readonly string[] {
    return connected.filter((agent) => !this.#greeted.has(agent));
  }

  stop(): void {
    this.outside.stop();
  }

  async #reopen(id: string): Promise<void> {
    const session = await this.#o.store.loadSession(id);
    if (session === null || !(await this.#pin(session.unit, session.revision))) return;
    await this.#learnPast([this.sessions.unit(session.unit, session.revision)]);
    this.sessions.put(session);
  }

  async #pin(unit: string, revision: number): Promise<boolean> {
    if (this.sessions.unit(unit, revision) !== null) return true;
    // Most are as the settings have them, which were read already.
    const known = this.#o.rules().unit(unit);
    const pinned = known?.revision === revision ? known : await this.#o.store.unitOf(unit, revision);
    if (pinned === null) return false;
    this.sessions.pin(pinned);
    return true;
  }

  async #learnPast(units: readonly (CompiledUnit | null)[]): Promise<void> {
    const unknown = units.flatMap((unit) => (unit === null ? [] : this.sessions.past.unknownTo(unit)));
    if (unknown.length > 0) this.sessions.past.learn(unknown, await this.#o.store.pastEnds(unknown));
  }
}
