import type { StructuredData } from './record.js';
import { Char, digitsEnd, isDigit, skipSpaces } from './scan.js';
import { because, type Codes, type Draft, MAX_FIELD, type Scan } from './syslog-draft.js';
import { isoTime } from './timestamp.js';

/** RFC 5424. @returns false when it only looked like it; nothing was taken then. */
export function take5424(scan: Scan, from: number): boolean {
  const { draft, text, codes, context } = scan;
  if (codes[from] !== 0x31 || codes[from + 1] !== Char.space) return false;
  const time = from + 2;
  const timeEnd = fieldEnd(codes, time);
  if (timeEnd < 0) return false;
  if (isDigit(codes[time]!) && takeEpoch(scan, time, timeEnd)) return true;
  const hostEnd = fieldEnd(codes, timeEnd + 1);
  if (hostEnd < 0) return false;
  const appEnd = fieldEnd(codes, hostEnd + 1);
  if (appEnd < 0) return false;
  const procEnd = fieldEnd(codes, appEnd + 1);
  if (procEnd < 0) return false;
  const msgEnd = lastFieldEnd(codes, procEnd + 1);
  if (msgEnd < 0) return false;

  if (!isNil(codes, time, timeEnd)) {
    const found = isoTime(text, time, context, true);
    if (found?.end === timeEnd) draft.sentAtUs = found.atUs;
    else because(draft, 'bad_timestamp');
  }
  if (!isNil(codes, timeEnd + 1, hostEnd)) draft.host = text.slice(timeEnd + 1, hostEnd);
  if (!isNil(codes, hostEnd + 1, appEnd)) draft.app = text.slice(hostEnd + 1, appEnd);
  if (!isNil(codes, appEnd + 1, procEnd)) draft.procId = text.slice(appEnd + 1, procEnd);
  if (!isNil(codes, procEnd + 1, msgEnd)) draft.msgId = text.slice(procEnd + 1, msgEnd);
  takeDataAndText(scan, Math.min(msgEnd + 1, text.length));
  return true;
}

function takeDataAndText({ draft, text, codes }: Scan, from: number): void {
  let at = from;
  if (codes[from] === Char.open) {
    const reader = new DataReader(text, codes, from);
    at = reader.read();
    if (at < 0) return takeBroken(draft, text, from);
    draft.structured = reader.data;
  } else if (codes[from] === Char.dash && (from + 1 === codes.length || codes[from + 1] === Char.space)) {
    at = from + 1;
  } else if (from < text.length) {
    return takeBroken(draft, text, from);
  }
  if (codes[at] === Char.space) at++;
  if (codes[at] === Char.bom) at++;
  draft.text = text.slice(at);
}

function takeBroken(draft: Draft, text: string, from: number): void {
  because(draft, 'bad_structured_data');
  draft.text = text.slice(text.charCodeAt(from) === Char.bom ? from + 1 : from);
}

/** Where a field that is followed by a space ends; -1 = it is none: empty, too long, with control characters, or the last. */
function fieldEnd(codes: Codes, from: number): number {
  const end = lastFieldEnd(codes, from);
  return end >= 0 && end < codes.length ? end : -1;
}

function lastFieldEnd(codes: Codes, from: number): number {
  const most = Math.min(codes.length, from + MAX_FIELD + 1);
  for (let at = from; at < most; at++) {
    const code = codes[at]!;
    if (code > Char.space && code !== Char.del) continue;
    return at > from && code === Char.space ? at : -1;
  }
  return most === codes.length && most > from && most - from <= MAX_FIELD ? most : -1;
}

function isNil(codes: Codes, from: number, end: number): boolean {
  return end === from + 1 && codes[from] === Char.dash;
}

/** Cisco Meraki: `<134>1 1605952800.123456789 MX84 flows …`: seconds since 1970, host, kind, and all the rest is text. */
function takeEpoch({ draft, text, codes }: Scan, from: number, end: number): boolean {
  if (end < from + 10 || codes[from + 4] === Char.dash) return false;
  const point = digitsEnd(text, from);
  if (point !== from + 10 || (point < end && (codes[point] !== Char.dot || digitsEnd(text, point + 1) !== end))) return false;
  const hostEnd = fieldEnd(codes, end + 1);
  const appEnd = hostEnd < 0 ? -1 : lastFieldEnd(codes, hostEnd + 1);
  if (appEnd < 0) return false;
  const us = Number(text.slice(from, point)) * 1_000_000 + Number(text.slice(point + 1, Math.min(end, point + 7)).padEnd(6, '0'));
  if (!Number.isSafeInteger(us)) return false;
  draft.sentAtUs = us;
  if (!isNil(codes, end + 1, hostEnd)) draft.host = text.slice(end + 1, hostEnd);
  if (!isNil(codes, hostEnd + 1, appEnd)) draft.app = text.slice(hostEnd + 1, appEnd);
  draft.text = text.slice(skipSpaces(text, appEnd));
  return true;
}

type Element = Record<string, string | string[]>;

/**
 * What a name from outside may be a key of: no prototype, since a parameter may well be called __proto__. Made by `new` rather than by
 * Object.create(null), whose objects are hash tables from the start (V8) and cost three times as much.
 */
const Bag = function Bag() {} as unknown as new () => Record<string, never>;
Bag.prototype = Object.create(null);

/** What cannot be in a name, by code. */
const ENDS_NAME = Uint8Array.from({ length: 0x80 }, (_, code) =>
  code <= Char.space || code === Char.equals || code === Char.close || code === Char.quote || code === Char.del ? 1 : 0,
);

interface KeptName {
  readonly name: string;
  readonly codes: Codes;
}

/**
 * Names that came before, each in its place. The same few come with every message, and a property's name that is met for the
 * first time must be looked up among all strings of the program: half of what a parameter costs.
 */
const NAMES = new Array<KeptName>(1_024).fill({ name: '', codes: new Uint8Array(0) });
const MAX_KEPT = 64;

/** RFC 5424 6.3: `[id name="value" …]…`; in a value `\`, `"` and `]` are escaped. */
class DataReader {
  readonly data: StructuredData;
  readonly #data: Record<string, Element>;
  readonly #text: string;
  readonly #codes: Codes;
  #at: number;

  constructor(text: string, codes: Codes, at: number) {
    this.#text = text;
    this.#codes = codes;
    this.#at = at;
    this.data = this.#data = new Bag();
  }

  /** @returns where it ends; -1 = it is broken. */
  read(): number {
    const codes = this.#codes;
    while (codes[this.#at] === Char.open) if (!this.#element()) return -1;
    return this.#at === codes.length || codes[this.#at] === Char.space ? this.#at : -1;
  }

  #element(): boolean {
    const id = this.#name(this.#at + 1);
    if (id === null) return false;
    const element: Element = (this.#data[id] ??= new Bag());
    while (this.#codes[this.#at] === Char.space) if (!this.#parameter(element)) return false;
    if (this.#codes[this.#at] !== Char.close) return false;
    this.#at++;
    return true;
  }

  #parameter(element: Element): boolean {
    const name = this.#name(this.#at + 1);
    const at = this.#at;
    if (name === null || this.#codes[at] !== Char.equals || this.#codes[at + 1] !== Char.quote) return false;
    const value = this.#value(at + 2);
    if (value === null) return false;
    const before = element[name];
    if (before === undefined) element[name] = value;
    else if (typeof before === 'string') element[name] = [before, value];
    else before.push(value);
    return true;
  }

  #name(from: number): string | null {
    const codes = this.#codes;
    let at = from;
    while (at < codes.length && (codes[at]! >= ENDS_NAME.length || ENDS_NAME[codes[at]!] === 0)) at++;
    this.#at = at;
    const length = at - from;
    if (length === 0 || length > MAX_FIELD) return null;
    if (length > MAX_KEPT) return this.#text.slice(from, at);
    // Its ends, its middle and its length tell the names of one program apart; another name in its place only costs a copy.
    const place = (codes[from]! * 31 + codes[at - 1]! * 17 + codes[(from + at) >> 1]! * 7 + length) & (NAMES.length - 1);
    const kept = NAMES[place]!;
    if (kept.codes.length === length && this.#isAt(kept.codes, from)) return kept.name;
    const name = this.#text.slice(from, at);
    NAMES[place] = { name, codes: codes.slice(from, at) };
    return name;
  }

  #isAt(wanted: Codes, from: number): boolean {
    const codes = this.#codes;
    for (let at = 0; at < wanted.length; at++) if (wanted[at] !== codes[from + at]) return false;
    return true;
  }

  #value(from: number): string | null {
    const codes = this.#codes;
    let escapes = false;
    for (let at = from; at < codes.length; at++) {
      const code = codes[at]!;
      if (code === Char.quote) {
        this.#at = at + 1;
        const value = this.#text.slice(from, at);
        return escapes ? value.replace(/\\(["\\\]])/g, '$1') : value;
      }
      if (code === Char.backslash) {
        escapes = true;
        at++;
      }
    }
    return null;
  }
}
