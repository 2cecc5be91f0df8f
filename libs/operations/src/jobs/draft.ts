import { invariant } from '@yosugara/kernel';
import type { Priority } from '@yosugara/protocol';
import { type Result, resultId, shortened } from '../monitors/index.js';
import type { CompiledJob, CompiledUnit } from './compiled.js';
import { hasMark, isAtRest, isEnded, type Mark, newRun } from './states.js';
import type { JobEffect, JobEnv } from './step-types.js';
import { type JobEvent, transitionFor } from './table.js';
import type { JobRun, JobSession, JobState } from './types.js';

/** Of what a history line and a node's message say. */
const MAX_TEXT = 2_048;
/** The session itself among its jobs. */
export const SESSION = '';

type Head = { -readonly [Key in Exclude<keyof JobSession, 'jobs'>]: JobSession[Key] };

/** What a step works on: the session as it was is never touched, and what did not change keeps being the same object. */
export class Draft {
  readonly unit: CompiledUnit;
  readonly env: JobEnv;
  readonly effects: JobEffect[] = [];
  /** Whose operation this is. */
  who: string | null = null;
  refusal: string | null = null;
  readonly #before: JobSession;
  #head: Head | null = null;
  #jobs: Map<string, JobRun> | null = null;
  /** Jobs to be looked at, each once, in the order in which something happened to them. */
  readonly #pending = new Set<string>();
  readonly #clocks = new Map<string, number>();

  constructor(unit: CompiledUnit, session: JobSession, env: JobEnv) {
    this.unit = unit;
    this.env = env;
    this.#before = session;
  }

  get session(): Omit<JobSession, 'jobs'> {
    return this.#head ?? this.#before;
  }

  get jobs(): ReadonlyMap<string, JobRun> {
    return this.#jobs ?? this.#before.jobs;
  }

  result(): JobSession {
    if (this.#head === null && this.#jobs === null) return this.#before;
    return { ...(this.#head ?? this.#before), jobs: this.#jobs ?? this.#before.jobs };
  }

  /** Of a time of day, worked out once: time zones take their time, and very many jobs may wait for the same one. */
  clockMs(at: string, workOut: () => number): number {
    let found = this.#clocks.get(at);
    if (found === undefined) this.#clocks.set(at, (found = workOut()));
    return found;
  }

  /** Directly in the session or in that jobnet. */
  childrenOf(id: string): readonly string[] {
    if (id !== SESSION) return this.unit.jobs.get(id)?.children ?? [];
    const { root } = this.session;
    return root === null ? this.unit.children : [root];
  }

  parentOf(id: string): string {
    return id === this.session.root ? SESSION : this.job(id).parent;
  }

  /** Jobnets that it is in, within this session, outermost first. */
  withinOf(id: string): readonly string[] {
    const { within } = this.job(id);
    const { root } = this.session;
    return root === null ? within : id === root ? [] : within.slice(within.indexOf(root));
  }

  job(id: string): CompiledJob {
    const job = this.unit.jobs.get(id);
    // Asked for very often: the sentence is made only when it is needed.
    if (job === undefined) invariant(false, `job ${id} is one of unit ${this.unit.id}, revision ${this.unit.revision}`);
    return job;
  }

  /** The session as if it were a job of that name. */
  run(id: string): JobRun {
    if (id === SESSION) {
      const { state, endStatus, endValue, startedAtMs, endedAtMs } = this.session;
      return { ...newRun(SESSION), state, endStatus, endValue, startedAtMs, endedAtMs };
    }
    const run = this.jobs.get(id);
    if (run === undefined) invariant(false, `job ${id} is in session ${this.session.id}`);
    return run;
  }

  state(id: string): JobState {
    return id === SESSION ? this.session.state : this.run(id).state;
  }

  patchSession(patch: Partial<Head>): void {
    const now = this.session;
    if (Object.entries(patch).every(([key, value]) => now[key as keyof Head] === value)) return;
    if (this.#head === null) {
      const { jobs: _, ...head } = this.#before;
      this.#head = head;
    }
    Object.assign(this.#head, patch);
  }

  /** Without a change of state; what is the same already is left alone. */
  patch(id: string, patch: Partial<Omit<JobRun, 'job' | 'state'>>): void {
    if (id === SESSION) {
      const { endStatus, endValue, startedAtMs, endedAtMs } = { ...this.run(SESSION), ...patch };
      this.patchSession({ endStatus, endValue, startedAtMs, endedAtMs });
      return;
    }
    const run = this.run(id);
    if (Object.entries(patch).every(([key, value]) => run[key as keyof JobRun] === value)) return;
    this.#put({ ...run, ...patch });
  }

  /** A change of state: only one that the table has. */
  move(id: string, on: JobEvent, to: JobState, patch: Partial<Omit<JobRun, 'job' | 'state'>> = {}, text = ''): void {
    const from = this.state(id);
    const row = transitionFor(id === SESSION ? 'session' : 'job', on, from, to);
    if (row === undefined) invariant(false, `${on} leads from ${from} to ${to} (${id === SESSION ? 'session' : `job ${id}`})`);
    if (id === SESSION) {
      this.patchSession({ state: to });
      this.patch(id, patch);
    } else this.#put({ ...this.run(id), why: shortened(text === '' ? row.why : text, MAX_TEXT), ...patch, state: to });
    this.history(id, text === '' ? row.why : text, { from, to });
    this.touch(id);
  }

  #put(run: JobRun): void {
    this.#jobs ??= new Map(this.#before.jobs);
    this.#jobs.set(run.job, run);
  }

  hasMark = (id: string, mark: Mark): boolean => id !== SESSION && hasMark(this.run(id), mark);

  mark(id: string, ...marks: readonly Mark[]): void {
    const has = this.run(id).marks;
    const added = marks.filter((mark) => !has.includes(mark));
    if (added.length > 0) this.patch(id, { marks: [...has, ...added] });
  }

  unmark(id: string, ...marks: readonly Mark[]): void {
    const has = this.run(id).marks;
    const left = has.filter((mark) => !marks.includes(mark as Mark));
    if (left.length < has.length) this.patch(id, { marks: left });
  }

  /** To be looked at before the step ends. */
  touch(id: string): void {
    this.#pending.add(id);
  }

  nextPending(): string | null {
    const { value, done } = this.#pending.values().next();
    if (done) return null;
    this.#pending.delete(value);
    return value;
  }

  /** Whether something in that jobnet may start: it and all around it run. */
  isOpen(id: string): boolean {
    if (this.session.state !== 'running') return false;
    if (id === SESSION) return true;
    return this.state(id) === 'running' && this.withinOf(id).every((around) => this.state(around) === 'running');
  }

  /** Nothing in it starts any more, until somebody starts it again: it is being stopped, or at rest. */
  isShut(id: string): boolean {
    const around = [this.session.state, ...(id === SESSION ? [] : [id, ...this.withinOf(id)].map((each) => this.state(each)))];
    return around.some((state) => state === 'stopping' || isAtRest(state));
  }

  history(
    job: string,
    text: string,
    more: { readonly from?: JobState; readonly to?: JobState; readonly facility?: string } = {},
  ): void {
    const { from = null, to = null, facility = null } = more;
    const line = { atMs: this.env.nowMs, job, facility, from, to, who: this.who, text: shortened(text, MAX_TEXT) };
    this.effects.push({ kind: 'history', line });
  }

  /** Tells those whom the job (or the unit, of its session) names; null or nobody: nothing. The same thing has the same id. */
  tell(
    job: string,
    sub: string,
    priority: Priority | null,
    message: string,
    { to, which = '' }: { readonly to?: readonly string[]; readonly which?: string } = {},
  ): void {
    const { unit, session } = this;
    const notify = job === SESSION ? unit.body.notify : this.job(job).body.notify;
    const notifications = to ?? notify.notifications;
    if (priority === null || notifications.length === 0) return;
    const facility = this.#facilityOf(job);
    // A session that is started again ends again: it has no count of that, and time has gone on.
    const round = job === SESSION ? this.env.nowMs : this.run(job).round;
    const origin = `${session.id}:${round}${which}`;
    const result: Result = {
      ...{ id: resultId(unit.id, facility, job, sub, origin), trigger: 'job', plugin: 'job', monitor: unit.id, facility },
      ...{ sender: null, item: job, sub, priority, application: 'job', message: shortened(message, MAX_TEXT) },
      ...{ original: session.id, atMs: this.env.nowMs, notifications },
    };
    this.effects.push({ kind: 'result', result });
  }

  #facilityOf(job: string): string {
    const body = job === SESSION ? null : this.job(job).body;
    return body !== null && 'facility' in body && !body.facility.includes('#[') ? body.facility : 'INTERNAL';
  }

  /** All that has not ended of a jobnet, children before their own. */
  *descendants(id: string): Generator<string> {
    const stack = [...this.childrenOf(id)].reverse();
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      yield next;
      const children = this.childrenOf(next);
      for (let at = children.length - 1; at >= 0; at--) stack.push(children[at]!);
    }
  }

  areAllEnded = (ids: readonly string[]): boolean => ids.every((id) => isEnded(this.state(id)));
}
