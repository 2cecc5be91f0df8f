import { isSecretPlace, type SecretTree } from './secrets.js';

/** One field of a setting that is another one; undefined: it is not there. Secrets only say that they are. */
export interface FieldDifference {
  readonly place: string;
  readonly before?: unknown;
  readonly after?: unknown;
}

/** Of JSON: whatever the order of keys. What is undefined is not there. */
export function isSameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== 'object' || typeof b !== 'object') return false;
  if (Array.isArray(a) || Array.isArray(b))
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((each, at) => isSameJson(each, b[at]));
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (left[key] !== undefined && !isSameJson(left[key], right[key])) return false;
  for (const key in right) if (right[key] !== undefined && left[key] === undefined) return false;
  return true;
}

/** Field by field; a list is one field, unless both have as many elements. */
export function differencesOf(before: unknown, after: unknown, secrets: SecretTree): readonly FieldDifference[] {
  const found: FieldDifference[] = [];
  compare(before, after, [], secrets, found);
  return found;
}

type Place = readonly (string | number)[];

function compare(before: unknown, after: unknown, place: Place, secrets: SecretTree, found: FieldDifference[]): void {
  if (isSameJson(before, after)) return;
  if (isPlain(before) && isPlain(after)) {
    for (const key of new Set([...Object.keys(after), ...Object.keys(before)]))
      compare(before[key], after[key], [...place, key], secrets, found);
  } else if (Array.isArray(before) && Array.isArray(after) && before.length === after.length && after.every(isPlain)) {
    for (const [at, each] of after.entries()) compare(before[at], each, [...place, at], secrets, found);
  } else {
    const shown = (value: unknown) => (isSecretPlace(secrets, place) ? told(value) : hidden(value, place, secrets));
    found.push({
      place: place.join('.'),
      ...(before === undefined ? {} : { before: shown(before) }),
      ...(after === undefined ? {} : { after: shown(after) }),
    });
  }
}

const told = (secret: unknown) => (typeof secret === 'string' && secret !== '' ? '(a secret)' : null);

/** A part that came or went whole may hold secrets. */
function hidden(value: unknown, place: Place, secrets: SecretTree): unknown {
  if (isSecretPlace(secrets, place)) return told(value);
  if (Array.isArray(value)) return value.map((each, at) => hidden(each, [...place, at], secrets));
  if (!isPlain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, hidden(each, [...place, key], secrets)]));
}

const isPlain = (value: unknown): value is Record<string, unknown> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
