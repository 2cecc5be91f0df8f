import { newestDueMs, planTick, type Schedule, scheduleOf } from '@yosugara/operations';
import { TimeHeap } from '../loops/time-heap.js';
import type { MonitorTask } from './rules.js';

/** A tick to run. */
export interface DueTick {
  readonly task: MonitorTask;
  readonly dueAtMs: number;
  /** Ticks before it that nobody runs any more. */
  readonly skipped: number;
  /** Somebody asked for it: it is none of the schedule's, and not noted as done. */
  readonly isAsked?: true;
}

interface Entry {
  task: MonitorTask;
  schedule: Schedule;
  /** Newest tick that is done or under way. */
  doneMs: number;
  nextMs: number;
  /** One look at a time: of what it is asked meanwhile this one is the answer. */
  underWay: DueTick | null;
  isGone: boolean;
}

const keyOf = ({ monitor, facility }: Pick<MonitorTask, 'monitor' | 'facility'>): string => `${monitor}\0${facility}`;

/** What is due when, of very many tasks: a heap by the next time. */
export class Agenda {
  readonly #entries = new Map<string, Entry>();
  /** Of entries by `nextMs`; an entry that was changed since is in it twice, and the older one means nothing. */
  readonly #heap = new TimeHeap<Entry>();

  get size(): number {
    return this.#entries.size;
  }

  /**
   * What the settings say now. Those that were there keep what is done.
   * @param done newest ticks by the database; null = none.
   * @returns ticks of what is new: they were due before, and are nobody's. Stored as done they say since when it is there.
   */
  set(tasks: Iterable<MonitorTask>, done: (task: MonitorTask) => number | null, nowMs: number): readonly DueTick[] {
    const seen = new Set<string>();
    const fresh: DueTick[] = [];
    for (const task of tasks) {
      const key = keyOf(task);
      seen.add(key);
      const schedule = scheduleOf(task.monitor, task.facility, task.intervalMs);
      const known = this.#entries.get(key);
      if (known === undefined) {
        const stored = done(task);
        const doneMs = stored ?? newestDueMs(schedule, nowMs);
        const entry: Entry = { task, schedule, doneMs, nextMs: 0, underWay: null, isGone: false };
        this.#entries.set(key, entry);
        this.#plan(entry, nowMs);
        if (stored === null) fresh.push({ task, dueAtMs: doneMs, skipped: 0 });
        continue;
      }
      const isOther = known.task.intervalMs !== task.intervalMs;
      known.task = task;
      known.schedule = schedule;
      if (isOther && known.underWay === null) this.#plan(known, nowMs);
    }
    for (const [key, entry] of this.#entries)
      if (!seen.has(key)) {
        entry.isGone = true;
        this.#entries.delete(key);
      }
    return fresh;
  }

  /** The next tick that is due, and has not ended before; null = none is. It is under way until `end`. */
  take(nowMs: number): DueTick | null {
    for (let first = this.#heap.first(); first !== null && first.atMs <= nowMs; first = this.#heap.first()) {
      this.#heap.pop();
      const entry = first.value;
      if (entry.isGone || entry.underWay !== null || entry.nextMs !== first.atMs) continue;
      const plan = planTick(entry.schedule, entry.doneMs, nowMs);
      if (plan.kind === 'wait') {
        this.#push(entry, plan.untilMs);
        continue;
      }
      entry.doneMs = plan.dueAtMs;
      entry.underWay = { task: entry.task, dueAtMs: plan.dueAtMs, skipped: plan.skipped };
      return entry.underWay;
    }
    return null;
  }

  /** A look besides the schedule, under way until `end`; what is under way already is that look. null = there is no such task. */
  ask(of: Pick<MonitorTask, 'monitor' | 'facility'>, nowMs: number): { readonly due: DueTick; readonly isNew: boolean } | null {
    const entry = this.#entries.get(keyOf(of));
    if (entry === undefined) return null;
    if (entry.underWay !== null) return { due: entry.underWay, isNew: false };
    entry.underWay = { task: entry.task, dueAtMs: nowMs, skipped: 0, isAsked: true };
    return { due: entry.underWay, isNew: true };
  }

  /** The tick is over: the next one of its task is planned. */
  end({ task }: DueTick, nowMs: number): void {
    const entry = this.#entries.get(keyOf(task));
    if (entry === undefined || entry.underWay === null) return;
    entry.underWay = null;
    this.#plan(entry, nowMs);
  }

  /** null = nothing will be due. */
  nextMs(): number | null {
    return this.#heap.first()?.atMs ?? null;
  }

  #plan(entry: Entry, nowMs: number): void {
    const plan = planTick(entry.schedule, entry.doneMs, nowMs);
    this.#push(entry, plan.kind === 'wait' ? plan.untilMs : plan.dueAtMs);
  }

  #push(entry: Entry, atMs: number): void {
    entry.nextMs = atMs;
    this.#heap.push(atMs, entry);
  }
}
