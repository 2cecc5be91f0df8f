import type { NotificationOf, Priority } from '@yosugara/protocol';
import { type NotificationSetting, notifyKeyOf } from './notify.js';
import { isOccurrence } from './occurrence.js';
import type { NotificationKind, Told } from './told.js';

const MINUTE_MS = 60_000;
/** These would be rows of our own: an event that nobody confirms needs no second one. */
const STAYS: ReadonlySet<NotificationKind> = new Set(['event', 'status', 'escalation']);

/** An escalation under way, begun by what was told. */
export interface EscalationMemory {
  readonly beganAtMs: number;
  /** Index of the next step. */
  readonly next: number;
  /** Ids of the events of a storm that the result's own were folded into: to confirm one of them is to confirm it. */
  readonly into?: readonly string[];
}

export interface EscalationLook {
  readonly nowMs: number;
  /** An event of the problem was confirmed, or one that stands for it. */
  readonly confirmed: boolean;
  /** Of the newest result of the same key; null = not known. */
  readonly latest: Priority | null;
  /** Another priority came in between, whatever the newest one is. */
  readonly wasOver: boolean;
  /** Kind of a notification that may tell now (`mayTell`); null = it may not, or is gone. */
  readonly target: (notification: string) => NotificationKind | null;
}

export interface Escalated {
  /** null = it is over. */
  readonly memory: EscalationMemory | null;
  /** When to look again. */
  readonly dueAtMs: number | null;
  readonly told: readonly Told[];
  readonly why: string;
}

export const beginEscalation = (nowMs: number): EscalationMemory => ({ beganAtMs: nowMs, next: 0 });

/** Of one problem there is one escalation at a time. */
export interface Chain {
  /** What tells problems apart. */
  readonly key: readonly string[];
  /** One that is under way ends with this one's begin; else that one goes on, and this one does not begin. */
  readonly replaces: boolean;
}

/** Whose problem an escalation is. */
export function chainOf(setting: Pick<NotificationSetting, 'id' | 'body'>, { result, why }: Told): Chain {
  const { notification, monitor, facility, item, sub } = notifyKeyOf(setting, result);
  const isAnother = (why === 'first' || why === 'changed') && !isOccurrence(result);
  const ends = setting.body.kind === 'escalation' && setting.body.endsOnChange;
  return { key: [notification, monitor, facility, item, sub], replaces: isAnother && ends };
}

/** When its first step is due. */
export function escalationDueAtMs({ steps }: NotificationOf<'escalation'>, { beganAtMs, next }: EscalationMemory): number | null {
  const step = steps[next];
  return step === undefined ? null : beganAtMs + step.afterMinutes * MINUTE_MS;
}

/**
 * One look at an escalation: the steps whose time has come are told, all of them when it is late.
 *
 * @param setting as it is now; null = it is gone.
 * @param begun what the escalation was told.
 */
export function escalate(
  setting: NotificationSetting | null,
  begun: Told,
  memory: EscalationMemory,
  look: EscalationLook,
): Escalated {
  const over = (why: string): Escalated => ({ memory: null, dueAtMs: null, told: [], why });
  if (setting === null || setting.body.kind !== 'escalation') return over('the escalation is no longer there');
  if (!setting.enabled) return over('the escalation was disabled');
  if (look.confirmed) return over('the event was confirmed');
  const { body } = setting;
  if (body.endsOnChange && look.latest !== null && look.latest !== begun.result.priority)
    return over(`the priority is ${look.latest} now`);
  if (body.endsOnChange && look.wasOver) return over('the problem was over');
  const told: Told[] = [];
  let at = memory;
  for (
    let dueAtMs = escalationDueAtMs(body, at);
    dueAtMs !== null && dueAtMs <= look.nowMs;
    dueAtMs = escalationDueAtMs(body, at)
  ) {
    told.push(...toldOfStep(body, setting.id, begun, at.next, look));
    at = { ...at, next: at.next + 1 };
  }
  const dueAtMs = escalationDueAtMs(body, at);
  if (dueAtMs === null) return { ...over('its last step was told'), told };
  return {
    memory: at,
    dueAtMs,
    told,
    why: told.length === 0 ? 'no step is due' : `step ${at.next} of ${body.steps.length} was told`,
  };
}

function toldOfStep(
  body: NotificationOf<'escalation'>,
  id: string,
  begun: Told,
  step: number,
  { target }: EscalationLook,
): Told[] {
  return [...new Set(body.steps[step]!.notifications)].flatMap((notification) => {
    const kind = target(notification);
    if (kind === null || STAYS.has(kind)) return [];
    const toldId = `${begun.result.id}/${id}/${step + 1}/${notification}`;
    return [{ ...begun, id: toldId, notification, kind, why: 'escalated' as const }];
  });
}
