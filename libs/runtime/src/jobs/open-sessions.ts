import type { Epoch } from '@yosugara/kernel';
import {
  type CompiledUnit,
  type JobEnv,
  type JobRun,
  type JobSession,
  type NewSession,
  type PastEnd,
  type PinnedUnit,
  type SessionInput,
  type StepOutcome,
} from '@yosugara/operations';
import { TimeHeap } from '../loops/time-heap.js';
import { compiledUnit } from './compiled-units.js';
import { type JobCounted, JobCounts, type JobTotals } from './job-counts.js';
import type { JobEngine } from './job-engine.js';
import type { JobWorld } from './job-rules.js';
import { type Made, MadeEffects } from './made.js';
import { type BusyNodes, NodeSessions } from './node-sessions.js';
import type { SessionToStore } from './ports.js';
import { SessionEars } from './session-ears.js';
import { SessionPast } from './session-past.js';
import { SpinGuard } from './spin-guard.js';

/** A session that is not over, or that somebody does something with. */
interface Open {
  session: JobSession;
  readonly unit: CompiledUnit;
  /** Nobody has said to it yet that there is a new manager. */
  isFresh: boolean;
  wakeAtMs: number | null;
  /** Nodes on which something of a job may be going on. */
  readonly nodes: BusyNodes;
  /** Of a session of this batch. */
  begins: SessionToStore['begins'];
}

/** All sessions that are not over, as an owner has them in memory. It runs ahead of the database; after any failure it is thrown away. */
export class OpenSessions {
  readonly #engine: JobEngine;
  readonly #epoch: Epoch;
  readonly #open = new Map<string, Open>();
  readonly #units = new Map<string, CompiledUnit>();
  readonly #wakes = new TimeHeap<string>();
  readonly #nodes = new NodeSessions();
  readonly #ears = new SessionEars();
  /** To which nobody has said that there is a new manager: those with something going on, and those that only wait. */
  readonly #fresh: { readonly busy: string[]; readonly quiet: string[] } = { busy: [], quiet: [] };
  /** What is asked about that is over. */
  readonly past = new SessionPast();
  readonly #changed = new Map<string, Map<string, JobRun>>();
  readonly #effects = new MadeEffects();
  #ended: string[] = [];
  readonly #counts: JobCounts;
  readonly #guard: SpinGuard;
  #jobs = 0;
  #changedJobs = 0;

  constructor(engine: JobEngine, epoch: Epoch, totals: JobTotals) {
    this.#engine = engine;
    this.#epoch = epoch;
    this.#counts = new JobCounts(totals);
    this.#guard = new SpinGuard(totals);
  }

  get size(): number {
    return this.#open.size;
  }
  /** Of open sessions. */
  get jobs(): number {
    return this.#jobs;
  }
  /** Of jobs on nodes, not over. */
  get runs(): number {
    return this.#nodes.runs;
  }
  /** Sessions to which nobody has said that there is a new manager. */
  get fresh(): number {
    return this.#fresh.busy.length + this.#fresh.quiet.length;
  }
  /** Since `take`: rows that are to be stored. */
  get changedJobs(): number {
    return this.#changedJobs;
  }
  counted(): JobCounted {
    return this.#counts.counted();
  }

  /* ---------- What is known ---------- */

  unit(id: string, revision: number): CompiledUnit | null {
    return this.#units.get(unitKey(id, revision)) ?? null;
  }

  pin(unit: PinnedUnit): CompiledUnit {
    const known = this.unit(unit.id, unit.revision);
    if (known !== null) return known;
    const compiled = compiledUnit(unit);
    this.#units.set(unitKey(unit.id, unit.revision), compiled);
    return compiled;
  }

  session(id: string): JobSession | null {
    return this.#open.get(id)?.session ?? null;
  }

  *all(): Generator<JobSession> {
    for (const { session } of this.#open.values()) yield session;
  }

  /** Those with something going on there. */
  onNode(facility: string): readonly string[] {
    return this.#nodes.on(facility);
  }

  nodes(): readonly string[] {
    return this.#nodes.nodes();
  }

  /** Those that may wait for link messages. */
  receivers(): readonly string[] {
    return this.#ears.receivers();
  }

  /** Null = nothing is due by time alone. */
  nextWakeMs(): number | null {
    return this.#wakes.first()?.atMs ?? null;
  }

  /** Sessions whose instant is there, at most so many. */
  takeDue(nowMs: number, most: number): readonly string[] {
    const due: string[] = [];
    for (
      let first = this.#wakes.first();
      first !== null && first.atMs <= nowMs && due.length < most;
      first = this.#wakes.first()
    ) {
      this.#wakes.pop();
      const open = this.#open.get(first.value);
      if (open === undefined || open.wakeAtMs !== first.atMs) continue;
      open.wakeAtMs = null;
      due.push(first.value);
    }
    return due;
  }

  /** Of those that were read from the database some that were told nothing yet, with so many jobs or a few more: what goes on comes first. */
  takeFresh(mostJobs: number): readonly JobSession[] {
    const taken: JobSession[] = [];
    for (let jobs = 0; jobs < mostJobs; ) {
      const id = this.#fresh.busy.pop() ?? this.#fresh.quiet.pop();
      if (id === undefined) break;
      const open = this.#open.get(id);
      if (open?.isFresh !== true) continue;
      taken.push(open.session);
      jobs += open.session.jobs.size;
    }
    return taken;
  }

  /* ---------- What changes ---------- */

  /** As read from the database. Its unit is pinned. */
  put(session: JobSession): void {
    const unit = this.unit(session.unit, session.revision);
    if (unit === null || this.#open.has(session.id)) return;
    const open: Open = { session, unit, isFresh: true, wakeAtMs: null, nodes: new Map(), begins: undefined };
    this.#add(open);
    (open.nodes.size > 0 ? this.#fresh.busy : this.#fresh.quiet).push(session.id);
  }

  begin(unit: CompiledUnit, asked: NewSession, begins: NonNullable<SessionToStore['begins']>, env: JobEnv): JobSession {
    const outcome = this.#engine.beginSession(unit, asked, env);
    const { session } = outcome;
    const open: Open = { session, unit, isFresh: false, wakeAtMs: null, nodes: new Map(), begins };
    this.#add(open);
    this.#changed.set(session.id, new Map(session.jobs));
    this.#changedJobs += session.jobs.size;
    this.#take(open, outcome);
    return session;
  }

  /** @returns why not, of an operation; null = it was done, or it is no operation. */
  step(id: string, inputs: readonly SessionInput[], env: JobEnv): string | null {
    const open = this.#open.get(id);
    if (open === undefined) return null;
    const all: readonly SessionInput[] = open.isFresh ? [{ kind: 'resume' }, ...inputs] : inputs;
    open.isFresh = false;
    const { session: before } = open;
    const outcome = this.#engine.stepSessionAll(open.unit, before, all, env);
    this.#note(open, outcome.session, env.nowMs);
    this.#take(open, inputs.every(({ kind }) => kind === 'tick') ? this.#guarded(before, outcome, env.nowMs) : outcome);
    return outcome.refusal;
  }

  /** It was only time for it: where it is due at once again, and nothing came of that, it waits. */
  #guarded(before: JobSession, outcome: StepOutcome, nowMs: number): StepOutcome {
    const { session, effects, wakeAtMs } = outcome;
    if (wakeAtMs === null) return outcome;
    const nextMs = this.#guard.nextMs(session.id, wakeAtMs, nowMs, session !== before || effects.length > 0);
    if (nextMs === wakeAtMs) return outcome;
    const told = this.#guard.tell(session.id, session.unit, nowMs);
    if (told !== null) this.#effects.tell(told);
    return { ...outcome, wakeAtMs: nextMs };
  }

  /** It was never begun, and nobody wants it any more. */
  remove(id: string): void {
    this.#drop(id);
    this.#changed.delete(id);
  }

  /** What steps brought about since then. */
  take(): Made {
    const sessions = [...this.#changed].flatMap(([id, jobs]): SessionToStore[] => {
      const open = this.#open.get(id);
      if (open === undefined) return [];
      const { jobs: _, ...head } = open.session;
      const { begins } = open;
      open.begins = undefined;
      return [{ head, jobs: [...jobs.values()], ...(begins === undefined ? {} : { begins }) }];
    });
    const made = { ...this.#effects.take(), sessions, ended: this.#ended.length };
    for (const id of this.#ended) this.#drop(id);
    this.#ended = [];
    this.#changed.clear();
    this.#changedJobs = 0;
    return made;
  }

  env(world: JobWorld, nowMs: number): JobEnv {
    return {
      ...{ nowMs, epoch: this.#epoch },
      isOpen: (calendar, atMs) => world.isOpen(calendar, atMs),
      nodesOf: (facility) => world.nodesOf(facility),
      hasAgent: (node) => world.hasAgent(node),
      nodeJob: (node) => world.nodeJob(node),
      nodeValue: (node, name) => world.nodeValue(node, name),
      matches: (pattern, text) => world.matches(pattern, text),
      newestEnd: (unit, job) => this.past.newest(unit, job),
      normalRuns: (unit, job) => this.past.normal(unit, job),
      links: (messageId, sinceMs) => this.past.links(messageId, sinceMs),
    };
  }

  #add(open: Open): void {
    const { session, unit } = open;
    this.#open.set(session.id, open);
    this.#jobs += session.jobs.size;
    this.#counts.all(session, 1);
    this.#ears.add(session.id, unit);
    for (const run of session.jobs.values()) this.#nodes.note(session.id, open.nodes, run.job, run.nodes);
  }

  #drop(id: string): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    for (const job of [...open.nodes.keys()]) this.#nodes.note(id, open.nodes, job, []);
    this.#guard.forget(id);
    this.#ears.drop(id, open.unit);
    this.#jobs -= open.session.jobs.size;
    this.#counts.all(open.session, -1);
    this.#open.delete(id);
  }

  #note(open: Open, after: JobSession, nowMs: number): void {
    const before = open.session;
    if (after === before) return;
    open.session = after;
    const { id } = after;
    let changed = this.#changed.get(id);
    if (changed === undefined) this.#changed.set(id, (changed = new Map()));
    if (after.jobs === before.jobs) return;
    for (const [job, run] of after.jobs) {
      const was = before.jobs.get(job);
      if (was === run) continue;
      changed.set(job, run);
      this.#changedJobs++;
      this.#counts.changed(id, was, run, nowMs);
      this.#nodes.note(id, open.nodes, job, run.nodes);
    }
  }

  #take(open: Open, { session, effects, wakeAtMs }: StepOutcome): void {
    const { id } = session;
    this.#effects.add(id, session.unit, effects, (job, end) => this.#noteEnd(open, job, end));
    open.wakeAtMs = wakeAtMs;
    if (wakeAtMs !== null) this.#wakes.push(wakeAtMs, id);
    else if (session.endedAtMs !== null) this.#ended.push(id);
  }

  #noteEnd({ session: { id, unit } }: Open, job: string, end: PastEnd): void {
    this.past.note({ ...end, unit, job, session: id });
    this.#ears.noteEnd(unit);
  }

  /** Sessions with conditions on units of which a session ended since this was asked last. */
  takeCrossed(): readonly string[] {
    return this.#ears.takeCrossed();
  }
}

const unitKey = (id: string, revision: number): string => `${id}\0${revision}`;
