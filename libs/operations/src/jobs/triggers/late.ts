import type { JobTriggerOf, LatePolicy } from '@yosugara/protocol';
import { resultId, shortened } from '../../monitors/make-result.js';
import type { Result } from '../../monitors/result.js';
import type { IsOpen } from './fires.js';
import { firesOf } from './fires.js';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/**
 * What begins no later than this is on time, whatever the policy says: a take-over takes seconds, and whoever chose `skip` does not mean
 * that one.
 */
export const ON_TIME_MS = 60_000;
/** Begun late, or asked for, at one time: the newest. What is more is dropped, and said. */
export const MOST_LATE_RUNS = 1_000;
/** Nobody looks further back, and nobody is told of more. */
export const MOST_LOOKED_BACK_MS = 400 * DAY_MS;
const MAX_MESSAGE = 1_024;

export interface LateRules {
  readonly late: LatePolicy;
  readonly lateUpToMinutes: number;
}

export type LateOutcome =
  | { readonly kind: 'on-time' }
  /** Also when others are late: each of them, or one for all. */
  | { readonly kind: 'late'; readonly each: boolean }
  /** A session that waits for somebody to release it. */
  | { readonly kind: 'ask' }
  /** With an event. */
  | { readonly kind: 'drop'; readonly reason: DropReason };
export type DropReason = 'skip' | 'bound' | 'collapsed' | 'too-many';

/** What becomes of a run that was due then and was not begun. */
export function lateOutcome({ late, lateUpToMinutes }: LateRules, dueMs: number, nowMs: number): LateOutcome {
  const lateMs = nowMs - dueMs;
  if (lateMs <= ON_TIME_MS) return { kind: 'on-time' };
  if (late === 'skip') return { kind: 'drop', reason: 'skip' };
  if (lateMs > lateUpToMinutes * MINUTE_MS) return { kind: 'drop', reason: 'bound' };
  return late === 'ask' ? { kind: 'ask' } : { kind: 'late', each: late === 'run-each' };
}

/** What to do about runs that are due. */
export type RunDecision =
  | {
      /** `ask`: made, and held until somebody releases it. */
      readonly kind: 'begin' | 'ask';
      readonly dueMs: number;
      readonly lateMs: number;
      /** For the history, and `#[TRIGGER_INFO]`. */
      readonly why: string;
    }
  | {
      /** Runs in a row that will not begin, all for one reason. */
      readonly kind: 'drop';
      readonly reason: DropReason;
      readonly firstMs: number;
      readonly lastMs: number;
      readonly count: number;
      /** Told to whoever is told of the unit; its id is that of the trigger and the first of them. */
      readonly result: Result;
    };

export interface DueTrigger {
  readonly id: string;
  readonly body: JobTriggerOf<'schedule'>;
  /** Who is told of what is dropped; with nobody it is still an event of the cluster. */
  readonly notifications: readonly string[];
}

/**
 * Whatever is due after `decidedMs`, and at `nowMs` at the latest; stored with it: that all through `nowMs` is decided. Asked again after a
 * commit that failed, later, on the other node, a run has the same fate or is later than then.
 *
 * @param decidedMs the later of what was decided last and of when the setting was changed: a schedule begins anew with its change.
 */
export function decideRuns(trigger: DueTrigger, decidedMs: number, nowMs: number, isOpen: IsOpen): readonly RunDecision[] {
  const { body } = trigger;
  const drops = new Drops(trigger, nowMs);
  const late: { readonly dueMs: number; readonly kind: 'begin' | 'ask' }[] = [];
  const onTime: number[] = [];
  const from = Math.max(decidedMs, nowMs - MOST_LOOKED_BACK_MS);
  for (const dueMs of firesOf(body, from, nowMs, isOpen)) {
    const outcome = lateOutcome(body, dueMs, nowMs);
    if (outcome.kind === 'drop') drops.add(dueMs, outcome.reason);
    else if (outcome.kind === 'on-time') onTime.push(dueMs);
    else {
      late.push({ dueMs, kind: outcome.kind === 'ask' ? 'ask' : 'begin' });
      const isOne = outcome.kind === 'late' && !outcome.each;
      if (late.length > (isOne ? 1 : MOST_LATE_RUNS)) drops.add(late.shift()!.dueMs, isOne ? 'collapsed' : 'too-many');
    }
  }
  // One for all that were missed: the one that is on time, where there is one.
  if (body.late === 'run' && onTime.length > 0) for (const { dueMs } of late.splice(0)) drops.add(dueMs, 'collapsed');
  return [
    ...drops.all(),
    ...late.map(({ dueMs, kind }) => ({ kind, dueMs, lateMs: nowMs - dueMs, why: lateSentence(kind, dueMs, nowMs) })),
    ...onTime.map((dueMs) => ({ kind: 'begin' as const, dueMs, lateMs: Math.max(0, nowMs - dueMs), why: 'it was its time' })),
  ];
}

function lateSentence(kind: 'begin' | 'ask', dueMs: number, nowMs: number): string {
  const was = `its time, ${new Date(dueMs).toISOString()}, passed ${span(nowMs - dueMs)} ago while no manager served`;
  return kind === 'begin' ? `${was}: it begins late` : `${was}: it waits until somebody releases it, or skips it`;
}

const span = (ms: number): string => (ms < 2 * MINUTE_MS ? `${Math.round(ms / 1_000)} s` : `${Math.round(ms / MINUTE_MS)} min`);

interface Stretch {
  readonly reason: DropReason;
  readonly firstMs: number;
  lastMs: number;
  count: number;
}

/** One event for a stretch: an hour of a schedule that runs each minute is one thing to read, not sixty. */
class Drops {
  readonly #trigger: DueTrigger;
  readonly #nowMs: number;
  readonly #byReason = new Map<DropReason, Stretch>();

  constructor(trigger: DueTrigger, nowMs: number) {
    this.#trigger = trigger;
    this.#nowMs = nowMs;
  }

  add(dueMs: number, reason: DropReason): void {
    const stretch = this.#byReason.get(reason);
    if (stretch === undefined) this.#byReason.set(reason, { reason, firstMs: dueMs, lastMs: dueMs, count: 1 });
    else {
      stretch.lastMs = dueMs;
      stretch.count++;
    }
  }

  *all(): Generator<RunDecision> {
    for (const stretch of this.#byReason.values())
      yield { kind: 'drop', ...stretch, result: dropResult(this.#trigger, stretch, this.#nowMs) };
  }
}

/** Who looks for what did not run finds it by this. */
export const DROPPED = 'dropped';

function dropResult({ id, body, notifications }: DueTrigger, stretch: Stretch, nowMs: number): Result {
  const { firstMs, lastMs, count, reason } = stretch;
  const [first, last] = [new Date(firstMs).toISOString(), new Date(lastMs).toISOString()];
  const what =
    count === 1
      ? `A run of job unit ${body.unit} by schedule ${id} was dropped: it was due at ${first}`
      : `${count} runs of job unit ${body.unit} by schedule ${id} were dropped: they were due from ${first} to ${last}`;
  const message = `${what}, and no manager served then; ${reasonText(reason, body)}`;
  return {
    ...{ id: resultId('JOB', body.unit, id, DROPPED, `${reason}:${firstMs}`), trigger: 'job', plugin: 'job', monitor: id },
    ...{
      facility: 'INTERNAL',
      sender: null,
      item: body.unit,
      sub: DROPPED,
      priority: reason === 'collapsed' ? 'info' : 'warning',
    },
    ...{ application: 'yosugara', message: shortened(message, MAX_MESSAGE) },
    original: `schedule ${JSON.stringify(body.schedule)} (${body.timeZone}), late: ${body.late}, lateUpToMinutes: ${body.lateUpToMinutes}`,
    ...{ atMs: nowMs, notifications },
  };
}

function reasonText(reason: DropReason, { lateUpToMinutes }: LateRules): string {
  switch (reason) {
    case 'skip':
      return 'its late policy is skip.';
    case 'bound':
      return `that is more than ${lateUpToMinutes} min ago (lateUpToMinutes).`;
    case 'collapsed':
      return 'a later run stands for all that were missed (late policy run).';
    case 'too-many':
      return `at most ${MOST_LATE_RUNS} late runs begin at once.`;
  }
}
