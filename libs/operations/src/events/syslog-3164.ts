import { Char, digitsEnd, isAlnum, isDigit, skipSpaces, wordEnd } from './scan.js';
import { because, type Draft, MAX_FIELD, type Scan } from './syslog-draft.js';
import { takePairs } from './syslog-pairs.js';
import { mnemonicEnd, severityWordEnd, takeKindOfText, takeReportTime } from './syslog-vendors.js';
import { type FoundTime, readTime } from './timestamp.js';

/** RFC 3164 4.1.3 allows 32 alphanumerics; paths and unit names are seen too. */
const MAX_TAG = 64;
const MAX_PROC_ID = 32;
const FORWARDED = 'Message forwarded from ';
const REPEATED = 'last message repeated ';

/** RFC 3164 as it is found in the wild: what it lacks is null, what is not understood is text. */
export function take3164(scan: Scan, from: number): void {
  const { draft, text, context } = scan;
  // Some put a space between PRI and time.
  const at = skipSpaces(text, from);
  const time = readTime(text, at, context);
  if (time !== null) takeBehindTime(scan, time, null);
  else if (!takeCiscoLead(scan, at)) takeWithoutTime(scan, from);
  if (draft.app !== null || draft.sentAtUs !== null) takeKindOfText(draft);
}

function takeWithoutTime(scan: Scan, from: number): void {
  const { draft, text } = scan;
  if (takePairs(scan, from)) return;
  if (takeReportTime(scan, from)) return;
  if (draft.reason === null || !draft.reason.endsWith('empty')) because(draft, 'no_timestamp');
  // Without PRI and without a time only a mnemonic says that this is syslog: all of it is text.
  if (draft.severity !== null || text.charCodeAt(from) === Char.percent) takeTag(draft, text, from, false);
  else draft.text = text.slice(text.charCodeAt(0) === Char.bom ? 1 : 0);
}

function takeBehindTime(scan: Scan, time: FoundTime, leadHost: string | null): void {
  const { draft, text } = scan;
  draft.sentAtUs = time.atUs;
  if (time.colon || leadHost !== null) {
    draft.host = leadHost;
    takeTag(draft, text, skipSpaces(text, time.end), true);
  } else if (text.charCodeAt(time.end) === Char.space) takeHostAndTag(draft, text, time.end + 1);
  else takeTag(draft, text, time.end, false);
}

/**
 * What Cisco puts before the time: `45: ` (a sequence number), `: ` (NX-OS, ASA's EMBLEM), the host `r1: `, the node of IOS XR
 * `RP/0/RSP0/CPU0:`, and a mark (`*`: the clock is not set, `.`: not in sync). Instead of the time there may be none, or the time
 * since the start (`1w2d: `, `00:01:12: `).
 * @returns false when there is none of it.
 */
function takeCiscoLead(scan: Scan, from: number): boolean {
  const { text, context } = scan;
  let at = from;
  const numberEnd = digitsEnd(text, at);
  if (text.charCodeAt(at) === Char.colon) at = skipSpaces(text, at + 1);
  else if (numberEnd > at && numberEnd - at <= 10 && text.startsWith(': ', numberEnd)) at = skipSpaces(text, numberEnd + 2);
  const direct = readTime(text, behindMark(text, at), context);
  if (direct !== null) return takeLeadTime(scan, direct, null);
  if (at > from && takeUptime(scan, at, null)) return true;
  const host = leadHost(text, at);
  if (host === null) return false;
  const time = readTime(text, behindMark(text, host.end), context);
  if (time !== null) return takeLeadTime(scan, time, host.name);
  return at > from && takeUptime(scan, host.end, host.name);
}

function takeLeadTime(scan: Scan, time: FoundTime, host: string | null): true {
  takeBehindTime(scan, time, host);
  return true;
}

function behindMark(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return code === Char.star || code === Char.dot ? at + 1 : at;
}

/** `r1: ` or `RP/0/RSP0/CPU0:` or `r1 RP/0/RSP0/CPU0:`; the node of IOS XR is the host when nothing else is. */
function leadHost(text: string, at: number): { readonly name: string; readonly end: number } | null {
  const end = hostEnd(text, at);
  if (end === at) return null;
  // The colon was taken for a part of the host: IPv6 addresses have them.
  if (text.charCodeAt(end - 1) === Char.colon)
    return end > at + 1 && text.charCodeAt(end) === Char.space ? { name: text.slice(at, end - 1), end: end + 1 } : null;
  if (text.charCodeAt(end) === Char.slash) {
    const node = nodeEnd(text, at);
    return node < 0 ? null : { name: text.slice(at, node - 1), end: node };
  }
  const node = text.charCodeAt(end) === Char.space ? nodeEnd(text, end + 1) : -1;
  return node < 0 ? null : { name: text.slice(at, end), end: node };
}

/** IOS XR's node, `RP/0/RSP0/CPU0:`. @returns behind its colon; -1 = none. */
function nodeEnd(text: string, from: number): number {
  let slashes = 0;
  for (let at = from; at < from + MAX_TAG; at++) {
    const code = text.charCodeAt(at);
    if (code === Char.slash) slashes++;
    else if (code === Char.colon) return slashes >= 2 ? at + 1 : -1;
    else if (!isAlnum(code)) return -1;
  }
  return -1;
}

/** `1w2d: %LINK…`, `00:01:12: %SYS…` or nothing before the mnemonic: when the message was sent is not said. */
function takeUptime(scan: Scan, from: number, host: string | null): boolean {
  const { draft, text } = scan;
  let at = behindMark(text, from);
  let digits = false;
  for (; at < from + 20; at++) {
    const code = text.charCodeAt(at);
    if (isDigit(code)) digits = true;
    else if (code === Char.colon && text.charCodeAt(at + 1) === Char.space) break;
    // y, w, d, h: years, weeks, days, hours.
    else if (code !== Char.colon && code !== Char.dot && code !== 0x79 && code !== 0x77 && code !== 0x64 && code !== 0x68) break;
  }
  const uptime = digits && text.startsWith(': %', at);
  const tag = tagAt(text, uptime ? at + 2 : from, true);
  if (tag === null || mnemonicEnd(tag.app, 0) !== tag.app.length) return false;
  because(draft, uptime ? 'uptime_only' : 'no_timestamp');
  draft.host = host;
  setTag(draft, text, tag);
  return true;
}

/** The word behind the time is the host, unless it is the tag: a tag ends with a colon or has a process id. */
function takeHostAndTag(draft: Draft, text: string, from: number): void {
  const at = skipSpaces(text, from);
  if (text.startsWith(REPEATED, at)) return takeTag(draft, text, at, false);
  if (text.startsWith(FORWARDED, at) && takeForwarded(draft, text, at + FORWARDED.length)) return;
  const start = text.startsWith('slot', at) ? slotEnd(text, at) : at;
  const end = hostEnd(text, start);
  const last = text.charCodeAt(end - 1);
  // A host that is not known is a dash.
  if (end === start && text.startsWith('- ', at)) return takeTag(draft, text, at + 2, true);
  if (end === start || text.charCodeAt(end) !== Char.space || last === Char.colon) return takeTag(draft, text, at, false);
  draft.host = text.slice(start, end);
  const next = end + 1;
  // ASA with its device-id: `fw1 : %ASA-6-302013: …`.
  takeTag(draft, text, text.startsWith(': %', next) ? next + 2 : next, true);
}

/** AIX: `Message forwarded from aix1: sshd[1]: …`. */
function takeForwarded(draft: Draft, text: string, from: number): boolean {
  const end = hostEnd(text, from);
  if (end - 1 <= from || text.charCodeAt(end - 1) !== Char.colon || text.charCodeAt(end) !== Char.space) return false;
  draft.host = text.slice(from, end - 1);
  takeTag(draft, text, end + 1, true);
  return true;
}

/** F5 on a chassis writes `slot1/bigip1`. */
function slotEnd(text: string, at: number): number {
  const end = digitsEnd(text, at + 4);
  return end > at + 4 && text.charCodeAt(end) === Char.slash ? end + 1 : at;
}

/** Letters, digits and `_.:%-`; begins with none of the last four but IPv6's colon. @returns `from` when there is none. */
function hostEnd(text: string, from: number): number {
  const first = text.charCodeAt(from);
  if (first === Char.dot || first === Char.percent || first === Char.dash) return from;
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (
      !isAlnum(code) &&
      code !== Char.dash &&
      code !== Char.dot &&
      code !== Char.colon &&
      code !== 0x5f &&
      code !== Char.percent
    )
      break;
    at++;
  }
  return at - from > MAX_FIELD ? from : at;
}

/**
 * A program's name as programs sign, its process id in brackets, a colon.
 * @param behindHost the header is whole: then the colon needs no space behind it.
 */
function takeTag(draft: Draft, text: string, from: number, behindHost: boolean): void {
  const tag = tagAt(text, from, behindHost) ?? tagAt(text, severityWordEnd(draft, text, from), behindHost);
  if (tag === null) {
    draft.text = text.slice(from);
    return;
  }
  setTag(draft, text, tag);
}

function setTag(draft: Draft, text: string, tag: Tag): void {
  draft.app = tag.app;
  draft.procId = tag.procId;
  draft.text = text.slice(text.charCodeAt(tag.end) === Char.bom ? tag.end + 1 : tag.end);
}

interface Tag {
  readonly app: string;
  readonly procId: string | null;
  readonly end: number;
}

/** @param from -1 = there is none. */
function tagAt(text: string, from: number, behindHost: boolean): Tag | null {
  if (from < 0) return null;
  let at = from;
  while (isTagCharacter(text.charCodeAt(at))) at++;
  if (at === from || at - from > MAX_TAG) return null;
  const appEnd = at;
  let procId: string | null = null;
  if (text.charCodeAt(at) === Char.open) {
    const close = procIdEnd(text, at + 1);
    if (close < 0) return null;
    procId = text.slice(at + 1, close);
    at = close + 1;
    // Some leave the colon out when there is a process id.
    if (text.charCodeAt(at) === Char.space && digitsEnd(text, appEnd + 1) === close)
      return { app: text.slice(from, appEnd), procId, end: at + 1 };
  } else if (text.startsWith(' : ', at) && mnemonicEnd(text, from) === at) {
    // IOS XR puts a space before the colon of a mnemonic.
    return { app: text.slice(from, appEnd), procId, end: at + 3 };
  }
  if (text.charCodeAt(at) !== Char.colon) return null;
  const end = colonOfTag(text, at, procId !== null, behindHost);
  return end < 0 ? null : { app: text.slice(from, appEnd), procId, end };
}

/** @returns where the text behind the tag's colon begins; -1 = that colon ends no tag: `http://…`, `10:00`, `C:\\…`. */
function colonOfTag(text: string, colon: number, hasProcId: boolean, behindHost: boolean): number {
  if (colon + 1 >= text.length) return colon + 1;
  const code = text.charCodeAt(colon + 1);
  if (code === Char.space) return colon + 2;
  if (hasProcId) return colon + 1;
  return behindHost && code !== Char.slash && code !== Char.backslash && code !== Char.colon && !isDigit(code) ? colon + 1 : -1;
}

function isTagCharacter(code: number): boolean {
  return (
    isAlnum(code) ||
    code === Char.dash ||
    code === Char.dot ||
    code === 0x5f ||
    code === Char.slash ||
    code === 0x40 ||
    code === Char.percent
  );
}

/** 1..32 characters without space; -1 = none. */
function procIdEnd(text: string, from: number): number {
  const end = Math.min(wordEnd(text, from), from + MAX_PROC_ID + 1);
  for (let at = from; at < end; at++) if (text.charCodeAt(at) === Char.close) return at > from ? at : -1;
  return -1;
}
