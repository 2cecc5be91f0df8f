import type { Result, Sample } from '@yosugara/operations';
import type { IngestPermit } from '../ingest/ports.js';
import { Agenda, type DueTick } from './agenda.js';
import { Memories } from './memories.js';
import { resultOfEnding, resultOfSkipped } from './own-results.js';
import type { MonitorMemory, OperationsMemory, TickDone } from './ports.js';
import type { Probe } from './probe-port.js';
import type { MonitorTask, ProbeRules } from './rules.js';

/** With very many nodes a change of settings takes a while to follow, and many may be imported one by one. */
const FOLLOW_MS = 1_000;
const BATCH_MS = 100;
const BATCH_SAMPLES = 500;
const ENDINGS_EVERY_MS = 5_000;
/** An owner that begins looks back so far: what was said before has the same id. */
const ENDINGS_BACK_MS = 3_600_000;

interface Done {
  /** null = of none of the schedule's. */
  readonly tick: TickDone | null;
  /** null = nobody looked: the monitor is new there. */
  readonly due: DueTick | null;
  readonly samples: readonly Sample[];
  /** What the probe leaves for the next look. */
  readonly kept: MonitorMemory | null;
}

/** What is due, under way and gathered of one owner, from the memories in the database on. Thrown away whole after any failure. */
export class MonitorWork {
  readonly epoch: IngestPermit['epoch'];
  readonly memories: Memories;
  readonly agenda = new Agenda();
  readonly waiting = new Map<Probe, DueTick[]>();
  readonly running = new Map<Probe, number>();
  readonly ended = new AbortController();
  version: number;
  /** One transaction at a time; looks go on meanwhile. */
  isStoring = false;
  failure: { readonly error: unknown } | null = null;
  readonly #done: ReadonlyMap<string, number>;
  #settings = -1;
  #followedAtMs = Number.NEGATIVE_INFINITY;
  #isBegun = false;
  #gathered: Done[] = [];
  #gatheredSinceMs: number | null = null;
  #samples = 0;
  /** Of ourselves, for the next batch. */
  readonly #own: Result[] = [];
  /** Ends of maintenance windows are looked for from there on. */
  #endingsAfterMs: number;
  #skippedAtBegin = 0;
  #isTold = false;

  constructor(epoch: IngestPermit['epoch'], loaded: OperationsMemory, wallMs: number) {
    this.epoch = epoch;
    this.version = loaded.version;
    this.memories = new Memories(loaded);
    this.#done = new Map(loaded.ticks.map(({ monitor, facility, dueAtMs }) => [keyOf({ monitor, facility }), dueAtMs]));
    this.#endingsAfterMs = wallMs - ENDINGS_BACK_MS;
  }

  /** Ticks of earlier owners that are known as done. */
  get knownDone(): number {
    return this.#done.size;
  }

  get isFull(): boolean {
    return this.#samples >= BATCH_SAMPLES;
  }

  followSettings(rules: ProbeRules, monotonicMs: number, wallMs: number): void {
    if (rules.version === this.#settings || monotonicMs - this.#followedAtMs < FOLLOW_MS) return;
    this.#settings = rules.version;
    this.#followedAtMs = monotonicMs;
    const done = (task: MonitorTask) => (this.#isBegun ? null : (this.#done.get(keyOf(task)) ?? null));
    for (const { task, dueAtMs } of this.agenda.set(rules.tasks(), done, wallMs))
      this.#note({ monitor: task.monitor, facility: task.facility, dueAtMs, skipped: 0 }, null, [], null, monotonicMs);
    // What comes back later (disabled, enabled again) is as what is new.
    this.#isBegun = true;
  }

  /** The next one that is due. */
  take(wallMs: number): DueTick | null {
    const due = this.agenda.take(wallMs);
    if (due !== null && !this.#isTold) this.#skippedAtBegin += due.skipped;
    return due;
  }

  wait(probe: Probe, due: DueTick): void {
    const queue = this.waiting.get(probe);
    if (queue === undefined) this.waiting.set(probe, [due]);
    else queue.push(due);
  }

  /** The tick is done with what was seen. */
  gather(due: DueTick, samples: readonly Sample[], kept: MonitorMemory | null, monotonicMs: number, wallMs: number): void {
    const { task, dueAtMs, skipped, isAsked = false } = due;
    const tick = isAsked ? null : { monitor: task.monitor, facility: task.facility, dueAtMs, skipped };
    this.#note(tick, due, samples, kept, monotonicMs);
    this.agenda.end(due, wallMs);
  }

  #note(
    tick: TickDone | null,
    due: DueTick | null,
    samples: readonly Sample[],
    kept: MonitorMemory | null,
    monotonicMs: number,
  ): void {
    this.#gathered.push({ tick, due, samples, kept });
    this.#samples += Math.max(1, samples.length);
    this.#gatheredSinceMs ??= monotonicMs;
  }

  noteEndings(rules: ProbeRules, wallMs: number): void {
    if (wallMs - this.#endingsAfterMs < ENDINGS_EVERY_MS) return;
    const endings = rules.endingWindows?.(this.#endingsAfterMs, wallMs) ?? [];
    this.#own.push(...endings.map((ending) => resultOfEnding(ending, wallMs)));
    this.#endingsAfterMs = wallMs;
  }

  /** There is enough for a transaction, or it has waited long enough. */
  isRipe(monotonicMs: number, wallMs: number): boolean {
    if (this.#own.length > 0 || this.memories.reachability.isDue(wallMs)) return true;
    if (this.#gatheredSinceMs === null) return false;
    return this.isFull || monotonicMs - this.#gatheredSinceMs >= BATCH_MS;
  }

  /** What one transaction stores: it is not here any more. */
  takeGathered(wallMs: number): { readonly gathered: readonly Done[]; readonly own: readonly Result[] } {
    const gathered = this.#gathered;
    this.#gathered = [];
    this.#gatheredSinceMs = null;
    this.#samples = 0;
    for (const { kept } of gathered)
      if (kept !== null) this.memories.setMonitor(kept.monitor, kept.facility, kept.item, kept.state);
    return { gathered, own: [...this.#ofSkipped(wallMs), ...this.#own.splice(0)] };
  }

  /** Once of each owner: what nobody looked at before it came is said. */
  #ofSkipped(wallMs: number): readonly Result[] {
    if (this.#isTold) return [];
    this.#isTold = true;
    if (this.#skippedAtBegin === 0) return [];
    return [resultOfSkipped(this.#skippedAtBegin, `${this.epoch}/${this.version}`, wallMs)];
  }
}

const keyOf = ({ monitor, facility }: { readonly monitor: string; readonly facility: string }): string =>
  `${monitor}\0${facility}`;
