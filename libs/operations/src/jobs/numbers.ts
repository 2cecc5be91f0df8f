import type { EndRangesSchema, NUMBER_OPERATORS } from '@yosugara/protocol';
import { END_STATUSES } from '@yosugara/protocol';
import type { EndStatus, EndWith } from './types.js';

type EndRanges = ReturnType<typeof EndRangesSchema.parse>;
export type NumberOperator = (typeof NUMBER_OPERATORS)[number];

/** `1,3,5:9` has 7. What is no list has nothing. */
export function isInList(list: string, value: number): boolean {
  return list.split(',').some((part) => {
    const [from, to] = part.split(':');
    const low = Number(from);
    const high = to === undefined ? low : Number(to);
    // Written the other way round it means the same.
    return from !== '' && value >= Math.min(low, high) && value <= Math.max(low, high);
  });
}

export function numberHolds(operator: NumberOperator, value: number, against: string): boolean {
  const limit = Number(against.split(/[,:]/)[0]);
  switch (operator) {
    case '=':
    case 'in':
      return isInList(against, value);
    case '!=':
    case 'not-in':
      return !isInList(against, value);
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
  }
}

/** Of several nodes: the largest decides for >, the smallest for <, each for the others. No value: it does not hold. */
export function numbersHold(operator: NumberOperator, values: readonly number[], against: string): boolean {
  if (values.length === 0) return false;
  if (operator === '>' || operator === '>=') return numberHolds(operator, Math.max(...values), against);
  if (operator === '<' || operator === '<=') return numberHolds(operator, Math.min(...values), against);
  return values.every((value) => numberHolds(operator, value, against));
}

/** null (killed, timed out, never started) is in no range. */
export function statusOf(ranges: EndRanges, returned: number | null): EndStatus {
  if (returned === null) return 'abnormal';
  if (isInList(ranges.normal, returned)) return 'normal';
  return isInList(ranges.warning, returned) ? 'warning' : 'abnormal';
}

/** How it ends that returned so. */
export function endBy(ranges: EndRanges, returned: number | null): EndWith {
  const status = statusOf(ranges, returned);
  const value = { normal: ranges.normalValue, warning: ranges.warningValue, abnormal: ranges.abnormalValue }[status];
  return { status, value: value ?? returned ?? -1 };
}

export const isWorse = (one: EndStatus, than: EndStatus): boolean => END_STATUSES.indexOf(one) > END_STATUSES.indexOf(than);
