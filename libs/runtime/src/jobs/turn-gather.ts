import type { Desk } from './agent-desk.js';
import type { JobInbox } from './job-inbox.js';
import type { JobRules } from './job-rules.js';
import { carriedOver, fireSchedule, makeBeforehand, scheduleNeeds, startSession } from './job-starts.js';
import type { JobTurn } from './job-turn.js';
import type { JobWork } from './job-work.js';
import type { FiredSchedule } from './schedules.js';
import type { Between, Slices } from './slices.js';
import { stuckResult } from './stuck-result.js';

/** Sessions that are stepped before it is looked how much is to be stored by now. */
const PORTION = 20;
/** Jobs of sessions that are told that there is a new manager: before it is looked whether there is enough to be stored, and in one turn. */
const RESUMED_JOBS = 1_000;
const TURN_RESUMED = 5_000;
const HEARD = 100;
const TURN_HEARD = 1_000;
const TURN_SCHEDULES = 200;
const TURN_PREMADE = 50;
/** A queue whose places all wait for it. */
const STUCK_MS = 600_000;

/** How often each is looked for: not in every turn. */
const EVERY_MS = { look: 1_000, beforehand: 60_000, carry: 10_000, stuck: 60_000 };
type Round = keyof typeof EVERY_MS;
const NEVER: Readonly<Record<Round, number>> = { look: 0, beforehand: 0, carry: 0, stuck: 0 };

/** What one turn is about: what is due by time, what was heard, what was asked for; and the steps of all sessions that this concerns. */
export class TurnGather {
  readonly #rules: () => JobRules;
  readonly #desk: () => Desk;
  readonly #inbox: JobInbox;
  /** By `Clock.monotonicMs`; 0 = at once. */
  #at: Record<Round, number> = { ...NEVER };

  constructor(rules: () => JobRules, desk: () => Desk, inbox: JobInbox) {
    this.#rules = rules;
    this.#desk = desk;
    this.#inbox = inbox;
  }

  /** Another memory: all is looked for again. */
  begin(): void {
    this.#at = { ...NEVER };
  }

  /** Schedules have moved: what nobody wants any more is taken away before its time comes. */
  lookBeforehand(): void {
    this.#at.beforehand = 0;
  }

  async gather(work: JobWork, turn: JobTurn, monotonicMs: number, slices: Slices, between: Between): Promise<void> {
    const { nowMs } = turn.env;
    const rules = this.#rules();
    const desk = this.#desk();
    if (this.#isDue('look', monotonicMs)) desk.look(work);
    if (this.#isDue('stuck', monotonicMs))
      for (const queue of work.places.stuck(nowMs, STUCK_MS)) turn.results.push(stuckResult(queue, nowMs));
    if (desk.hasNewcomers) desk.letIn(work);
    const beforehand = this.#isDue('beforehand', monotonicMs) ? makeBeforehand(work, turn, rules, TURN_PREMADE) : null;
    const carried = this.#isDue('carry', monotonicMs) ? carriedOver(work, rules, nowMs) : [];
    await heard(work, turn, between);
    const fired = fire(rules, work, nowMs);
    await work.prepare([
      ...fired.flatMap(scheduleNeeds),
      ...(beforehand?.needs ?? []),
      ...carried.flatMap(({ requests }) => requests.map(({ unit, scheduledAtMs }) => ({ begins: { unit, scheduledAtMs } }))),
      ...this.#inbox.needs(work),
    ]);
    slices.afterWait();
    for (const each of fired) await fireSchedule(work, turn, rules, each, between);
    if ((await beforehand?.run(between)) === false) this.lookBeforehand();
    for (const { mark, requests } of carried) {
      turn.marks.push(mark);
      for (const request of requests) startSession(work, turn, rules, request);
    }
    await this.#inbox.run(turn, work, between);
  }

  #isDue(what: Round, monotonicMs: number): boolean {
    if (monotonicMs - this.#at[what] < EVERY_MS[what] && this.#at[what] !== 0) return false;
    this.#at[what] = monotonicMs;
    return true;
  }
}

/** All sessions that something was gathered for, and those whose instant is there. */
export async function stepTurn(work: JobWork, turn: JobTurn, between: Between): Promise<void> {
  await turn.step(between);
  const { sessions } = work;
  let resumed = 0;
  do {
    for (const session of sessions.takeDue(turn.env.nowMs, PORTION)) turn.hear(session, { kind: 'tick' });
    // Of very many jobs that wait the rest is for the next turns: whoever asked for something has its answer before.
    if (resumed < TURN_RESUMED) resumed += resume(work, turn);
    await turn.step(between);
  } while (
    !turn.isFull &&
    ((sessions.fresh > 0 && resumed < TURN_RESUMED) || (sessions.nextWakeMs() ?? Number.POSITIVE_INFINITY) <= turn.env.nowMs)
  );
  // What waits for other sessions is judged in the next turn, with what is committed by then.
  for (const session of sessions.takeCrossed()) work.heard.push({ session, input: { kind: 'past-end' } });
}

function fire(rules: JobRules, work: JobWork, nowMs: number): readonly FiredSchedule[] {
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
async function heard(work: JobWork, turn: JobTurn, between: Between): Promise<void> {
  for (let count = 0; count < TURN_HEARD && work.heard.length > 0 && !turn.isFull; count += HEARD) {
    for (const { session, input } of work.heard.splice(0, HEARD)) turn.hear(session, input);
    await turn.step(between);
  }
}

/** Sessions that were read from the database are told that there is a new manager, some at a time. @returns how many jobs they have. */
function resume(work: JobWork, turn: JobTurn): number {
  const { nowMs } = turn.env;
  let jobs = 0;
  for (const session of work.sessions.takeFresh(RESUMED_JOBS)) {
    jobs += session.jobs.size;
    // Its schedule decides what becomes of a run whose time passed.
    const isDecided = session.state === 'scheduled' && session.scheduledAtMs <= nowMs && work.schedules.has(session.trigger.id);
    if (!isDecided) turn.hear(session.id, { kind: 'tick' });
  }
  return jobs;
}
