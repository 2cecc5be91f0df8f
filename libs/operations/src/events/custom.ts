import type { ParsedMessage } from './record.js';
import { readableText, wellFormed } from './text.js';

/** One custom trap: what a script or an application has to say, without syslog and without SNMP. */
export interface CustomTrap {
  /** The node or scope it is about, when that is not the sender. */
  readonly facility?: string;
  /** What is told: `disk.usage`. */
  readonly key: string;
  /** When it happened, as the sender wrote it. */
  readonly date?: string | number;
  readonly type: 'string' | 'number';
  /** With type number: a number in decimal. */
  readonly message: string;
}

export type CustomOutcome =
  | { readonly kind: 'traps'; readonly traps: readonly CustomTrap[] }
  | { readonly kind: 'wrong'; readonly place: string; readonly found: string; readonly allowed: string };

type Wrong = Extract<CustomOutcome, { kind: 'wrong' }>;
type Draft = { facility?: string; key?: string; date?: string | number; type?: 'string' | 'number'; message?: string };

const MAX_KEY_LENGTH = 256;
const MAX_FACILITY_LENGTH = 512;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?$/;
/** By our names and by those of Hinemos, in whatever case. */
const NAMES: ReadonlyMap<string, keyof CustomTrap> = new Map<string, keyof CustomTrap>([
  ...([
    ['facility', 'facility'],
    ['facilityid', 'facility'],
    ['key', 'key'],
    ['date', 'date'],
    ['type', 'type'],
  ] as const),
  ...([
    ['message', 'message'],
    ['msg', 'message'],
  ] as const),
]);
const TYPES: ReadonlyMap<string, CustomTrap['type']> = new Map([
  ...([
    ['string', 'string'],
    ['number', 'number'],
    ['num', 'number'],
  ] as const),
]);
const DATE = /^(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?(?:Z|([+-])(\d\d):?(\d\d))?$/;

/**
 * The traps of one document: `{ key, message, facility?, date?, type? }`, a list of them, or Hinemos' own envelope
 * `{ FacilityID, DATA: [{ DATE, TYPE, KEY, MSG }] }`. Total: whatever is not understood is named.
 */
export function customTraps(document: unknown): CustomOutcome {
  if (Array.isArray(document)) return all(document, '', undefined);
  if (!isObject(document)) return wrong('(the whole document)', document, 'an object, or a list of objects');
  const data = Object.keys(document).find((name) => name.toLowerCase() === 'data');
  if (data === undefined) return all([document], null, undefined);
  const list = document[data];
  if (!Array.isArray(list)) return wrong(data, list, 'a list of objects');
  let facility: string | undefined;
  for (const [name, value] of Object.entries(document)) {
    if (name === data) continue;
    if (NAMES.get(name.toLowerCase()) !== 'facility') return wrong(name, value, 'only FacilityID beside DATA');
    if (typeof value !== 'string' || value.length > MAX_FACILITY_LENGTH) return wrong(name, value, facilityAllowed);
    facility = value;
  }
  return all(list, data, facility);
}

const facilityAllowed = `a text of at most ${MAX_FACILITY_LENGTH} characters`;

/** @param list name of the list; null = there is none, and no index is said. */
function all(items: readonly unknown[], list: string | null, facility: string | undefined): CustomOutcome {
  const traps: CustomTrap[] = [];
  for (const [index, item] of items.entries()) {
    const outcome = one(item, list === null ? '' : `${list}[${index}]`, facility);
    if ('kind' in outcome) return outcome;
    traps.push(outcome);
  }
  return traps.length === 0
    ? wrong(list === null || list === '' ? '(the whole document)' : list, [], 'at least one trap')
    : { kind: 'traps', traps };
}

function one(item: unknown, place: string, facility: string | undefined): CustomTrap | Wrong {
  if (!isObject(item)) return wrong(place, item, 'an object with key and message');
  const draft: Draft = facility === undefined ? {} : { facility };
  for (const [name, value] of Object.entries(item)) {
    const at = place === '' ? name : `${place}.${name}`;
    const allowed = take(draft, NAMES.get(name.toLowerCase()), value);
    if (allowed !== null) return wrong(at, value, allowed);
  }
  const at = (name: string) => (place === '' ? name : `${place}.${name}`);
  const { key, message, type = 'string' } = draft;
  if (key === undefined) return wrong(at('key'), undefined, `a text of 1 to ${MAX_KEY_LENGTH} characters`);
  if (message === undefined) return wrong(at('message'), undefined, 'a text, or a number with type number');
  if (type === 'number' && !NUMBER.test(message)) return wrong(at('message'), message, 'a number, since type is number');
  return { ...draft, key, type, message };
}

/** @returns what is allowed instead; null = taken. */
function take(draft: Draft, name: keyof CustomTrap | undefined, value: unknown): string | null {
  switch (name) {
    case undefined:
      return 'only facility, key, date, type and message';
    case 'facility':
      if (typeof value !== 'string' || value.length > MAX_FACILITY_LENGTH) return facilityAllowed;
      draft.facility = value;
      return null;
    case 'key':
      if (typeof value !== 'string' || value === '' || value.length > MAX_KEY_LENGTH)
        return `a text of 1 to ${MAX_KEY_LENGTH} characters`;
      draft.key = value;
      return null;
    case 'date':
      if ((typeof value !== 'string' && typeof value !== 'number') || dateUs(value) === null)
        return 'a time such as 2026-11-21T09:30:00+09:00 or 2026/11/21 09:30:00, or milliseconds since 1970';
      draft.date = value;
      return null;
    case 'type': {
      const type = typeof value === 'string' ? TYPES.get(value.toLowerCase()) : undefined;
      if (type === undefined) return 'string | number';
      draft.type = type;
      return null;
    }
    case 'message':
      if (typeof value !== 'string' && typeof value !== 'number') return 'a text, or a number with type number';
      draft.message = String(value);
      return null;
  }
}

/** As it is journaled: the same bytes for the same trap, in whatever order and under whichever names it came. */
export function customTrapJson({ facility, key, date, type, message }: CustomTrap): string {
  return JSON.stringify({ facility, key, date, type, message });
}

/** What `customTrapJson` made, as a message: the facility is its host, the key its application. Never fails. */
export function parseCustom(raw: Uint8Array): ParsedMessage {
  const { text } = readableText(raw);
  const base = { facility: null, severity: null, procId: null, msgId: null, varbinds: null };
  const outcome = documentOf(text);
  const trap = outcome?.kind === 'traps' && outcome.traps.length === 1 ? outcome.traps[0] : undefined;
  if (trap === undefined)
    return { ...base, host: null, app: null, sentAtUs: null, structured: null, text, reason: 'custom_not_understood' };
  return {
    ...base,
    host: trap.facility === undefined || trap.facility === '' ? null : storable(trap.facility),
    app: storable(trap.key),
    sentAtUs: trap.date === undefined ? null : dateUs(trap.date),
    structured: { custom: { type: trap.type } },
    text: storable(trap.message),
    reason: null,
  };
}

function documentOf(text: string): CustomOutcome | null {
  try {
    return customTraps(JSON.parse(text));
  } catch {
    return null;
  }
}

/** PostgreSQL's text holds neither NUL nor half of a surrogate pair, both of which JSON can escape. */
const storable = (text: string) => wellFormed(text.replaceAll('\0', ''));

/** Without a zone it is taken as UTC, as everywhere. */
function dateUs(date: string | number): number | null {
  if (typeof date === 'number') return Number.isSafeInteger(date) && date >= 0 && date < 8.64e12 ? date * 1_000 : null;
  const found = DATE.exec(date);
  if (found === null) return null;
  const [, year, month, day, hour, minute, second, fraction = '', sign, zoneHour = 0, zoneMinute = 0] = found;
  const [h, m, s] = [Number(hour), Number(minute), Number(second)];
  const time = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), h, m, s));
  // A day that the month does not have would become one of the next month. A leap second (60) becomes the second after.
  const midnight = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const isDate = midnight.getUTCMonth() === Number(month) - 1 && midnight.getUTCDate() === Number(day);
  if (!isDate || h > 23 || m > 59 || s > 60 || Number(zoneHour) > 23 || Number(zoneMinute) > 59) return null;
  const zoneMs = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000 * (sign === '-' ? -1 : 1);
  const atUs = (time.getTime() - zoneMs) * 1_000 + Number(fraction.padEnd(6, '0').slice(0, 6));
  return atUs >= 0 && atUs < 8.64e15 ? atUs : null;
}

function wrong(place: string, found: unknown, allowed: string): Wrong {
  const shown = found === undefined ? 'nothing' : (JSON.stringify(shallow(found)) ?? String(found));
  return { kind: 'wrong', place, found: shown.length > 80 ? `${shown.slice(0, 77)}…` : shown, allowed };
}

const SHOWN_DEPTH = 4;
const SHOWN_ITEMS = 20;

/** JSON.parse reads any depth, JSON.stringify ends at the stack's. More than this is not shown anyway. */
function shallow(value: unknown, depth = 0): unknown {
  if (value === null || typeof value !== 'object') return value;
  if (depth === SHOWN_DEPTH) return '…';
  if (Array.isArray(value)) return value.slice(0, SHOWN_ITEMS).map((item) => shallow(item, depth + 1));
  const few: [string, unknown][] = [];
  for (const name in value) {
    if (few.length === SHOWN_ITEMS) break;
    few.push([name, shallow((value as Record<string, unknown>)[name], depth + 1)]);
  }
  return Object.fromEntries(few);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
