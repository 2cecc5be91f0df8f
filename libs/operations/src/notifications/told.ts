import type { NotificationKind, Priority } from '@yosugara/protocol';
import type { Result } from '../monitors/index.js';

export { NOTIFICATION_KINDS, type NotificationKind } from '@yosugara/protocol';

/** Somebody is to be told of a result. */
export interface Told {
  /** `RESULT/NOTIFICATION`: whoever gets it twice can tell. Of a step of an escalation: `RESULT/ESCALATION/STEP/NOTIFICATION`. */
  readonly id: string;
  readonly notification: string;
  readonly kind: NotificationKind;
  readonly result: Result;
  /** Why now: for the event's history and for whoever wonders. `suppressed`: a status that is kept with a mark. `tested`: somebody asked for it. */
  readonly why: 'first' | 'changed' | 'again' | 'failed open' | 'escalated' | 'suppressed' | 'tested';
  /** Of the last time for the same key; null = never before. */
  readonly before: Priority | null;
}

/** What is remembered of one notification for one key of results. */
export interface NotifyMemory {
  readonly notification: string;
  readonly monitor: string;
  readonly facility: string;
  readonly item: string;
  readonly sub: string;
  /** Results of the same priority in a row. */
  readonly priority: Priority;
  /** Counted up to what matters (`initialCount`); 0 = forgotten: what comes next is the first. */
  readonly count: number;
  /** null = never told, or another priority came in between (`toldAtMs` tells which). */
  readonly toldPriority: Priority | null;
  readonly toldAtMs: number | null;
}
