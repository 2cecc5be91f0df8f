import type { NumericJudgement } from '@yosugara/protocol';

/** The value before, and when. */
export type Last = readonly [value: number, atMs: number];

/** Longer ago it says nothing about now: a counter may have gone round many times. */
const MAX_GAP_MS = 86_400_000;

interface DeltaRule {
  readonly when: (found: Found) => boolean;
  readonly value: ((found: Found) => number) | null;
  readonly why: string;
}

interface Found {
  readonly last: Last;
  readonly now: Last;
  /** 0 = it may fall. */
  readonly bits: number;
}

const grown = ({ last, now }: Found) => now[0] - last[0];
const around = ({ last, now, bits }: Found) => 2 ** bits - last[0] + now[0];

/** Which difference two values make. The first line that holds counts. */
export const DELTA_RULES: readonly DeltaRule[] = [
  { when: ({ last, now }) => now[1] <= last[1], value: null, why: 'the clock was set back: no time has gone by' },
  {
    when: ({ last, now }) => now[1] - last[1] > MAX_GAP_MS,
    value: null,
    why: 'a day without a value: what was in between is not known',
  },
  { when: ({ bits }) => bits === 0, value: grown, why: 'it may fall' },
  { when: (found) => grown(found) >= 0, value: grown, why: 'it has grown' },
  {
    when: (found) => found.last[0] >= 2 ** (found.bits - 1) && around(found) < 2 ** (found.bits - 1),
    value: around,
    why: 'it was in the upper half of its range and has gone less than half of it: it went round',
  },
  { when: () => true, value: null, why: 'it fell from where it cannot have gone round: whoever counts has begun anew' },
];

export interface Delta {
  /** null = there is none yet. */
  readonly value: number | null;
  /** For the next one; the very object that was when nothing changed. null = not needed. */
  readonly last: Last | null;
}

/** What is judged of a number: itself, its difference from the one before, or that for each second. */
export function deltaOf(
  { delta, counter }: Pick<NumericJudgement, 'delta' | 'counter'>,
  seen: { readonly number: number; readonly atMs: number; readonly counter?: 32 | 64 | undefined },
  last: Last | null,
): Delta {
  const number = positiveZero(seen.number);
  if (delta === 'none') return { value: number, last: null };
  const now: Last = [number, seen.atMs];
  if (last === null) return { value: null, last: now };
  const found = { last, now, bits: counter === 'auto' ? (seen.counter ?? 0) : counter === 'none' ? 0 : Number(counter) };
  const difference = DELTA_RULES.find(({ when }) => when(found))!.value?.(found) ?? null;
  if (difference === null) return { value: null, last: now };
  const value = delta === 'rate' ? (difference * 1_000) / (now[1] - last[1]) : difference;
  // Of values near the end of what a number can be: no JSON and no table would keep it.
  return { value: Number.isFinite(value) ? positiveZero(value) : null, last: now };
}

/** JSON has one nought only, and so has whoever reads it: what is remembered must be what comes back. */
const positiveZero = (number: number): number => number + 0;
