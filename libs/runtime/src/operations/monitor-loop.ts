import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Result, Sample } from '@yosugara/operations';
import { type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import type { DueTick } from './agenda.js';
import { type AskedLook, AskedLooks } from './asked-looks.js';
import { lookAt } from './look-at.js';
import { type LookTallied, LookTally } from './look-tally.js';
import { MonitorWork } from './monitor-work.js';
import { isEmpty, operate } from './operate.js';
import { ToldResults } from './own-results.js';
import type { MonitorMemory, OperationsBatch, OperationsStore } from './ports.js';
import type { Probe } from './probe-port.js';
import type { ProbeRules } from './rules.js';

export type MonitorPermit = Pick<IngestPermit, 'epoch' | 'leaseUntilMs'>;

export interface MonitorLoopOptions {
  readonly store: OperationsStore;
  /** What is committed of the settings when this is called is in the rules when it resolves. */
  readonly ready: () => Promise<void>;
  /** As they are now. */
  readonly rules: () => ProbeRules;
  readonly probes: readonly Probe[];
  /** null = not now. Asked before every look and every transaction. */
  readonly permit: () => MonitorPermit | null;
  readonly clock: Clock;
  readonly log: Log;
  /** Just stored. Must not throw, must not wait. */
  readonly onStored?: (batch: OperationsBatch) => void;
  /** The database belongs to a younger epoch. */
  readonly onStale?: (error: StaleEpochError) => void;
}

export interface MonitorStats extends LookTallied {
  readonly tasks: number;
  /** Looks under way, and ticks that wait for a place. */
  readonly running: number;
  readonly waiting: number;
  /** Told by others, too many at once, since the process began. */
  readonly lost: number;
}

const IDLE_MS = 100;
const BACKOFF_MS = { first: 100, most: 2_000 };
const MOST_TOLD = 1_000;
const MOST_ASKED = 1_000;

/**
 * Looks at everything when it is due, judges what is seen, and stores what follows from it together with the ticks that are done, while
 * permitted. What is under way when a permit ends, or a transaction fails, is thrown away: its ticks are not done.
 */
export class MonitorLoop {
  readonly #o: MonitorLoopOptions;
  readonly #probes = new Map<string, Probe>();
  readonly #loop: PermittedLoop<MonitorPermit>;
  #work: MonitorWork | null = null;
  /** Results of ourselves. */
  readonly #told = new ToldResults(MOST_TOLD);
  readonly #tally = new LookTally();
  readonly #asked = new AskedLooks(MOST_ASKED);

  constructor(options: MonitorLoopOptions) {
    this.#o = options;
    for (const probe of options.probes) for (const type of probe.types) this.#probes.set(type, probe);
    this.#loop = new PermittedLoop({
      ...{ permit: options.permit, clock: options.clock, backoffMs: BACKOFF_MS, turn: async () => await this.#turn() },
      onFailure: (error) => {
        this.#drop();
        options.log.warn('monitors.again', { why: explain(error) });
        if (error instanceof StaleEpochError) options.onStale?.(error);
      },
      onEnd: () => this.#drop(),
    });
  }

  start(): void {
    this.#loop.start();
  }

  /** The permit or the settings changed. */
  poke(): void {
    this.#loop.poke();
  }

  /**
   * A result of ourselves goes the way of all results. Told twice under one id it is there once.
   * @returns resolves when it is stored. @throws when there are too many, or this loop ends before.
   */
  async tell(result: Result): Promise<void> {
    const stored = this.#told.add(result, this.#loop.isStopped);
    this.poke();
    await stored;
  }

  /**
   * Looks now, whatever its calendar says: what follows is stored and told as of any look. What is under way there is that look.
   * @returns null = it cannot be asked now: this loop does not serve, or too many wait already.
   */
  look(monitor: string, facility: string): AskedLook | null {
    const work = this.#work;
    if (work === null || work.epoch !== this.#loop.permitNow()?.epoch || this.#asked.room <= 0) return null;
    const wallMs = this.#o.clock.wallMs();
    if (this.#o.rules().isOutOfWatch?.(facility, wallMs) === true) return { kind: 'closed' };
    const found = work.agenda.ask({ monitor, facility }, wallMs);
    const probe = found === null ? undefined : this.#probes.get(found.due.task.type);
    if (found === null || probe === undefined) return { kind: 'unknown' };
    const seen = this.#asked.of(found.due);
    if (found.isNew) work.wait(probe, found.due);
    this.poke();
    return { kind: 'looks', seen };
  }

  /** Within 1 s; a transaction that hangs longer is left to its own deadline and to the fences. */
  async stop(): Promise<void> {
    const ended = this.#loop.stop();
    this.#drop();
    this.#told.end();
    await ended;
  }

  /** When it last went around, by the monotonic clock; null = not yet. */
  get movedAtMs(): number | null {
    return this.#loop.movedAtMs;
  }

  stats(): MonitorStats {
    const work = this.#work;
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, each) => all + each, 0);
    return {
      ...this.#tally.tallied(),
      lost: this.#told.lost,
      tasks: work?.agenda.size ?? 0,
      running: sum(work?.running.values() ?? []),
      waiting: sum([...(work?.waiting.values() ?? [])].map(({ length }) => length)),
    };
  }

  /** Once around. @returns ms until there may be something to do. */
  async #turn(): Promise<number> {
    const permit = this.#loop.permitNow();
    if (permit === null || this.#work?.epoch !== permit.epoch) this.#drop();
    if (permit === null) return IDLE_MS;
    this.#work ??= await this.#begin(permit);
    const work = this.#work;
    if (work.failure !== null) throw work.failure.error;
    this.#followSettings(work);
    work.noteEndings(this.#o.rules(), this.#o.clock.wallMs());
    this.#takeDue(work);
    this.#dispatch(work);
    if (!work.isStoring && this.#isRipe(work)) void this.#flush(work);
    const nextMs = work.agenda.nextMs();
    const soonMs = nextMs === null ? IDLE_MS : nextMs - this.#o.clock.wallMs();
    return Math.max(1, Math.min(soonMs, IDLE_MS));
  }

  async #begin(permit: MonitorPermit): Promise<MonitorWork> {
    const { store, ready, log, clock } = this.#o;
    await ready();
    const work = new MonitorWork(permit.epoch, await store.loadMemory(), clock.wallMs());
    this.#followSettings(work);
    const { epoch, version, agenda, knownDone } = work;
    log.info('monitors.begin', { epoch, version, tasks: agenda.size, ticks: knownDone });
    return work;
  }

  /** Whatever is under way is nobody's any more. */
  #drop(): void {
    this.#work?.ended.abort();
    this.#work = null;
    this.#asked.end();
  }

  #followSettings(work: MonitorWork): void {
    const { rules, clock } = this.#o;
    work.followSettings(rules(), clock.monotonicMs(), clock.wallMs());
  }

  #isRipe(work: MonitorWork): boolean {
    return this.#told.size > 0 || work.isRipe(this.#o.clock.monotonicMs(), this.#o.clock.wallMs());
  }

  #takeDue(work: MonitorWork): void {
    const rules = this.#o.rules();
    const nowMs = this.#o.clock.wallMs();
    for (let due = work.take(nowMs); due !== null; due = work.take(nowMs)) {
      const probe = this.#probes.get(due.task.type);
      // Of a type that is not looked at from here, out of its calendar or in maintenance: done, and nothing was seen.
      if (probe === undefined || !isToBeSeen(rules, due)) this.#gather(work, due, [], null);
      else work.wait(probe, due);
    }
  }

  #dispatch(work: MonitorWork): void {
    for (const [probe, queue] of work.waiting) {
      const room = probe.concurrency - (work.running.get(probe) ?? 0);
      for (const due of queue.splice(0, Math.max(0, room))) void this.#look(work, probe, due);
    }
  }

  async #look(work: MonitorWork, probe: Probe, due: DueTick): Promise<void> {
    work.running.set(probe, (work.running.get(probe) ?? 0) + 1);
    const atMs = this.#o.clock.wallMs();
    if (due.isAsked !== true) this.#tally.begun(atMs - due.dueAtMs);
    const { samples, kept } = await lookAt(probe, due, work.memories, atMs, work.ended.signal);
    work.running.set(probe, (work.running.get(probe) ?? 1) - 1);
    if (work !== this.#work) return;
    this.#gather(work, due, samples, kept);
    if (work.isFull || (work.waiting.get(probe)?.length ?? 0) > 0) this.poke();
  }

  #gather(work: MonitorWork, due: DueTick, samples: readonly Sample[], kept: MonitorMemory | null): void {
    work.gather(due, samples, kept, this.#o.clock.monotonicMs(), this.#o.clock.wallMs());
  }

  /** Never rejects: what fails ends the work. */
  async #flush(work: MonitorWork): Promise<void> {
    const permit = this.#loop.permitNow();
    if (permit === null || permit.epoch !== work.epoch) return this.#drop();
    work.isStoring = true;
    try {
      await this.#store(work);
    } catch (error) {
      work.failure = { error };
    } finally {
      work.isStoring = false;
      this.poke();
    }
  }

  async #store(work: MonitorWork): Promise<void> {
    const { rules, clock, store, onStored } = this.#o;
    const told = this.#told.results();
    const { gathered, own } = work.takeGathered(clock.wallMs());
    const now = rules();
    const input = {
      samples: gathered.flatMap(({ samples }) => samples),
      results: [...told, ...own],
      ticks: gathered.flatMap(({ tick }) => tick ?? []),
      reach: now.reach,
    };
    const batch = operate(now, input, work.memories, clock.wallMs());
    if (!isEmpty(batch)) {
      await store.storeOperations(batch, work.epoch, work.version);
      work.version++;
    }
    this.#told.stored(told.length);
    const nowMs = clock.wallMs();
    for (const { tick, due, samples } of gathered) {
      if (tick !== null) this.#tally.stored(tick, samples.length > 0, nowMs);
      if (due !== null) this.#asked.stored(due, samples, batch.results);
    }
    if (!isEmpty(batch)) onStored?.(batch);
  }
}

const isToBeSeen = (rules: ProbeRules, { task: { calendar, facility }, dueAtMs }: DueTick): boolean =>
  rules.calendarOpen(calendar, dueAtMs) && rules.isOutOfWatch?.(facility, dueAtMs) !== true;
