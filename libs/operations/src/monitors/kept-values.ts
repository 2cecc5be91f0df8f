import type { IntegrationCondition } from '@yosugara/protocol';
import type { NewestValue } from './result.js';

/** The newest value of a condition, as it was at the last look. */
export interface KeptValue {
  /** Whose it is: another condition in its place does not take it for its own. */
  readonly of: string;
  readonly value: NewestValue;
}

/** Longer texts are not kept: whoever asks for such a one waits until it is seen again. */
const MAX_TEXT = 8_192;

/**
 * What a look knows of its conditions: what was seen since this Master began, and of what was not, what the last look knew. So an
 * integration goes on after a take-over without waiting for each monitor to look once more.
 *
 * @param values by condition. @param before the very objects that are right stay.
 */
export function withKept(
  conditions: readonly IntegrationCondition[],
  values: readonly (NewestValue | null)[],
  before: readonly KeptValue[] | null,
): { readonly values: readonly (NewestValue | null)[]; readonly kept: readonly KeptValue[] | null } {
  const known = conditions.map((condition, at) => {
    const of = keyOf(condition);
    return { condition, of, value: values[at] ?? before?.find((each) => each.of === of)?.value ?? null };
  });
  const kept = known.flatMap(({ condition, of, value }) => (value === null ? [] : partOf(condition, of, value)));
  const isSame = before !== null && JSON.stringify(kept) === JSON.stringify(before);
  return { values: known.map(({ value }) => value), kept: isSame ? before : kept.length === 0 ? null : kept };
}

const keyOf = ({ monitor, facility, item, is }: IntegrationCondition) => JSON.stringify([monitor, facility, item, is.by]);

/** As much of it as the condition asks about. */
function partOf({ is }: IntegrationCondition, of: string, { atMs, number, text, priority }: NewestValue): readonly KeptValue[] {
  if (is.by === 'text' && (text?.length ?? 0) > MAX_TEXT) return [];
  const nothing = { atMs, number: null, text: null, priority: null };
  return [{ of, value: { ...nothing, ...{ number: { number }, text: { text }, priority: { priority } }[is.by] } }];
}
