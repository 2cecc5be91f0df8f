import type { KeptValue } from './kept-values.js';
import type { Standing } from './levels.js';
import type { NumericState } from './numeric.js';
import type { Sequence } from './sequence.js';
import type { Window } from './series.js';

/** What a monitor remembers of one item. What is not there need not be. */
export interface MonitorState {
  /**
   * It could not be had last time. Where failures are no changes they are told apart, and so is their end; and where a monitor sees several
   * items, the end of a failure of all of them is not in what is said of each.
   */
  readonly failing?: true;
  readonly numeric?: NumericState;
  readonly sequence?: Sequence;
  /** Of an integration: what its conditions were about at its last look. */
  readonly newest?: readonly KeptValue[];
  /** How far lines were counted by the value before. */
  readonly counted?: Counted;
}

export interface Counted {
  readonly began: string;
  readonly total: number;
}

/** Of the whole monitor (item ''): nothing of it could be had. */
export const isFailing = (stored: unknown): boolean => readState(stored)?.failing === true;

/**
 * A state as it was stored, perhaps by another version of this program: what is not understood of it is not there. The very objects that
 * are right stay, so that nothing seems to change by being read.
 */
export function readState(stored: unknown): MonitorState | null {
  if (!isObject(stored)) return null;
  const { failing, numeric, sequence, newest, counted } = stored;
  const isRight =
    (failing === undefined || failing === true) &&
    (numeric === undefined || isNumeric(numeric)) &&
    (sequence === undefined || isSequence(sequence)) &&
    (newest === undefined || (Array.isArray(newest) && newest.every(isKept))) &&
    (counted === undefined || isCounted(counted));
  return isRight ? (stored as MonitorState) : null;
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isPair = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every(isNumber);

function isNumeric(value: unknown): value is NumericState {
  if (!isObject(value)) return false;
  const { standing, last, window } = value;
  return (
    (standing === undefined || isStanding(standing)) &&
    (last === undefined || isPair(last)) &&
    (window === undefined || isWindow(window))
  );
}

const isStanding = (value: unknown): value is Standing =>
  isObject(value) &&
  (value['level'] === 'critical' || value['level'] === 'warning') &&
  (value['side'] === 'above' || value['side'] === 'below');
const isWindow = (value: unknown): value is Window => Array.isArray(value) && value.every(isPair);
const isKept = (value: unknown): value is KeptValue =>
  isObject(value) && typeof value['of'] === 'string' && isObject(value['value']) && isNumber(value['value']['atMs']);
const isCounted = (value: unknown): value is Counted =>
  isObject(value) && typeof value['began'] === 'string' && isNumber(value['total']);
const isSequence = (value: unknown): value is Sequence =>
  isObject(value) && isNumber(value['done']) && isNumber(value['sinceMs']) && isNumber(value['lastMs']);
