import { Char, digitsEnd, isAlnum, isDigit } from './scan.js';
import { MAX_FIELD, type Scan } from './syslog-draft.js';
import { isoTime } from './timestamp.js';

/** Where pairs go in `structured`. No SD-ID of RFC 5424 that is sent is called so: private ones have an `@`, and IANA has registered none. */
const PAIRS = 'kv';
const AT_LEAST = 3;
const MAX_PAIRS = 512;
const HOST_KEYS = ['devname', 'device_name', 'hostname', 'host'] as const;
const KIND_KEYS = ['logid', 'log_id', 'msgid'] as const;

/**
 * Fortinet, Sophos and others send no header of syslog but `key=value key="value with spaces"`, and say in it what a header says. All of
 * it stays in the text; the pairs are structured too.
 * @returns false when fewer than three pairs begin the text, or they don't say when.
 */
export function takePairs({ draft, text, context }: Scan, from: number): boolean {
  const pairs = readPairs(text, from);
  if (pairs.size < AT_LEAST) return false;
  const sentAtUs = pairTime(pairs, context);
  if (sentAtUs === null) return false;
  draft.sentAtUs = sentAtUs;
  draft.host = firstOf(pairs, HOST_KEYS);
  draft.msgId = firstOf(pairs, KIND_KEYS);
  const element: Record<string, string> = Object.create(null);
  for (const [key, value] of pairs) element[key] = value;
  draft.structured = Object.assign(Object.create(null), { [PAIRS]: element });
  draft.text = text.slice(from);
  return true;
}

function firstOf(pairs: ReadonlyMap<string, string>, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = pairs.get(key);
    if (value !== undefined && value !== '' && value.length <= MAX_FIELD) return value;
  }
  return null;
}

/** A key that comes twice keeps its first value: the text has both. */
function readPairs(text: string, from: number): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  let at = from;
  while (pairs.size < MAX_PAIRS) {
    const keyEnd = keyEndAt(text, at);
    if (keyEnd < 0) break;
    const quoted = text.charCodeAt(keyEnd + 1) === Char.quote;
    const start = quoted ? keyEnd + 2 : keyEnd + 1;
    const end = quoted ? quoteEnd(text, start) : spaceEnd(text, start);
    if (end < 0) break;
    const key = text.slice(at, keyEnd);
    if (!pairs.has(key)) pairs.set(key, text.slice(start, end));
    at = quoted ? end + 1 : end;
    // Some separate with `,` or `, `.
    if (text.charCodeAt(at) === Char.comma) at++;
    while (text.charCodeAt(at) === Char.space) at++;
  }
  return pairs;
}

/** Letters, digits, `_`, `-` and `.`, then `=`; -1 = no key. */
function keyEndAt(text: string, from: number): number {
  for (let at = from; at <= from + 64; at++) {
    const code = text.charCodeAt(at);
    if (code === Char.equals) return at > from ? at : -1;
    if (!isAlnum(code) && code !== 0x5f && code !== Char.dash && code !== Char.dot) return -1;
  }
  return -1;
}

function quoteEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === Char.backslash) at++;
    else if (code === Char.quote) return at;
  }
  return -1;
}

function spaceEnd(text: string, from: number): number {
  let at = from;
  while (at < text.length && text.charCodeAt(at) > Char.space) at++;
  return at;
}

/** `eventtime` counts from 1970 in s, ms, µs or ns, as FortiOS went on; `date` and `time` are a wall clock, with `tz` where it is said. */
function pairTime(pairs: ReadonlyMap<string, string>, context: Scan['context']): number | null {
  const since1970 = pairs.get('eventtime');
  if (since1970 !== undefined) {
    const us = epochUs(since1970);
    if (us !== null) return us;
  }
  const date = pairs.get('date');
  const time = pairs.get('time');
  const clock = date === undefined ? time : `${date}T${time ?? ''}`;
  if (clock === undefined || clock.length > 40) return null;
  const zone = pairs.get('tz');
  const whole = zone !== undefined && /^[+-]\d\d:?\d\d$/.test(zone) ? clock + zone : clock;
  return isoTime(whole, 0, context)?.atUs ?? null;
}

function epochUs(digits: string): number | null {
  const { length } = digits;
  if (!isDigit(digits.charCodeAt(0)) || digitsEnd(digits, 0) !== length) return null;
  if (length !== 10 && length !== 13 && length !== 16 && length !== 19) return null;
  const us = Number(digits.slice(0, 16).padEnd(16, '0'));
  return Number.isSafeInteger(us) ? us : null;
}
