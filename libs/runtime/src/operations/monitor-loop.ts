import { type Clock, explain, type Log, YosugaraError } from '@yosugara/kernel';
import type { EndingWindow, Result, Sample } from '@yosugara/operations';
import { type IngestPermit, StaleEpochError } from '../ingest/ports.js';
import { PermittedLoop } from '../loops/permitted-loop.js';
import { Agenda, type DueTick } from './agenda.js';
import { type LagCounted, LagCounts } from './lag-counts.js';
import { lookWithin } from './look-within.js';
import { Memories } from './memories.js';
import { INTERNAL_NOTIFICATION, isEmpty, operate } from './operate.js';
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

export interface MonitorStats {
  readonly tasks: number;
  /** Looks under way, and ticks that wait for a place. */
  readonly running: number;
  readonly waiting: number;
  /** Since the process began. */
  readonly ticks: number;
  readonly late: number;
  readonly skipped: number;
  /** Told by others, too many at once. */
  readonly lost: number;
  /** From due to begun, of the newest thousand; null = nothing yet. */
  readonly lagP99Ms: number | null;
  /** From due to begun, and to committed, of all ticks since the process began. */
  readonly begunLag: LagCounted;
  readonly storedLag: LagCounted;
}

const IDLE_MS = 100;
const FOLLOW_MS = 1_000;
const BATCH_MS = 100;
const BATCH_SAMPLES = 500;
const BACKOFF_MS = { first: 100, most: 2_000 };
const MOST_TOLD = 1_000;
const LAGS = 1_000;
const ENDINGS_EVERY_MS = 5_000;
/** An owner that begins looks back so far: what was said before has the same id. */
const ENDINGS_BACK_MS = 3_600_000;
/** Before this nobody calls a tick late. */
const LATE_MS = 1_000;

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
  /** Results of ourselves; kept until they are stored. */
  readonly #told: { readonly result: Result; readonly stored: () => void; readonly failed: (error: Error) => void }[] = [];
  readonly #counts = { ticks: 0, late: 0, skipped: 0, lost: 0 };
  readonly #lags: number[] = [];
  readonly #begunLag = new LagCounts();
  readonly #storedLag = new LagCounts();

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
    if (this.#told.length >= MOST_TOLD || this.#loop.isStopped) {
      this.#counts.lost++;
      throw new YosugaraError('NOT_TOLD', `nobody is told of: ${result.message}`);
    }
    await new Promise<void>((stored, failed) => {
      this.#told.push({ result, stored, failed });
      this.poke();
    });
  }

  /** Within 1 s; a transaction that hangs longer is left to its own deadline and to the fences. */
  async stop(): Promise<void> {
    const ended = this.#loop.stop();
    this.#drop();
    for (const { failed } of this.#told.splice(0)) failed(new YosugaraError('NOT_TOLD', 'the loop that stores it has ended'));
    await ended;
  }

  /** When it last went around, by the monotonic clock; null = not yet. */
  get movedAtMs(): number | null {
    return this.#loop.movedAtMs;
  }

  stats(): MonitorStats {
    const work = this.#work;
    const sum = (numbers: Iterable<number>) => [...numbers].reduce((all, each) => all + each, 0);
    const lags = [...this.#lags].sort((one, two) => one - two);
    return {
      ...this.#counts,
      tasks: work?.agenda.size ?? 0,
      running: sum(work?.running.values() ?? []),
      waiting: sum([...(work?.waiting.values() ?? [])].map(({ length }) => length)),
      lagP99Ms: lags[Math.floor(lags.length * 0.99)] ?? null,
      ...{ begunLag: this.#begunLag.counted(), storedLag: this.#storedLag.counted() },
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
    this.#noteLag(atMs - dueAtMs);
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
    if (this.#told.length > 0 || work.own.length > 0 || work.memories.reachability.isDue(this.#o.clock.wallMs())) return true;
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
    const told = this.#told.slice();
    work.gathered = [];
    work.gatheredSinceMs = null;
    work.samples = 0;
    const results = [...told.map(({ result }) => result), ...this.#ofSkipped(work), ...work.own.splice(0)];
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
    for (const { stored } of this.#told.splice(0, told.length)) stored();
    this.#counts.ticks += gathered.length;
    const nowMs = clock.wallMs();
    // Ticks at which nobody looked (new, out of their calendar) have no lag.
    for (const { tick, samples: seen } of gathered) if (seen.length > 0) this.#storedLag.add(nowMs - tick.dueAtMs);
    this.#counts.skipped += gathered.reduce((sum, { tick }) => sum + tick.skipped, 0);
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
    return [
      {
        id: `${INTERNAL_NOTIFICATION}/ticks_skipped/${epoch}/${work.version}`,
        ...{ trigger: 'internal', plugin: 'internal', monitor: INTERNAL_NOTIFICATION, facility: INTERNAL_NOTIFICATION },
        ...{ sender: null, item: '', sub: 'ticks_skipped', priority: 'warning', application: 'yosugara', original: '' },
        message: `Before this node began to serve, ${skipped} looks of monitors were due that nobody made; they are not made up for.`,
        atMs: this.#o.clock.wallMs(),
        notifications: [],
      },
    ];
  }

  #noteLag(lagMs: number): void {
    if (lagMs > LATE_MS) this.#counts.late++;
    this.#begunLag.add(lagMs);
    this.#lags.push(lagMs);
    if (this.#lags.length > LAGS) this.#lags.shift();
  }
}

const keyOf = ({ monitor, facility }: { readonly monitor: string; readonly facility: string }): string =>
  `${monitor}\0${facility}`;
/** No facility has such an id, and so no item of the monitor is there. */
const probeMemoryKey = ({ monitor, facility }: MonitorTask) => ({ monitor, facility: `${facility}/probe`, item: '' });
const isToBeSeen = (rules: ProbeRules, { task: { calendar, facility }, dueAtMs }: DueTick): boolean =>
  rules.calendarOpen(calendar, dueAtMs) && rules.isOutOfWatch?.(facility, dueAtMs) !== true;
const resultOfEnding = ({ id, message, facilities }: EndingWindow, atMs: number): Result => ({
  ...{
    id,
    trigger: 'internal',
    plugin: 'internal',
    monitor: INTERNAL_NOTIFICATION,
    facility: INTERNAL_NOTIFICATION,
    sender: null,
  },
  ...{ item: id, sub: 'maintenance_ends', priority: 'warning', application: 'yosugara', message, atMs, notifications: [] },
  original: `It is for ${facilities.join(', ')}.`,
});
