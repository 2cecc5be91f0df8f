import { type Clock, explain, type Log } from '@yosugara/kernel';
import type { Result, Sample } from '@yosugara/operations';
import { type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import { Agenda, type DueTick } from './agenda.js';
import { type LookTallied, LookTally } from './look-tally.js';
import { lookWithin } from './look-within.js';
import { Memories } from './memories.js';
import { isEmpty, operate } from './operate.js';
import { resultOfEnding, resultOfSkipped, ToldResults } from './own-results.js';
import type { MonitorMemory, OperationsBatch, OperationsStore, TickDone } from './ports.js';
import type { Probe } from './probe-port.js';
import type { MonitorTask, ProbeRules } from './rules.js';

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
const FOLLOW_MS = 1_000;
const BATCH_MS = 100;
const BATCH_SAMPLES = 500;
const BACKOFF_MS = { first: 100, most: 2_000 };
const MOST_TOLD = 1_000;
const ENDINGS_EVERY_MS = 5_000;
/** An owner that begins looks back so far: what was said before has the same id. */
const ENDINGS_BACK_MS = 3_600_000;

interface Done {
  readonly tick: TickDone;
  readonly samples: readonly Sample[];
  /** What the probe leaves for the next look. */
  readonly kept: MonitorMemory | null;
}

/** Of one owner, from the memories in the database on. Thrown away whole after any failure. */
interface Work {
  readonly epoch: MonitorPermit['epoch'];
  version: number;
  readonly memories: Memories;
  readonly agenda: Agenda;
  readonly done: ReadonlyMap<string, number>;
  settings: number;
  readonly waiting: Map<Probe, DueTick[]>;
  readonly running: Map<Probe, number>;
  readonly ended: AbortController;
  gathered: Done[];
  gatheredSinceMs: number | null;
  samples: number;
  skippedAtBegin: number;
  isTold: boolean;
  isBegun: boolean;
  followedAtMs: number;
  /** One transaction at a time; looks go on meanwhile. */
  isStoring: boolean;
  /** Ends of maintenance windows are looked for from there on. */
  endingsAfterMs: number;
  /** Of ourselves, for the next batch. */
  readonly own: Result[];
  failure: { readonly error: unknown } | null;
}

/**
 * Looks at everything when it is due, judges what is seen, and stores what follows from it together with the ticks that are done, while
 * permitted. What is under way when a permit ends, or a transaction fails, is thrown away: its ticks are not done.
 */
export class MonitorLoop {
  readonly #o: MonitorLoopOptions;
  readonly #probes = new Map<string, Probe>();
  readonly #loop: PermittedLoop<MonitorPermit>;
  #work: Work | null = null;
  /** Results of ourselves. */
  readonly #told = new ToldResults(MOST_TOLD);
  readonly #tally = new LookTally();

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
    this.#noteEndings(work);
    this.#takeDue(work);
    this.#dispatch(work);
    if (!work.isStoring && this.#isRipe(work)) void this.#flush(work);
    const nextMs = work.agenda.nextMs();
    const soonMs = nextMs === null ? IDLE_MS : nextMs - this.#o.clock.wallMs();
    return Math.max(1, Math.min(soonMs, IDLE_MS));
  }

  async #begin(permit: MonitorPermit): Promise<Work> {
    const { store, ready, log } = this.#o;
    await ready();
    const loaded = await store.loadMemory();
    const done = new Map(loaded.ticks.map(({ monitor, facility, dueAtMs }) => [keyOf({ monitor, facility }), dueAtMs]));
    const work: Work = {
      ...{ epoch: permit.epoch, version: loaded.version, memories: new Memories(loaded), agenda: new Agenda(), done },
      ...{ settings: -1, waiting: new Map(), running: new Map(), ended: new AbortController() },
      ...{ gathered: [], gatheredSinceMs: null, samples: 0, skippedAtBegin: 0, isTold: false, isBegun: false },
      ...{ followedAtMs: Number.NEGATIVE_INFINITY, isStoring: false, failure: null },
      ...{ endingsAfterMs: this.#o.clock.wallMs() - ENDINGS_BACK_MS, own: [] },
    };
    this.#followSettings(work);
    log.info('monitors.begin', { epoch: permit.epoch, version: loaded.version, tasks: work.agenda.size, ticks: done.size });
    return work;
  }

  /** Whatever is under way is nobody's any more. */
  #drop(): void {
    this.#work?.ended.abort();
    this.#work = null;
  }

  #followSettings(work: Work): void {
    const nowMs = this.#o.clock.monotonicMs();
    const rules = this.#o.rules();
    // With very many nodes it takes a while, and many may be imported one by one.
    if (rules.version === work.settings || nowMs - work.followedAtMs < FOLLOW_MS) return;
    work.settings = rules.version;
    work.followedAtMs = nowMs;
    const done = (task: MonitorTask) => (work.isBegun ? null : (work.done.get(keyOf(task)) ?? null));
    for (const { task, dueAtMs } of work.agenda.set(rules.tasks(), done, this.#o.clock.wallMs()))
      this.#note(work, { monitor: task.monitor, facility: task.facility, dueAtMs, skipped: 0 }, []);
    // What comes back later (disabled, enabled again) is as what is new.
    work.isBegun = true;
  }

  #takeDue(work: Work): void {
    const rules = this.#o.rules();
    const nowMs = this.#o.clock.wallMs();
    for (let due = work.agenda.take(nowMs); due !== null; due = work.agenda.take(nowMs)) {
      const probe = this.#probes.get(due.task.type);
      if (!work.isTold) work.skippedAtBegin += due.skipped;
      // Of a type that is not looked at from here, out of its calendar or in maintenance: done, and nothing was seen.
      if (probe === undefined || !isToBeSeen(rules, due)) this.#gather(work, due, []);
      else {
        const queue = work.waiting.get(probe);
        if (queue === undefined) work.waiting.set(probe, [due]);
        else queue.push(due);
      }
    }
  }

  #dispatch(work: Work): void {
    for (const [probe, queue] of work.waiting) {
      const room = probe.concurrency - (work.running.get(probe) ?? 0);
      for (const due of queue.splice(0, Math.max(0, room))) void this.#look(work, probe, due);
    }
  }

  async #look(work: Work, probe: Probe, due: DueTick): Promise<void> {
    const { task, dueAtMs } = due;
    work.running.set(probe, (work.running.get(probe) ?? 0) + 1);
    const atMs = this.#o.clock.wallMs();
    this.#tally.begun(atMs - dueAtMs);
    let kept: MonitorMemory | null = null;
    const at = probeMemoryKey(task);
    const memory = {
      stored: work.memories.ofMonitor(at.monitor, at.facility, at.item),
      keep: (state: unknown) => void (kept = { ...at, state }),
    };
    const request = {
      memory,
      monitor: task.monitor,
      type: task.type,
      check: task.check,
      facility: task.facility,
      node: task.node,
      dueAtMs,
    };
    const answers = await lookWithin(task.deadlineMs, work.ended.signal, (signal) => probe.run(request, task.deadlineMs, signal));
    work.running.set(probe, (work.running.get(probe) ?? 1) - 1);
    if (work !== this.#work) return;
    const samples = answers.map(
      ({ item, value }): Sample => ({
        ...{ origin: String(dueAtMs), monitor: task.monitor, facility: task.facility, sender: null, item, atMs, value },
      }),
    );
    this.#gather(work, due, samples, kept);
    if (work.samples >= BATCH_SAMPLES || (work.waiting.get(probe)?.length ?? 0) > 0) this.poke();
  }

  #gather(work: Work, due: DueTick, samples: readonly Sample[], kept: MonitorMemory | null = null): void {
    const { task, dueAtMs, skipped } = due;
    this.#note(work, { monitor: task.monitor, facility: task.facility, dueAtMs, skipped }, samples, kept);
    work.agenda.end(due, this.#o.clock.wallMs());
  }

  #note(work: Work, tick: TickDone, samples: readonly Sample[], kept: MonitorMemory | null = null): void {
    work.gathered.push({ tick, samples, kept });
    work.samples += Math.max(1, samples.length);
    work.gatheredSinceMs ??= this.#o.clock.monotonicMs();
  }

  #isRipe(work: Work): boolean {
    if (this.#told.size > 0 || work.own.length > 0 || work.memories.reachability.isDue(this.#o.clock.wallMs())) return true;
    if (work.gatheredSinceMs === null) return false;
    return work.samples >= BATCH_SAMPLES || this.#o.clock.monotonicMs() - work.gatheredSinceMs >= BATCH_MS;
  }

  /** Never rejects: what fails ends the work. */
  async #flush(work: Work): Promise<void> {
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

  async #store(work: Work): Promise<void> {
    const { rules, clock, store, onStored } = this.#o;
    const { gathered } = work;
    const told = this.#told.results();
    work.gathered = [];
    work.gatheredSinceMs = null;
    work.samples = 0;
    const results = [...told, ...this.#ofSkipped(work), ...work.own.splice(0)];
    const samples = gathered.flatMap((each) => each.samples);
    for (const { kept } of gathered)
      if (kept !== null) work.memories.setMonitor(kept.monitor, kept.facility, kept.item, kept.state);
    const now = rules();
    const input = { samples, results, ticks: gathered.map(({ tick }) => tick), reach: now.reach };
    const batch = operate(now, input, work.memories, clock.wallMs());
    if (!isEmpty(batch)) {
      await store.storeOperations(batch, work.epoch, work.version);
      work.version++;
    }
    this.#told.stored(told.length);
    const nowMs = clock.wallMs();
    for (const { tick, samples: seen } of gathered) this.#tally.stored(tick, seen.length > 0, nowMs);
    if (!isEmpty(batch)) onStored?.(batch);
  }

  #noteEndings(work: Work): void {
    const nowMs = this.#o.clock.wallMs();
    if (nowMs - work.endingsAfterMs < ENDINGS_EVERY_MS) return;
    work.own.push(
      ...(this.#o.rules().endingWindows?.(work.endingsAfterMs, nowMs) ?? []).map((ending) => resultOfEnding(ending, nowMs)),
    );
    work.endingsAfterMs = nowMs;
  }

  /** Once of each owner: what nobody looked at before it came is said. */
  #ofSkipped(work: Work): readonly Result[] {
    if (work.isTold) return [];
    work.isTold = true;
    const { skippedAtBegin: skipped, epoch } = work;
    if (skipped === 0) return [];
    return [resultOfSkipped(skipped, `${epoch}/${work.version}`, this.#o.clock.wallMs())];
  }
}

const keyOf = ({ monitor, facility }: { readonly monitor: string; readonly facility: string }): string =>
  `${monitor}\0${facility}`;
/** No facility has such an id, and so no item of the monitor is there. */
const probeMemoryKey = ({ monitor, facility }: MonitorTask) => ({ monitor, facility: `${facility}/probe`, item: '' });
const isToBeSeen = (rules: ProbeRules, { task: { calendar, facility }, dueAtMs }: DueTick): boolean =>
  rules.calendarOpen(calendar, dueAtMs) && rules.isOutOfWatch?.(facility, dueAtMs) !== true;
