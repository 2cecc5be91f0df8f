import type { Priority } from '@yosugara/protocol';
import type { Result } from '../monitors/index.js';

/** The first two are rows of our own and done with the commit; the others leave the cluster through the outbox. */
export const NOTIFICATION_KINDS = ['event', 'status', 'mail', 'command', 'syslog', 'rest', 'trap', 'job', 'escalation'] as const;
export type NotificationKind = (typeof NOTIFICATION_KINDS)[number];

/** Somebody is to be told of a result. */
export interface Told {
  /** `RESULT/NOTIFICATION`: whoever gets it twice can tell. */
  readonly id: string;
  readonly notification: string;
  readonly kind: NotificationKind;
  readonly result: Result;
  /** Why now: for the event's history and for whoever wonders. */
  readonly why: 'first' | 'changed' | 'again' | 'failed open' | 'escalated';
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
  readonly count: number;
  readonly toldPriority: Priority | null;
  readonly toldAtMs: number | null;
}
