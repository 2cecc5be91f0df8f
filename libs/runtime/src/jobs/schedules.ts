import {
  decideRuns,
  type IsOpen,
  isSchedule,
  type JobSession,
  nextFire,
  type Premade,
  type PremadeChanges,
  premadeChanges,
  type RunDecision,
} from '@yosugara/operations';
import type { JobTriggerOf } from '@yosugara/protocol';
import { TimeHeap } from '../loops/time-heap.js';
import type { JobTriggerSetting } from './job-rules.js';
import type { TriggerMark } from './ports.js';

type Schedule = JobTriggerSetting & { readonly body: JobTriggerOf<'schedule'> };

interface Entry {
  trigger: Schedule;
  /** All that was due by then is decided. */
  decidedMs: number;
  nextMs: number | null;
}

export interface FiredSchedule {
  readonly trigger: Schedule;
  readonly decisions: readonly RunDecision[];
  /** To be stored with what follows from the decisions. */
  readonly mark: TriggerMark;
}

/** What is remembered of a trigger beside its time. */
interface MarkState {
  readonly revision: number;
}

export interface ScheduleWorld {
  readonly isOpen: IsOpen;
  readonly notificationsOf: (unit: string) => readonly string[];
  /** How many a session of it has. */
  readonly jobsOf: (unit: string) => number;
}

/** Of sessions that begin in one turn: after hours without a manager very many may be late. */
const MOST_JOBS = 500;

/** Those that begin no more than so many, oldest first, and up to when that is all; the rest is decided in a later turn. */
function firstOf(all: readonly RunDecision[], most: number, nowMs: number) {
  const begun = all.flatMap((decision) => (decision.kind === 'drop' ? [] : [decision]));
  if (begun.length <= most) return { decisions: all, uptoMs: nowMs };
  const drops = all.filter(({ kind }) => kind === 'drop');
  const some = begun.slice(0, most);
  return { decisions: [...drops, ...some], uptoMs: some.at(-1)!.dueMs };
}

/** When which schedule is due, from the marks in the database on. */
export class Schedules {
  readonly #entries = new Map<string, Entry>();
  readonly #heap = new TimeHeap<string>();
  readonly #marks: Map<string, TriggerMark>;
  /** Trigger → time → session that was made for it beforehand. */
  readonly #premade = new Map<string, Map<number, string>>();

  constructor(marks: readonly TriggerMark[]) {
    this.#marks = new Map(marks.map((mark) => [mark.trigger, mark]));
  }

  get size(): number {
    return this.#entries.size;
  }

  nextMs(): number | null {
    return this.#heap.first()?.atMs ?? null;
  }

  /** Schedules that were never decided on as they are now: when they were written is to be asked. */
  unknown(triggers: Iterable<JobTriggerSetting>): readonly string[] {
    const found: string[] = [];
    for (const { id, revision, body } of triggers) {
      if (!isSchedule(body) || this.#entries.get(id)?.trigger.revision === revision) continue;
      if ((this.#marks.get(id)?.state as MarkState | null)?.revision !== revision) found.push(id);
    }
    return found;
  }

  /**
   * What the settings say now.
   * @param written when those of `unknown` were written as they are.
   * @returns whether one of them is due next at another time than before: sessions that were made beforehand may be wanted no more.
   */
  follow(triggers: Iterable<JobTriggerSetting>, written: ReadonlyMap<string, number>, nowMs: number, isOpen: IsOpen): boolean {
    const seen = new Set<string>();
    let hasMoved = false;
    for (const trigger of triggers) {
      const { id, revision, body } = trigger;
      if (!isSchedule(body)) continue;
      seen.add(id);
      const known = this.#entries.get(id);
      if (known?.trigger.revision === revision) {
        // Its calendar may be another one now.
        known.trigger = { ...trigger, body };
        const before = known.nextMs;
        this.#plan(id, known, isOpen);
        hasMoved ||= known.nextMs !== before;
        continue;
      }
      const mark = this.#marks.get(id);
      const decidedMs = Math.max(...[written.get(id), mark?.firedUpToMs].filter((each) => each !== undefined));
      const entry: Entry = {
        trigger: { ...trigger, body },
        decidedMs: Number.isFinite(decidedMs) ? decidedMs : nowMs,
        nextMs: null,
      };
      this.#entries.set(id, entry);
      this.#plan(id, entry, isOpen);
      hasMoved = true;
    }
    for (const id of this.#entries.keys()) if (!seen.has(id)) hasMoved = this.#entries.delete(id);
    return hasMoved;
  }

  /** What is due, each once; at most so many schedules, and no more when they begin enough jobs. */
  fire(nowMs: number, most: number, { isOpen, notificationsOf, jobsOf }: ScheduleWorld): readonly FiredSchedule[] {
    const fired: FiredSchedule[] = [];
    let jobs = 0;
    for (
      let first = this.#heap.first();
      first !== null && first.atMs <= nowMs && fired.length < most && jobs < MOST_JOBS;
      first = this.#heap.first()
    ) {
      this.#heap.pop();
      const entry = this.#entries.get(first.value);
      if (entry === undefined || entry.nextMs !== first.atMs) continue;
      const { trigger } = entry;
      const { id, revision, body } = trigger;
      const all = decideRuns({ id, body, notifications: notificationsOf(body.unit) }, entry.decidedMs, nowMs, isOpen);
      const size = Math.max(1, jobsOf(body.unit));
      const { decisions, uptoMs } = firstOf(all, Math.ceil((MOST_JOBS - jobs) / size), nowMs);
      jobs += decisions.filter(({ kind }) => kind !== 'drop').length * size;
      const mark = { trigger: id, firedUpToMs: uptoMs, state: { revision } satisfies MarkState };
      this.#marks.set(id, mark);
      entry.decidedMs = uptoMs;
      this.#plan(id, entry, isOpen);
      fired.push({ trigger, decisions, mark });
    }
    return fired;
  }

  #plan(id: string, entry: Entry, isOpen: IsOpen): void {
    const nextMs = nextFire(entry.trigger.body, entry.decidedMs, isOpen);
    if (nextMs === entry.nextMs) return;
    entry.nextMs = nextMs;
    if (nextMs !== null) this.#heap.push(nextMs, id);
  }

  /* ---------- Made beforehand ---------- */

  notePremade({ id, scheduledAtMs, trigger }: Pick<JobSession, 'id' | 'scheduledAtMs' | 'trigger'>): void {
    if (trigger.type !== 'schedule' || trigger.id === null) return;
    const times = this.#premade.get(trigger.id) ?? new Map<number, string>();
    times.set(scheduledAtMs, id);
    this.#premade.set(trigger.id, times);
  }

  /** The session that was made for that run; asked for once. */
  takePremade(trigger: string, dueMs: number): string | null {
    const found = this.#premade.get(trigger)?.get(dueMs) ?? null;
    this.#premade.get(trigger)?.delete(dueMs);
    return found;
  }

  /** Those that were made for runs of that stretch. */
  premadeBetween(trigger: string, firstMs: number, lastMs: number): readonly (readonly [dueMs: number, session: string])[] {
    return [...(this.#premade.get(trigger) ?? [])].filter(([dueMs]) => dueMs >= firstMs && dueMs <= lastMs);
  }

  /** A schedule of that name decides about it. */
  has(trigger: string | null): boolean {
    return trigger !== null && this.#entries.has(trigger);
  }

  /** Which sessions are to be made or taken away beforehand. */
  *beforehand(
    sessionOf: (id: string) => JobSession | null,
    isTouched: (session: JobSession) => boolean,
    nowMs: number,
    isOpen: IsOpen,
  ): Generator<PremadeChanges & { readonly trigger: string; readonly body: JobTriggerOf<'schedule'> | null }> {
    for (const id of new Set([...this.#premade.keys(), ...this.#entries.keys()])) {
      const body = this.#entries.get(id)?.trigger.body ?? null;
      const times = this.#premade.get(id);
      if ((body?.premakeHours ?? 0) === 0 && (times === undefined || times.size === 0)) continue;
      const there = [...(times ?? [])].flatMap(([dueMs, session]): readonly Premade[] => {
        const found = sessionOf(session);
        return found === null ? [] : [{ session, dueMs, isTouched: isTouched(found) }];
      });
      if (body === null) {
        const unwanted = there.filter(({ dueMs }) => dueMs > nowMs);
        const [stray, remove] = [true, false].map((touched) => unwanted.filter((each) => each.isTouched === touched));
        yield { trigger: id, body, make: [], remove: remove!, stray: stray! };
      } else yield { trigger: id, body, ...premadeChanges({ ...body, isEnabled: true }, there, nowMs, isOpen) };
    }
  }
}
