import { Char, digitsEnd, isAlnum, isDigit, isUpper } from './scan.js';
import type { Draft, Scan } from './syslog-draft.js';
import { isoTime } from './timestamp.js';

const SEVERITY_WORDS = [
  ['emerg'],
  ['alert'],
  ['crit'],
  ['err', 'error'],
  ['warning', 'warn'],
  ['notice'],
  ['info'],
  ['debug'],
] as const;

/** What is longer is no name, and would not fit into an index. */
const MAX_MNEMONIC = 64;

/**
 * F5 writes the severity's name before the tag: `bigip1 notice mcpd[4567]: …`. Only the name of the severity that PRI says is taken:
 * nothing is lost with it.
 * @returns behind the word; -1 = there is none.
 */
export function severityWordEnd(draft: Draft, text: string, from: number): number {
  if (draft.severity === null) return -1;
  for (const word of SEVERITY_WORDS[draft.severity]!)
    if (text.startsWith(word, from) && text.charCodeAt(from + word.length) === Char.space) return from + word.length + 1;
  return -1;
}

/** Cisco's `%FACILITY-SEVERITY-NAME`, also `%ASA-session-6-302013`. @returns where it ends; -1 = there is none. */
export function mnemonicEnd(text: string, from: number): number {
  if (text.charCodeAt(from) !== Char.percent) return -1;
  let at = from + 1;
  let severity = false;
  for (; isAlnum(text.charCodeAt(at)) || text.charCodeAt(at) === Char.dash || text.charCodeAt(at) === 0x5f; at++)
    if (text.charCodeAt(at) === Char.dash && isSeverity(text, at + 1)) severity = true;
  return severity && at - from <= MAX_MNEMONIC ? at : -1;
}

/** `6-` */
function isSeverity(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= Char.zero && code <= 0x37 && text.charCodeAt(at + 1) === Char.dash;
}

/** What the text says about its kind by the vendor's own rules goes to `msgId`, what it says of the severity where PRI was missing to `severity`; the text stays whole. */
export function takeKindOfText(draft: Draft): void {
  const { app, text } = draft;
  if (draft.severity === null && app !== null && app.charCodeAt(0) === Char.percent) draft.severity = mnemonicSeverity(app);
  if (draft.msgId !== null) return;
  const first = text.charCodeAt(0);
  if (first === Char.percent) {
    const end = mnemonicEnd(text, 0);
    if (end > 0) {
      draft.msgId = text.slice(0, end);
      if (draft.severity === null) draft.severity = mnemonicSeverity(draft.msgId);
    }
  } else if (isUpper(first)) draft.msgId = juniperTag(text);
  else if (isDigit(first)) draft.msgId = f5Code(text) ?? reportType(text);
  else if (first === Char.open) draft.msgId = solarisId(text);
}

function mnemonicSeverity(mnemonic: string): number | null {
  if (mnemonicEnd(mnemonic, 0) !== mnemonic.length) return null;
  for (let at = 1; at < mnemonic.length; at++)
    if (mnemonic.charCodeAt(at) === Char.dash && isSeverity(mnemonic, at + 1)) return mnemonic.charCodeAt(at + 1) - Char.zero;
  return null;
}

/** Juniper's event name, `RPD_BGP_NEIGHBOR_STATE_CHANGED: …`: upper case with at least one underscore, then a colon. */
function juniperTag(text: string): string | null {
  let underscores = 0;
  for (let at = 0; at < 64; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5f) underscores++;
    else if (code === Char.colon) return underscores > 0 && text.charCodeAt(at + 1) === Char.space ? text.slice(0, at) : null;
    else if (!isUpper(code) && !isDigit(code)) return null;
  }
  return null;
}

/** F5: `01070417:5: …`, eight hexadecimal digits and the severity. */
function f5Code(text: string): string | null {
  for (let at = 0; at < 8; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code) && !(code >= 0x61 && code <= 0x66)) return null;
  }
  return text.charCodeAt(8) === Char.colon && isDigit(text.charCodeAt(9)) && text.charCodeAt(10) === Char.colon
    ? text.slice(0, 8)
    : null;
}

/** Solaris: `[ID 366847 auth.notice] …`. */
function solarisId(text: string): string | null {
  if (!text.startsWith('[ID ')) return null;
  const end = digitsEnd(text, 4);
  return end > 4 && end - 4 <= 10 && text.charCodeAt(end) === Char.space ? text.slice(4, end) : null;
}

/** Palo Alto: `1,2026/11/21 10:00:00,001801000001,TRAFFIC,end,…`: the kind of report is the fourth field. */
function reportType(text: string): string | null {
  const time = reportTimeAt(text, 0);
  if (time < 0) return null;
  const serial = text.indexOf(',', time);
  const type = text.indexOf(',', serial + 1) + 1;
  if (serial < 0 || type === 0 || type - serial > 64) return null;
  let end = type;
  while (isUpper(text.charCodeAt(end)) || text.charCodeAt(end) === Char.dash) end++;
  return end > type && end - type <= 32 && text.charCodeAt(end) === Char.comma ? text.slice(type, end) : null;
}

/** @returns where the time of receipt in a Palo Alto report begins; -1 = this is none. */
function reportTimeAt(text: string, from: number): number {
  const end = digitsEnd(text, from);
  const at = end + 1;
  const slashes = text.charCodeAt(at + 4) === Char.slash && text.charCodeAt(at + 7) === Char.slash;
  return end > from &&
    end - from <= 2 &&
    text.charCodeAt(end) === Char.comma &&
    slashes &&
    text.charCodeAt(at + 19) === Char.comma
    ? at
    : -1;
}

/** A Palo Alto report without syslog's header says the time in its second field. */
export function takeReportTime({ draft, text, context }: Scan, from: number): boolean {
  const at = isDigit(text.charCodeAt(from)) ? reportTimeAt(text, from) : -1;
  // A comma behind the seconds begins the next field here, no fraction.
  const time = at < 0 ? null : isoTime(text.slice(at, at + 19), 0, context);
  if (time === null) return false;
  draft.sentAtUs = time.atUs;
  draft.text = text.slice(from);
  return true;
}
