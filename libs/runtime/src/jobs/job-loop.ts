import { explain, YosugaraError } from '@yosugara/kernel';
import type { LinkMessage } from '@yosugara/operations';
import type { AgentTask, ToAgent } from '@yosugara/protocol';
import { CommitUnknownError, type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import type { OperationsBatch } from '../operations/ports.js';
import { agentDesk, type Desk } from './agent-desk.js';
import { jobControl } from './job-control.js';
import { JobCounts, JobTotals } from './job-counts.js';
import { JOB_ENGINE, type JobEngine } from './job-engine.js';
import { carriedOver, fireSchedule, makeBeforehand, scheduleNeeds, startSession } from './job-starts.js';
import type { JobTurn } from './job-turn.js';
import { JobWork, type JobWorkOptions, type Needs } from './job-work.js';
import type { JobControl, JobStats } from './ports.js';
import type { FiredSchedule } from './schedules.js';
import { Slices } from './slices.js';
import { stuckResult } from './stuck-result.js';

export type JobPermit = Pick<IngestPermit, 'epoch' | 'leaseUntilMs'>;

export interface JobLoopOptions extends Omit<JobWorkOptions, 'engine' | 'totals'> {
  /** null = not now. Asked before every transaction, and before anything leaves. */
  readonly permit: () => JobPermit | null;
  readonly engine?: JobEngine;
  /** Just stored. Must not throw, must not wait. */
  readonly onStored?: (batch: OperationsBatch) => void;
  /** The database belongs to a younger epoch. */
  readonly onStale?: (error: StaleEpochError) => void;
}

/** Something to do in a turn, and to answer when it is committed. */
export interface JobTask {
  /** Of what is bounded: news count each. */
  readonly weight: number;
  readonly needs?: (work: JobWork) => readonly Needs[];
  /** In the turn, without waiting. @throws — only this task fails, and nothing of it may have been done. */
  readonly run: (turn: JobTurn, work: JobWork) => void;
  readonly done: () => void;
  readonly failed: (error: Error) => void;
}

type Between = () => Promise<void> | null;

/** What the desk and the control are made of. */
export interface JobDoor {
  /** @returns the work as soon as it is there. @throws YosugaraError NOT_SERVING */
  work(): Promise<JobWork>;
  /** @throws YosugaraError NOT_SERVING, JOBS_BUSY, or why its turn failed. */
  submit<T>(task: Pick<JobTask, 'weight' | 'needs'> & { run(turn: JobTurn, work: JobWork): T }): Promise<T>;
  isPermitted(): boolean;
  poke(): void;
}

const IDLE_MS = 200;
const BACKOFF_MS = { first: 100, most: 2_000 };
const MOST_WEIGHT = 50_000;
const TURN_WEIGHT = 1_000;
/** Sessions that are stepped before it is looked how much is to be stored by now. */
const PORTION = 20;
const HEARD = 100;
const TURN_SCHEDULES = 200;
const TURN_PREMADE = 50;
const LOOK_MS = 1_000;
const BEFOREHAND_MS = 60_000;
const CARRY_MS = 10_000;
const STUCK_LOOK_MS = 60_000;
/** A queue whose places all wait for it. */
const STUCK_MS = 600_000;
const FORGET_MS = 600_000;
const FORGET_AGAIN_MS = 5_000;
const FOLLOW_MS = 200;
const WORK_WAIT_MS = 2_000;
const NEWCOMER_MS = 20;
const TURNS = 1_000;

const notServing = () => new YosugaraError('NOT_SERVING', 'this node does not run jobs now');

/**
 * Runs jobs while permitted: one turn after the other gathers what is due and what was heard, steps the sessions it is about, stores what
 * follows in one transaction under the epoch, and only then says anything to anybody. After any failure all that was in memory is thrown
 * away and read again: whoever waits for an answer asks again.
 */
export class JobLoop {
  readonly control: JobControl;
  readonly desk: Desk;
  readonly #o: JobLoopOptions;
  readonly #loop: PermittedLoop<JobPermit>;
  #work: JobWork | null = null;
  #loaded: { readonly promise: Promise<JobWork>; readonly resolve: (work: JobWork) => void } = later();
  readonly #tasks: JobTask[] = [];
  #weight = 0;
  /** Of the turn that is under way. */
  #doing: readonly JobTask[] = [];
  /** Agents whose tasks may be others than they know. */
  readonly #toTell = new Set<string>();
  readonly #told = new Map<string, string>();
  #tasksVersion = -1;
  #at = { look: 0, beforehand: 0, carry: 0, stuck: 0, forget: 0, follow: 0 };
  #isForgetting = false;
  readonly #counts = { started: 0, ended: 0, dropped: 0 };
  readonly #totals = new JobTotals();
  /** Of each turn the longest that it held the event loop. */
  readonly #slices: number[] = [];
  #longestMs = 0;
  /** What there was to be read, and all sessions that heard of it. */
  #takeOver: { readonly atMs: number; readonly loadedMs: number; readonly resumedMs: number | null } | null = null;

  constructor(options: JobLoopOptions) {
    this.#o = options;
    const { permit, clock, log } = options;
    this.#loop = new PermittedLoop({
      ...{ permit, clock, backoffMs: BACKOFF_MS, turn: async () => await this.#turn() },
      onFailure: (error) => {
        this.#drop(error);
        log.warn('jobs.again', { why: explain(error) });
        if (error instanceof StaleEpochError) options.onStale?.(error);
      },
      onEnd: () => this.#drop(notServing()),
    });
    const door: JobDoor = {
      work: async () => await this.#workSoon(),
      submit: async (task) => await this.#submit(task),
      isPermitted: () => this.#loop.permitNow()?.epoch === this.#work?.epoch && this.#work !== null,
      poke: () => this.#loop.poke(),
    };
    this.desk = agentDesk(door, options, (agent) => this.#tellTasks(agent));
    this.control = jobControl(door, options, () => this.stats());
  }

  start(): void {
    this.#loop.start();
  }

  /** The permit or the settings changed. */
  poke(): void {
    this.#loop.poke();
  }

  /** Within 1 s; a transaction that hangs longer is left to its own deadline and to the fences. */
  async stop(): Promise<void> {
    const ended = this.#loop.stop();
    this.#drop(notServing());
    await ended;
  }

  /** By `Clock.monotonicMs`: when it last went around; null = not yet. */
  get movedAtMs(): number | null {
    return this.#loop.movedAtMs;
  }

  stats(): JobStats {
    const turns = [...this.#slices].sort((one, two) => one - two);
    return {
      ...this.#counts,
      ...{ sessions: this.#work?.sessions.size ?? 0, jobs: this.#work?.sessions.jobs ?? 0 },
      ...{ runs: this.#work?.sessions.runs ?? 0, inputs: this.#weight },
      ...(this.#work?.sessions.counted() ?? new JobCounts(this.#totals).counted()),
      turnP99Ms: turns[Math.floor(turns.length * 0.99)] ?? null,
      sliceLongestMs: this.#work === null ? null : this.#longestMs,
      ...{ loadedMs: this.#takeOver?.loadedMs ?? null, resumedMs: this.#takeOver?.resumedMs ?? null },
    };
  }

  async #workSoon(): Promise<JobWork> {
    if (this.#work !== null) return this.#work;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(notServing()), WORK_WAIT_MS);
    });
    return await Promise.race([this.#loaded.promise, late]).finally(() => clearTimeout(timer));
  }

  async #submit<T>(task: Pick<JobTask, 'weight' | 'needs'> & { run(turn: JobTurn, work: JobWork): T }): Promise<T> {
    if (this.#loop.isStopped || this.#loop.permitNow() === null) throw notServing();
    if (this.#weight + task.weight > MOST_WEIGHT)
      throw new YosugaraError('JOBS_BUSY', `${this.#weight} inputs of jobs wait to be stored: no more are taken just now`);
    return await new Promise<T>((resolve, failed) => {
      let answer: { readonly value: T } | null = null;
      this.#weight += task.weight;
      this.#tasks.push({
        ...task,
        run: (turn, work) => {
          answer = { value: task.run(turn, work) };
        },
        done: () => (answer === null ? failed(notServing()) : resolve(answer.value)),
        failed,
      });
      this.#loop.poke();
    });
  }

  /** Once around. @returns ms until there may be something to do. */
  async #turn(): Promise<number> {
    const permit = this.#loop.permitNow();
    if (permit === null || (this.#work !== null && this.#work.epoch !== permit.epoch)) this.#drop(notServing());
    if (permit === null) return IDLE_MS;
    if (this.#work === null) await this.#begin(permit);
    const work = this.#work;
    if (work === null) return 0;
    const { clock } = this.#o;
    const fromMs = clock.monotonicMs();
    if (work.isBehind && fromMs - this.#at.follow >= FOLLOW_MS) {
      this.#at.follow = fromMs;
      // What nobody wants any more is taken away before its time comes.
      if (await work.follow()) this.#at.beforehand = 0;
    }
    const nowMs = clock.wallMs();
    const turn = work.turn(nowMs);
    const slices = new Slices(clock, this.#o.pause);
    this.#take();
    const between = () => this.#between(work, slices);
    await this.#gather(work, turn, fromMs, slices, between);
    await this.#step(work, turn, between);
    await this.#commit(work, turn, slices, between);
    await this.#tellAll(between);
    this.#noteSlices(slices.longestMs);
    return this.#waitMs(work);
  }

  /** Lets others have their turn when it is time. Whoever was sent away meanwhile goes no further. */
  #between(work: JobWork, slices: Slices): Promise<void> | null {
    const pause = slices.between();
    if (pause === null) return null;
    return pause.then(() => {
      if (this.#work !== work || this.#loop.permitNow()?.epoch !== work.epoch) throw notServing();
    });
  }

  #noteSlices(longestMs: number): void {
    this.#longestMs = Math.max(this.#longestMs, longestMs);
    this.#slices.push(longestMs);
    if (this.#slices.length > TURNS) this.#slices.shift();
  }

  async #begin({ epoch }: JobPermit): Promise<void> {
    const fromMs = this.#o.clock.monotonicMs();
    const events = {
      poke: () => this.#loop.poke(),
      link: async (message: LinkMessage) => await this.control.link(message),
      answer: (...how: Parameters<Desk['answer']>) => this.desk.answer(...how),
      tasksChanged: (agent: string) => this.#tellTasks(agent),
    };
    const work = await JobWork.load({ ...this.#o, engine: this.#o.engine ?? JOB_ENGINE, totals: this.#totals }, epoch, events);
    if (this.#loop.permitNow()?.epoch !== epoch) return;
    this.#work = work;
    this.#told.clear();
    for (const agent of this.#o.links.connected()) this.#toTell.add(agent);
    const nowMs = this.#o.clock.monotonicMs();
    this.#takeOver = { atMs: fromMs, loadedMs: nowMs - fromMs, resumedMs: null };
    this.#longestMs = work.longestMs;
    this.#at = { look: 0, beforehand: 0, carry: 0, stuck: 0, forget: nowMs, follow: nowMs };
    this.#loaded.resolve(work);
  }

  /** Whatever is under way is nobody's any more. */
  #drop(error: unknown): void {
    const tasks = [...this.#doing, ...this.#tasks.splice(0)];
    this.#doing = [];
    this.#weight = 0;
    const why = error instanceof Error ? error : new Error(String(error));
    for (const task of tasks) task.failed(why);
    if (this.#work === null) return;
    this.#work.stop();
    this.#work = null;
    this.#loaded = later();
  }

  /** What waits, as much as fits into one turn. */
  #take(): void {
    let weight = 0;
    let count = 0;
    for (; count < this.#tasks.length && (count === 0 || weight < TURN_WEIGHT); count++) weight += this.#tasks[count]!.weight;
    this.#doing = this.#tasks.splice(0, count);
    this.#weight -= weight;
  }

  async #gather(work: JobWork, turn: JobTurn, monotonicMs: number, slices: Slices, between: Between): Promise<void> {
    const { rules: now } = this.#o;
    const { nowMs } = turn.env;
    const rules = now();
    const isDue = (what: 'look' | 'beforehand' | 'carry' | 'stuck', everyMs: number) => {
      if (monotonicMs - this.#at[what] < everyMs && this.#at[what] !== 0) return false;
      this.#at[what] = monotonicMs;
      return true;
    };
    if (isDue('look', LOOK_MS)) this.desk.look(work);
    if (isDue('stuck', STUCK_LOOK_MS))
      for (const queue of work.places.stuck(nowMs, STUCK_MS)) turn.results.push(stuckResult(queue, nowMs));
    if (this.desk.hasNewcomers) this.desk.letIn(work);
    const beforehand = isDue('beforehand', BEFOREHAND_MS) ? makeBeforehand(work, turn, rules, TURN_PREMADE) : null;
    const carried = isDue('carry', CARRY_MS) ? carriedOver(work, rules, nowMs) : [];
    await this.#heard(work, turn, between);
    const fired = this.#fire(work, nowMs);
    const needs = [
      ...fired.flatMap(scheduleNeeds),
      ...(beforehand?.needs ?? []),
      ...carried.flatMap(({ requests }) => requests.map(({ unit, scheduledAtMs }) => ({ begins: { unit, scheduledAtMs } }))),
      ...this.#doing.flatMap(({ needs: of }) => of?.(work) ?? []),
    ];
    await work.prepare(needs);
    slices.afterWait();
    for (const each of fired) await fireSchedule(work, turn, rules, each, between);
    if ((await beforehand?.run(between)) === false) this.#at.beforehand = 0;
    for (const { mark, requests } of carried) {
      turn.marks.push(mark);
      for (const request of requests) startSession(work, turn, rules, request);
    }
    await this.#doTasks(work, turn, between);
  }

  #fire(work: JobWork, nowMs: number): readonly FiredSchedule[] {
    const rules = this.#o.rules();
    return work.schedules.fire(nowMs, TURN_SCHEDULES, {
      isOpen: (calendar, atMs) => rules.calendarOpen(calendar, atMs),
      notificationsOf: (unit) => rules.unit(unit)?.body.notify.notifications ?? [],
      jobsOf: (unit) => {
        const setting = rules.unit(unit);
        return setting === null ? 0 : work.sessions.pin(setting).jobs.size;
      },
    });
  }

  /** What happened outside, some at a time, until there is enough to be stored. */
  async #heard(work: JobWork, turn: JobTurn, between: Between): Promise<void> {
    for (let heard = 0; heard < TURN_WEIGHT && work.heard.length > 0 && !turn.isFull; heard += HEARD) {
      for (const { session, input } of work.heard.splice(0, HEARD)) turn.hear(session, input);
      await turn.step(between);
    }
  }

  /** One at least; what begins very much leaves the others to the next turn. */
  async #doTasks(work: JobWork, turn: JobTurn, between: Between): Promise<void> {
    const all = this.#doing;
    for (const [at, task] of all.entries()) {
      if (at > 0 && turn.isFull) {
        const rest = all.slice(at);
        this.#doing = this.#doing.filter((each) => !rest.includes(each));
        this.#tasks.unshift(...rest);
        this.#weight += rest.reduce((sum, { weight }) => sum + weight, 0);
        return;
      }
      this.#run(task, turn, work);
      const pause = between();
      if (pause !== null) await pause;
    }
  }

  #run(task: JobTask, turn: JobTurn, work: JobWork): void {
    try {
      task.run(turn, work);
    } catch (error) {
      this.#doing = this.#doing.filter((each) => each !== task);
      task.failed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #step(work: JobWork, turn: JobTurn, between: Between): Promise<void> {
    await turn.step(between);
    const { sessions } = work;
    do {
      for (const session of sessions.takeDue(turn.env.nowMs, PORTION)) turn.hear(session, { kind: 'tick' });
      this.#resume(work, turn);
      await turn.step(between);
    } while (!turn.isFull && (sessions.fresh > 0 || (sessions.nextWakeMs() ?? Number.POSITIVE_INFINITY) <= turn.env.nowMs));
    // What waits for other sessions is judged in the next turn, with what is committed by then.
    for (const session of sessions.takeCrossed()) work.heard.push({ session, input: { kind: 'past-end' } });
  }

  /** Sessions that were read from the database are told that there is a new manager, some at a time. */
  #resume(work: JobWork, turn: JobTurn): void {
    const { nowMs } = turn.env;
    for (const id of work.sessions.takeFresh(PORTION)) {
      const session = work.sessions.session(id);
      // Its schedule decides what becomes of a run whose time passed.
      const isDecided =
        session?.state === 'scheduled' && session.scheduledAtMs <= nowMs && work.schedules.has(session.trigger.id);
      if (!isDecided) turn.hear(id, { kind: 'tick' });
    }
  }

  async #commit(work: JobWork, turn: JobTurn, slices: Slices, between: Between): Promise<void> {
    const made = work.sessions.take();
    if (this.#loop.permitNow()?.epoch !== work.epoch) throw notServing();
    slices.note();
    const operations = await work.store(turn, made);
    slices.afterWait();
    // It was committed under our epoch. What leaves from here on leaves under a lease that is still ours: else nobody may be told that it was.
    if (this.#loop.permitNow()?.epoch !== work.epoch)
      throw new CommitUnknownError('this node ceased to serve while it was stored: ask the next Master');
    this.#counts.started += turn.started;
    this.#counts.ended += made.outputs.length;
    this.#counts.dropped += turn.results.length;
    for (const each of made.outside) {
      work.outside.do(each);
      const pause = between();
      if (pause !== null) await pause;
    }
    const tasks = this.#doing;
    this.#doing = [];
    for (const task of tasks) task.done();
    if (operations !== null) this.#o.onStored?.(operations);
    if (work.sessions.fresh === 0) await this.#resumed(work, between);
    this.#forget(work);
  }

  /** All sessions have said what they have: from now on places are given. */
  async #resumed(work: JobWork, between: Between): Promise<void> {
    await work.places.open(between);
    if (this.#takeOver === null || this.#takeOver.resumedMs !== null) return;
    const resumedMs = this.#o.clock.monotonicMs() - this.#takeOver.atMs;
    this.#takeOver = { ...this.#takeOver, resumedMs };
    this.#o.log.info('jobs.resumed', { epoch: work.epoch, sessions: work.sessions.size, tookMs: Math.round(resumedMs) });
  }

  /** Beside the turns: nobody waits for it. */
  #forget(work: JobWork): void {
    const { clock, store, log } = this.#o;
    const nowMs = clock.monotonicMs();
    if (this.#isForgetting || nowMs - this.#at.forget < FORGET_MS) return;
    this.#isForgetting = true;
    this.#at.forget = nowMs;
    store
      .forgetJobs(clock.wallMs(), work.epoch)
      .then((count) => {
        if (count > 0) this.#at.forget = nowMs - FORGET_MS + FORGET_AGAIN_MS;
      })
      .catch((error: unknown) => log.warn('jobs.notForgotten', { why: explain(error) }))
      .finally(() => {
        this.#isForgetting = false;
      });
  }

  #waitMs(work: JobWork): number {
    if (this.#tasks.length > 0 || work.heard.length > 0 || work.sessions.fresh > 0) return 0;
    const nowMs = this.#o.clock.wallMs();
    const next = [work.sessions.nextWakeMs(), work.schedules.nextMs()].map((atMs) => (atMs === null ? IDLE_MS : atMs - nowMs));
    const soonMs = this.desk.hasNewcomers || this.#toTell.size > 0 ? NEWCOMER_MS : IDLE_MS;
    return Math.max(0, Math.min(soonMs, ...next));
  }

  /* ---------- What agents do by themselves ---------- */

  #tellTasks(agent: string): void {
    this.#told.delete(agent);
    this.#toTell.add(agent);
    this.#loop.poke();
  }

  async #tellAll(between: Between): Promise<void> {
    const work = this.#work;
    const { rules, links } = this.#o;
    const { version } = rules();
    if (version !== this.#tasksVersion) for (const agent of links.connected()) this.#toTell.add(agent);
    this.#tasksVersion = version;
    if (work === null) return;
    for (const agent of [...this.#toTell]) {
      const pause = between();
      if (pause !== null) await pause;
      if (!links.isConnected(agent)) {
        this.#toTell.delete(agent);
        continue;
      }
      const tasks = this.#tasksOf(work, agent);
      const text = JSON.stringify(tasks);
      const message: ToAgent = { say: 'tasks', epoch: work.epoch, version, tasks: [...tasks] };
      if (this.#told.get(agent) !== text && !links.send(agent, message)) continue;
      this.#told.set(agent, text);
      this.#toTell.delete(agent);
    }
  }

  #tasksOf(work: JobWork, agent: string): readonly AgentTask[] {
    const watches = [...work.outside.watchesOf(agent)].map(([run, { file, sinceMs }]): AgentTask => {
      const { directory, name, change, notInUse } = file;
      return { kind: 'file-watch', id: `job/${run}`, directory, name, change, notInUse, sinceMs };
    });
    return [...this.#o.rules().tasksOf(agent), ...watches];
  }
}

function later() {
  let resolve: (work: JobWork) => void = () => undefined;
  const promise = new Promise<JobWork>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
