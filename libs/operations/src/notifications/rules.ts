import type { NotificationBody, Priority, Renotify } from '@yosugara/protocol';
import type { NotifyMemory, Told } from './told.js';

/** A clock that was set back, or the other node's that is behind, by more than this holds nobody's tongue. */
const CLOCK_BACK_MS = 60_000;
const MINUTE_MS = 60_000;

/** What decides whether somebody is told now. Asked for in the order of the table, so that nothing is worked out in vain. */
export interface Facts {
  readonly enabled: boolean;
  /** Something of this key was seen before. */
  readonly seen: boolean;
  readonly body: NotificationBody;
  /** What is told goes on by itself until the problem is over: an escalation of a state. To tell it again would begin a second one. */
  readonly lasts: boolean;
  readonly priority: Priority;
  /** With this one. */
  readonly count: number;
  readonly told: { readonly priority: Priority | null; readonly atMs: number | null };
  readonly nowMs: number;
  readonly calendarOpen: () => boolean;
  readonly suppressedBy: () => string | null;
}

export interface Rule {
  readonly name: string;
  readonly holds: (facts: Facts) => boolean;
  /** null = nobody is told. */
  readonly tell: Exclude<Told['why'], 'failed open' | 'escalated' | 'tested'> | null;
  /** Of what was told last: nothing more, as it was, or this one. */
  readonly remember: 'nothing' | 'as it was' | 'this';
  readonly why: string;
}

/** The first that holds decides. Nobody is told by more than one. */
export const RULES: readonly Rule[] = [
  {
    name: 'disabled',
    holds: ({ enabled }) => !enabled,
    ...{ tell: null, remember: 'nothing' },
    why: 'the notification is disabled; once enabled, what comes next is the first',
  },
  {
    name: 'just enabled',
    holds: ({ body, seen }) => body.firstDelay && !seen,
    ...{ tell: null, remember: 'this' },
    why: 'nothing is told just after enabling: this is what later results are compared with',
  },
  {
    name: 'switched off',
    holds: ({ body, priority }) => body.priorities[priority] === undefined,
    ...{ tell: null, remember: 'as it was' },
    why: 'this priority is switched off',
  },
  {
    name: 'calendar closed',
    holds: ({ calendarOpen }) => !calendarOpen(),
    ...{ tell: null, remember: 'as it was' },
    why: 'the calendar is closed; what is new by then is told when it opens',
  },
  {
    name: 'suppressed',
    holds: ({ suppressedBy }) => suppressedBy() !== null,
    ...{ tell: null, remember: 'as it was' },
    why: 'a maintenance window, or something that it depends on, keeps it quiet; what is new by then is told afterwards',
  },
  {
    name: 'too few',
    holds: ({ body, count }) => count < body.initialCount,
    ...{ tell: null, remember: 'as it was' },
    why: 'not yet seen as often in a row as the notification asks for',
  },
  {
    name: 'first',
    holds: ({ told }) => told.priority === null && told.atMs === null,
    ...{ tell: 'first', remember: 'this' },
    why: 'nothing was told yet',
  },
  {
    name: 'changed',
    holds: ({ told, priority }) => told.priority !== priority,
    ...{ tell: 'changed', remember: 'this' },
    why: 'the priority is another one than was told last: at once, whatever is said of telling again',
  },
  {
    name: 'always again',
    holds: ({ body, lasts }) => body.renotify.when === 'always' && !lasts,
    // When it was told plays no part then: a row for each line would be written for nothing.
    ...{ tell: 'again', remember: 'as it was' },
    why: 'the same priority is told each time',
  },
  {
    name: 'again after a while',
    holds: ({ body, lasts, told, nowMs }) => !lasts && isDue(body.renotify, told.atMs, nowMs),
    ...{ tell: 'again', remember: 'this' },
    why: 'the same priority, and the time after which it is told again is over',
  },
  {
    name: 'told already',
    holds: () => true,
    ...{ tell: null, remember: 'as it was' },
    why: 'the same priority was told already',
  },
];

function isDue(renotify: Renotify, toldAtMs: number | null, nowMs: number): boolean {
  if (renotify.when !== 'every' || toldAtMs === null) return false;
  const sinceMs = nowMs - toldAtMs;
  return sinceMs >= renotify.minutes * MINUTE_MS || sinceMs < -CLOCK_BACK_MS;
}

/** The same object when nothing changes: then nothing is written. */
export function remembered(memory: NotifyMemory, rule: Rule, facts: Facts): NotifyMemory {
  const { body, lasts, priority, nowMs } = facts;
  const counted = { priority, count: facts.count };
  if (rule.remember === 'nothing') return changed(memory, { priority, count: 0, toldPriority: null, toldAtMs: null });
  if (rule.remember === 'this') return changed(memory, { ...counted, toldPriority: priority, toldAtMs: nowMs });
  // When it was told stays: what comes next is no first one.
  const ended = (body.verbose || lasts) && memory.toldPriority !== null && memory.toldPriority !== priority;
  return changed(memory, ended ? { ...counted, toldPriority: null } : counted);
}

function changed(memory: NotifyMemory, change: Partial<NotifyMemory>): NotifyMemory {
  const same = (Object.keys(change) as (keyof NotifyMemory)[]).every((key) => memory[key] === change[key]);
  return same ? memory : { ...memory, ...change };
}
