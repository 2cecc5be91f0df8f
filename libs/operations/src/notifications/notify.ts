import type { NotificationBody, Priority } from '@yosugara/protocol';
import type { Result } from '../monitors/index.js';
import { isOccurrence } from './occurrence.js';
import { type Facts, RULES, remembered } from './rules.js';
import type { NotifyMemory, Told } from './told.js';

/** What is needed of a notification's setting. */
export interface NotificationSetting {
  readonly id: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly body: NotificationBody;
}

export interface Circumstances {
  /** Wall clock. */
  readonly nowMs: number;
  /** Of the notification's calendar; asked only when it matters. true where it has none. */
  readonly calendarOpen: () => boolean;
  /** The maintenance window, or what is down on the way to it; null = nothing. Missing: nothing. */
  readonly suppressedBy?: () => string | null;
}

export interface Notified {
  /** The same object as was given = nothing to write. */
  readonly memory: NotifyMemory | null;
  readonly told: Told | null;
  /** Which rule decided, in a sentence. */
  readonly why: string;
}

export type NotifyKey = Pick<NotifyMemory, 'notification' | 'monitor' | 'facility' | 'item' | 'sub'>;

/** Where the memory of a result is. */
export function notifyKeyOf({ id, body }: Pick<NotificationSetting, 'id' | 'body'>, result: Result): NotifyKey {
  const { monitor, facility, item } = result;
  return { notification: id, monitor, facility, item, sub: body.acrossSubs ? '' : result.sub };
}

/**
 * Is somebody to be told of a result? By `RULES`, one of which decides. When that cannot be worked out, they are told: better once too often.
 *
 * @param memory of `notifyKeyOf`; null = nothing is remembered.
 */
export function notify(
  setting: NotificationSetting,
  result: Result,
  memory: NotifyMemory | null,
  circumstances: Circumstances,
): Notified {
  try {
    return decide(setting, result, memory, circumstances);
  } catch (error) {
    const why = `told, because it could not be worked out whether to: ${error instanceof Error ? error.message : String(error)}`;
    return { memory, told: toldOf(setting, result, 'failed open', null), why };
  }
}

function decide(setting: NotificationSetting, result: Result, memory: NotifyMemory | null, at: Circumstances): Notified {
  const { priority } = result;
  const before = memory ?? { ...notifyKeyOf(setting, result), priority, count: 0, toldPriority: null, toldAtMs: null };
  const facts: Facts = {
    ...{ enabled: setting.enabled, body: setting.body, priority, nowMs: at.nowMs },
    lasts: setting.body.kind === 'escalation' && !isOccurrence(result),
    seen: before.count > 0,
    count: countWith(before, priority, setting.body.initialCount),
    told: { priority: before.toldPriority, atMs: before.toldAtMs },
    calendarOpen: at.calendarOpen,
    suppressedBy: at.suppressedBy ?? (() => null),
  };
  const rule = RULES.find(({ holds }) => holds(facts))!;
  if (rule.name === 'suppressed' && setting.body.kind === 'status') return markStatus(setting, result, before, facts);
  const after = remembered(before, rule, facts);
  return {
    // Of what is disabled nothing need be remembered that was not.
    memory: after === before ? memory : after,
    told: rule.tell === null ? null : toldOf(setting, result, rule.tell, before.toldPriority),
    why: rule.why,
  };
}

/**
 * A status is kept all the same, with a mark: once, not at each look. It is remembered as if another priority had come in between, so that
 * what comes after the suppression is told whatever it is, and takes the mark away.
 */
function markStatus(setting: NotificationSetting, result: Result, before: NotifyMemory, facts: Facts): Notified {
  const { priority, count, nowMs } = facts;
  const why = `nobody is told: ${facts.suppressedBy() ?? 'suppressed'}`;
  const isMarked = before.count > 0 && before.priority === priority && before.toldPriority === null && before.toldAtMs !== null;
  if (isMarked) return { memory: before, told: null, why };
  const memory = { ...before, priority, count, toldPriority: null, toldAtMs: before.toldAtMs ?? nowMs };
  const marked = { ...result, message: `${result.message} (${why})` };
  return { memory, told: toldOf(setting, marked, 'suppressed', before.toldPriority), why };
}

/** Counts up to what matters, so that a steady state changes nothing. */
function countWith(memory: NotifyMemory, priority: Priority, enough: number): number {
  if (memory.count === 0 || memory.priority !== priority) return 1;
  return Math.max(memory.count, Math.min(memory.count + 1, enough));
}

/** What somebody tries out is told whatever the rules say, and nothing is remembered of it. */
export const toldAsTest = (setting: NotificationSetting, result: Result): Told => toldOf(setting, result, 'tested', null);

function toldOf({ id, body }: NotificationSetting, result: Result, why: Told['why'], before: Priority | null): Told {
  return { id: `${result.id}/${id}`, notification: id, kind: body.kind, result, why, before };
}

/** Whether it tells at all now: for a step of an escalation, which counts nothing. */
export function mayTell({ enabled, body }: NotificationSetting, priority: Priority, calendarOpen: () => boolean): boolean {
  return enabled && body.priorities[priority] !== undefined && calendarOpen();
}
