import { explain } from '@yosugara/kernel';
import type { LinkMessage } from '@yosugara/operations';
import { CommitUnknownError, type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import type { OperationsBatch } from '../operations/ports.js';
import { agentDesk, type Desk } from './agent-desk.js';
import { jobControl } from './job-control.js';
import { JobCounts, JobTotals } from './job-counts.js';
import { JOB_ENGINE, type JobEngine } from './job-engine.js';
import { type AskedTask, JobInbox } from './job-inbox.js';
import type { JobTurn } from './job-turn.js';
import { JobWork, type JobWorkOptions } from './job-work.js';
import { notServing } from './not-serving.js';
import type { JobControl, JobStats } from './ports.js';
import { type Between, Slices } from './slices.js';
import { TaskTeller } from './task-teller.js';
import { stepTurn, TurnGather } from './turn-gather.js';

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

/** What the desk and the control are made of. */
export interface JobDoor {
  /** @returns the work as soon as it is there. @throws YosugaraError NOT_SERVING */
  work(): Promise<JobWork>;
  /** @throws YosugaraError NOT_SERVING, JOBS_BUSY, or why its turn failed. */
  submit<T>(task: AskedTask<T>): Promise<T>;
  isPermitted(): boolean;
  poke(): void;
}

const IDLE_MS = 200;
const BACKOFF_MS = { first: 100, most: 2_000 };
const FORGET_MS = 600_000;
const FORGET_AGAIN_MS = 5_000;
const FOLLOW_MS = 200;
const WORK_WAIT_MS = 2_000;
const NEWCOMER_MS = 20;
const TURNS = 1_000;

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
  readonly #inbox = new JobInbox();
  readonly #teller: TaskTeller;
  readonly #gather: TurnGather;
  #at = { forget: 0, follow: 0 };
  #isForgetting = false;
  readonly #counts = { started: 0, ended: 0, dropped: 0, refused: 0 };
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
    this.#teller = new TaskTeller(options.rules, options.links);
    this.#gather = new TurnGather(options.rules, () => this.desk, this.#inbox);
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
      ...{ runs: this.#work?.sessions.runs ?? 0, inputs: this.#inbox.weight },
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

  async #submit<T>(task: AskedTask<T>): Promise<T> {
    if (this.#loop.isStopped || this.#loop.permitNow() === null) throw notServing();
    const answer = this.#inbox.put(task);
    this.#loop.poke();
    return await answer;
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
      if (await work.follow()) this.#gather.lookBeforehand();
    }
    const nowMs = clock.wallMs();
    const turn = work.turn(nowMs);
    const slices = new Slices(clock, this.#o.pause);
    this.#inbox.take();
    const between = () => this.#between(work, slices);
    await this.#gather.gather(work, turn, fromMs, slices, between);
    await stepTurn(work, turn, between);
    await this.#commit(work, turn, slices, between);
    await this.#teller.run(work, between);
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
    this.#teller.tellEverybody();
    this.#gather.begin();
    const nowMs = this.#o.clock.monotonicMs();
    this.#takeOver = { atMs: fromMs, loadedMs: nowMs - fromMs, resumedMs: null };
    this.#longestMs = work.longestMs;
    this.#at = { forget: nowMs, follow: nowMs };
    this.#loaded.resolve(work);
  }

  /** Whatever is under way is nobody's any more. */
  #drop(error: unknown): void {
    this.#inbox.fail(error instanceof Error ? error : new Error(String(error)));
    if (this.#work === null) return;
    this.#work.stop();
    this.#work = null;
    this.#loaded = later();
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
    this.#counts.refused += turn.refused;
    for (const each of made.outside) {
      work.outside.do(each);
      const pause = between();
      if (pause !== null) await pause;
    }
    this.#inbox.answer();
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
    if (!this.#inbox.isEmpty || work.heard.length > 0 || work.sessions.fresh > 0) return 0;
    const nowMs = this.#o.clock.wallMs();
    const next = [work.sessions.nextWakeMs(), work.schedules.nextMs()].map((atMs) => (atMs === null ? IDLE_MS : atMs - nowMs));
    const soonMs = this.desk.hasNewcomers || this.#teller.hasSomebody ? NEWCOMER_MS : IDLE_MS;
    return Math.max(0, Math.min(soonMs, ...next));
  }

  #tellTasks(agent: string): void {
    this.#teller.tell(agent);
    this.#loop.poke();
  }
}

function later() {
  let resolve: (work: JobWork) => void = () => undefined;
  const promise = new Promise<JobWork>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
