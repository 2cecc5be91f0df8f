import { daysIn } from '../time/months.js';
import { fromLocalUs, namedOffsetUs, zoneOffsetUs } from '../time/time-zone.js';
import { Char, digitsEnd, fourDigits, isDigit, isUpper, twoDigits } from './scan.js';

/** A time found in a text. */
export interface FoundTime {
  readonly atUs: number;
  /** Where it ends, with its zone. */
  readonly end: number;
  /** A colon ended it, as Cisco does; `end` is behind it and its space. */
  readonly colon: boolean;
}

/** What a time that says less than everything is completed with. */
export interface TimeContext {
  readonly receivedAtUs: number;
  /** IANA name; missing = UTC. */
  readonly timeZone?: string | undefined;
}

const DAY_US = 86_400_000_000;
/** Beyond, microseconds are no safe integers. */
const LAST_YEAR = 2254;
const HALF_YEAR_US = 182 * DAY_US;

/** RFC 3339, RFC 3164, or what Cisco makes of it, whichever begins at `at`. null = none, or no such date. */
export function readTime(text: string, at: number, context: TimeContext): FoundTime | null {
  const first = text.charCodeAt(at);
  if (isUpper(first)) return bsdTime(text, at, -1, context);
  if (!isDigit(first)) return null;
  // NX-OS puts the year first: 2026 Nov 21 10:00:00.
  if (text.charCodeAt(at + 4) === Char.space) {
    const year = fourDigits(text, at);
    return year < 0 || !isUpper(text.charCodeAt(at + 5)) ? null : bsdTime(text, at + 5, year, context);
  }
  const time = isoTime(text, at, context);
  if (time === null || time.colon) return time;
  const end = colonEnd(text, time.end);
  return end < 0 ? time : { atUs: time.atUs, end, colon: true };
}

/**
 * RFC 3339 (`T` or a space, point or comma) and 2026/11/21. Without an offset it is a wall clock of the context's zone.
 * @param bare what follows is no part of it, even if it could be the name of a zone.
 */
export function isoTime(text: string, at: number, context: TimeContext, bare = false): FoundTime | null {
  const between = text.charCodeAt(at + 4);
  if ((between !== Char.dash && between !== Char.slash) || text.charCodeAt(at + 7) !== between) return null;
  const divider = text.charCodeAt(at + 10);
  if (divider !== 0x54 && divider !== 0x74 && divider !== Char.space) return null;
  const day = daysOf(fourDigits(text, at), twoDigits(text, at + 5), twoDigits(text, at + 8));
  const clock = clockUs(text, at + 11);
  if (Number.isNaN(day) || clock < 0) return null;
  let end = at + 19;
  let us = day * DAY_US + clock;
  const point = text.charCodeAt(end);
  if ((point === Char.dot || point === Char.comma) && isDigit(text.charCodeAt(end + 1))) {
    us += fractionUs(text, end + 1);
    end = fractionEnd(text, end + 1);
  }
  const sign = text.charCodeAt(end);
  if (sign === 0x5a || sign === 0x7a) return { atUs: us, end: end + 1, colon: false };
  if (sign === 0x2b || sign === Char.dash) {
    const minutes = text.charCodeAt(end + 3) === Char.colon ? end + 4 : end + 3;
    const hour = twoDigits(text, end + 1);
    const minute = twoDigits(text, minutes);
    if (hour >= 0 && minute >= 0) {
      const offset = (hour * 60 + minute) * 60_000_000;
      return { atUs: sign === Char.dash ? us + offset : us - offset, end: minutes + 2, colon: false };
    }
  }
  if (bare) return { atUs: fromLocalUs(us, context.timeZone, context.receivedAtUs), end, colon: false };
  return withZone(text, end, us, context);
}

/**
 * RFC 3164's time, which says neither year nor zone, and what Cisco makes of it: a year before or behind the clock, a fraction, the
 * name of a zone, a colon.
 * @param said the year that came before it; -1 = none did.
 */
function bsdTime(text: string, at: number, said: number, context: TimeContext): FoundTime | null {
  const month = monthAt(text, at);
  if (month === 0 || text.charCodeAt(at + 3) !== Char.space) return null;
  const dayAt = text.charCodeAt(at + 4) === Char.space ? at + 5 : at + 4;
  let day = twoDigits(text, dayAt);
  let next = dayAt + 2;
  if (day < 0) {
    if (!isDigit(text.charCodeAt(dayAt))) return null;
    day = text.charCodeAt(dayAt) - Char.zero;
    next = dayAt + 1;
  }
  if (text.charCodeAt(next++) !== Char.space) return null;
  let year = said;
  if (year < 0 && text.charCodeAt(next + 4) === Char.space && (year = fourDigits(text, next)) >= 0) next += 5;
  const clock = clockUs(text, next);
  if (clock < 0) return null;
  let end = next + 8;
  let us = clock;
  if (text.charCodeAt(end) === Char.dot && isDigit(text.charCodeAt(end + 1))) {
    us += fractionUs(text, end + 1);
    end = fractionEnd(text, end + 1);
  }
  if (year < 0) {
    const behind = yearBehind(text, end);
    if (behind >= 0) {
      year = behind;
      end += 5;
    }
  }
  const local = year >= 0 ? daysOf(year, month, day) * DAY_US + us : nearestYear(month, day, us, context);
  return Number.isNaN(local) ? null : withZone(text, end, local, context);
}

/** ` 2026` with a space, a colon and a space, or a last colon behind it; -1 = none. `2001:db8::1` is a host. */
function yearBehind(text: string, at: number): number {
  if (text.charCodeAt(at) !== Char.space) return -1;
  return text.charCodeAt(at + 5) === Char.space || colonEnd(text, at + 5) >= 0 ? fourDigits(text, at + 1) : -1;
}

/**
 * The rule for the year that a message does not say: the one that brings its time nearest to the time of receipt, on the clock of the
 * source's zone; of the year of receipt, the one before and the one after, leaving out years that don't have the day (29 February). So
 * a message of 31 December that arrives on 1 January belongs to the old year, and a clock that is a little ahead at midnight to the new one.
 * @returns µs on the wall clock of the zone; NaN = no near year has the day.
 */
function nearestYear(month: number, day: number, clock: number, context: TimeContext): number {
  const received = context.receivedAtUs + zoneOffsetUs(context.timeZone, context.receivedAtUs);
  const year = yearOf(received);
  const here = daysOf(year, month, day) * DAY_US + clock;
  if (Math.abs(here - received) <= HALF_YEAR_US) return here;
  let best = Number.NaN;
  for (const one of [year - 1, year, year + 1]) {
    const at = daysOf(one, month, day) * DAY_US + clock;
    if (!Number.isNaN(at) && !(Math.abs(at - received) >= Math.abs(best - received))) best = at;
  }
  return best;
}

/**
 * The rule for the zone: an offset or an unambiguous name in the message, else the zone configured for its source, else UTC. It is never
 * guessed from the time of receipt: a message that waited in a queue for an hour would get the wrong zone.
 */
function withZone(text: string, at: number, localUs: number, context: TimeContext): FoundTime {
  const nameAt = text.charCodeAt(at) === Char.space ? at + 1 : at;
  let nameEnd = nameAt;
  while (nameEnd - nameAt < 6 && isUpper(text.charCodeAt(nameEnd))) nameEnd++;
  const named = nameAt > at && nameEnd - nameAt >= 2 && nameEnd - nameAt <= 5;
  const colon = colonEnd(text, named ? nameEnd : at);
  if (named && (colon >= 0 || text.charCodeAt(nameEnd) === Char.space)) {
    const offset = namedOffsetUs(text.slice(nameAt, nameEnd));
    if (offset !== undefined) return { atUs: localUs - offset, end: colon >= 0 ? colon : nameEnd, colon: colon >= 0 };
  }
  const atUs = fromLocalUs(localUs, context.timeZone, context.receivedAtUs);
  // A name that we don't know is a zone where Cisco's mnemonic follows it, else it is a tag: `Nov 21 10:00:00 CRON: …`.
  const ends = colon >= 0 && (!named || text.charCodeAt(colon) === Char.percent);
  return ends ? { atUs, end: colon, colon: true } : { atUs, end: at, colon: false };
}

/** Behind `: ` or a last `:`; -1 = there is none. */
function colonEnd(text: string, at: number): number {
  if (text.charCodeAt(at) !== Char.colon) return -1;
  if (at + 1 === text.length) return at + 1;
  return text.charCodeAt(at + 1) === Char.space ? at + 2 : -1;
}

/** hh:mm:ss in µs, -1 = none. A leap second (60) becomes the second after. */
function clockUs(text: string, at: number): number {
  const hour = twoDigits(text, at);
  const minute = twoDigits(text, at + 3);
  const second = twoDigits(text, at + 6);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return -1;
  if (text.charCodeAt(at + 2) !== Char.colon || text.charCodeAt(at + 5) !== Char.colon) return -1;
  return (hour * 3600 + minute * 60 + second) * 1_000_000;
}

/** Up to nine digits; what is finer than a microsecond is dropped. */
function fractionUs(text: string, at: number): number {
  let us = 0;
  for (let place = 100_000, digit = at; place >= 1 && isDigit(text.charCodeAt(digit)); place /= 10, digit++)
    us += (text.charCodeAt(digit) - Char.zero) * place;
  return us;
}

function fractionEnd(text: string, at: number): number {
  return Math.min(digitsEnd(text, at), at + 9);
}

/** 1..12; 0 = no month's name. */
function monthAt(text: string, at: number): number {
  switch ((text.charCodeAt(at) << 16) | (text.charCodeAt(at + 1) << 8) | text.charCodeAt(at + 2)) {
    case 0x4a616e:
      return 1;
    case 0x466562:
      return 2;
    case 0x4d6172:
      return 3;
    case 0x417072:
      return 4;
    case 0x4d6179:
      return 5;
    case 0x4a756e:
      return 6;
    case 0x4a756c:
      return 7;
    case 0x417567:
      return 8;
    case 0x536570:
      return 9;
    case 0x4f6374:
      return 10;
    case 0x4e6f76:
      return 11;
    case 0x446563:
      return 12;
    default:
      return 0;
  }
}

/** Days since 1970-01-01; NaN = no such date, or none that we can count in µs. */
function daysOf(year: number, month: number, day: number): number {
  if (year < 1970 || year > LAST_YEAR || month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return Number.NaN;
  // Counted from March, so that the odd day comes last: Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  const y = month > 2 ? year : year - 1;
  const dayOfYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  return 365 * y + ((y / 4) | 0) - ((y / 100) | 0) + ((y / 400) | 0) + dayOfYear - 719_468;
}

function yearOf(us: number): number {
  const guess = 1970 + Math.floor(us / (365.2425 * DAY_US));
  if (guess < 1970 || guess >= LAST_YEAR) return new Date(us / 1_000).getUTCFullYear();
  if (us < daysOf(guess, 1, 1) * DAY_US) return guess - 1;
  return us >= daysOf(guess + 1, 1, 1) * DAY_US ? guess + 1 : guess;
}
