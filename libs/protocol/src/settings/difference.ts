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

/**
 * Field by field. Elements with an `id` are compared with those of the same id: one that came has its place among the new ones, one that went
 * its place among the old ones. Any other list is one field, unless both have as many elements.
 */
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
  } else if (haveIds(before) && haveIds(after) && keepTheirOrder(before, after)) {
    compareById(before, after, place, secrets, found);
  } else {
    const shown = (value: unknown) => (isSecretPlace(secrets, place) ? told(value) : hidden(value, place, secrets));
    found.push({
      place: place.join('.'),
      ...(before === undefined ? {} : { before: shown(before) }),
      ...(after === undefined ? {} : { after: shown(after) }),
    });
  }
}

interface Named {
  readonly id: string;
}

const haveIds = (list: unknown): list is readonly Named[] =>
  Array.isArray(list) &&
  list.every((each) => isPlain(each) && typeof each['id'] === 'string') &&
  new Set(list.map(({ id }: Named) => id)).size === list.length;

/** Of those that are in both. */
function keepTheirOrder(before: readonly Named[], after: readonly Named[]): boolean {
  const idsIn = (list: readonly Named[], other: readonly Named[]) => {
    const known = new Set(other.map(({ id }) => id));
    return list.flatMap(({ id }) => (known.has(id) ? id : []));
  };
  return isSameJson(idsIn(before, after), idsIn(after, before));
}

function compareById(
  before: readonly Named[],
  after: readonly Named[],
  place: Place,
  secrets: SecretTree,
  found: FieldDifference[],
): void {
  const was = new Map(before.map((each) => [each.id, each]));
  const is = new Set(after.map(({ id }) => id));
  for (const [at, each] of after.entries()) compare(was.get(each.id), each, [...place, at], secrets, found);
  for (const [at, each] of before.entries()) if (!is.has(each.id)) compare(each, undefined, [...place, at], secrets, found);
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
