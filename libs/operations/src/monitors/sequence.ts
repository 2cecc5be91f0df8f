import type { IntegrationCondition, MonitorOf } from '@yosugara/protocol';
import { NEVER, type Pattern } from './patterns.js';
import type { NewestValue } from './result.js';

type Integration = MonitorOf<'integration'>['check'];

/** Of conditions that are to come true one after the other: how many did, since when, and when the last did. */
export interface Sequence {
  readonly done: number;
  readonly sinceMs: number;
  readonly lastMs: number;
}

export interface Integrated {
  /** null = under way: nothing is said yet. */
  readonly truth: boolean | null;
  /** The very object that was when nothing changed. */
  readonly sequence: Sequence | null;
  readonly why: string;
}

interface SequenceRule {
  readonly is: 'complete' | 'late' | 'under way' | 'not begun';
  readonly truth: boolean | null;
  readonly remembers: boolean;
  readonly why: string;
}

/** What is said of a sequence after a look. The first line that holds counts. */
export const SEQUENCE_RULES = [
  { is: 'complete', truth: true, remembers: false, why: 'each came true after the one before it; the next look begins anew' },
  { is: 'late', truth: false, remembers: false, why: 'the next one did not come true in time; the next look begins anew' },
  { is: 'under way', truth: null, remembers: true, why: 'it is not known yet whether the rest will come' },
  { is: 'not begun', truth: false, remembers: false, why: 'not even the first has come true' },
] as const satisfies readonly SequenceRule[];

const COMPARE: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '>': (a, b) => a > b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '<=': (a, b) => a <= b,
  '=': (a, b) => a === b,
  '!=': (a, b) => a !== b,
};

/** @param pattern of a condition on text. */
function holds({ is }: IntegrationCondition, value: NewestValue, pattern: Pattern): boolean {
  switch (is.by) {
    case 'number':
      return value.number !== null && COMPARE[is.operator]!(value.number, is.than);
    case 'text':
      return value.text !== null && pattern.test(value.text);
    case 'priority':
      return value.priority !== null && is.anyOf.includes(value.priority);
  }
}

/** What the newest values of other monitors say together. @param values by condition. @param patterns by condition; null: not on text. */
export function integrate(
  check: Integration,
  patterns: readonly (Pattern | null)[],
  values: readonly (NewestValue | null)[],
  before: Sequence | null,
  nowMs: number,
): Integrated {
  const timeoutMs = check.timeoutM * 60_000;
  const trueSince = check.conditions.map((condition, at) => {
    const value = values[at] ?? null;
    if (value === null || nowMs - value.atMs > timeoutMs) return null;
    return holds(condition, value, patterns[at] ?? NEVER) ? value.atMs : null;
  });
  if (check.ordered && check.match === 'all') return sequenceOf(trueSince, before, nowMs, timeoutMs);
  const count = trueSince.filter((atMs) => atMs !== null).length;
  const truth = check.match === 'all' ? count === trueSince.length : count > 0;
  return { truth, sequence: null, why: `${count} of ${trueSince.length} conditions hold` };
}

function sequenceOf(trueAt: readonly (number | null)[], before: Sequence | null, nowMs: number, timeoutMs: number): Integrated {
  // A state of a setting that has changed since.
  const known = before !== null && before.done < trueAt.length ? before : null;
  const after = advanced(trueAt, known);
  const late = after !== null && nowMs - after.sinceMs > timeoutMs;
  const is = after?.done === trueAt.length ? 'complete' : late ? 'late' : after !== null ? 'under way' : 'not begun';
  const rule = SEQUENCE_RULES.find((one) => one.is === is)!;
  const isSame = before !== null && after !== null && before.done === after.done && before.lastMs === after.lastMs;
  const sequence = rule.remembers ? (isSame ? before : after) : null;
  return {
    truth: rule.truth,
    sequence,
    why: `${after?.done ?? 0} of ${trueAt.length} conditions came true in order: ${rule.why}`,
  };
}

function advanced(trueAt: readonly (number | null)[], before: Sequence | null): Sequence | null {
  let now = before;
  for (let at = before?.done ?? 0; at < trueAt.length; at++) {
    const atMs = trueAt[at]!;
    if (atMs === null || (now !== null && atMs < now.lastMs)) break;
    now = { done: at + 1, sinceMs: now?.sinceMs ?? atMs, lastMs: atMs };
  }
  return now;
}
