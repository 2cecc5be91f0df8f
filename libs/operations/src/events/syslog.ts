import type { ParsedMessage, StructuredData } from './record.js';
import { readableText } from './text.js';
import { bsdTime, isoTime } from './timestamp.js';

type Draft = { -readonly [Key in keyof ParsedMessage]: ParsedMessage[Key] };

const BOM = '\uFEFF';
/** Longest PRI: `<191>`. RFC 5424 6.2.1. */
const PRI = /^<(\d{1,3})>/;
const HEAD_5424 = /^1 (\S+) (\S+) (\S+) (\S+) (\S+) ?/;
/** A program's name as programs sign: no spaces; then its process id, and a colon. RFC 3164 4.1.3 allows 32 alphanumerics; paths are seen too. */
const TAG = /^([A-Za-z0-9_./@%-]{1,64})(?:\[([^\]\s]{1,32})\])?:(?: |$)/;
/** Cisco IOS puts a sequence number and a mark (`*`: clock not set, `.`: not in sync) before the time. */
const CISCO_LEAD = /^(?:\d{1,10}: )?(?:[A-Za-z0-9_.-]{1,64}: )?[*.]?(?=[A-Z][a-z]{2} [ \d]\d )/;
const CISCO_ZONE = /^(?: [A-Z]{2,5})?:(?: |$)/;

/**
 * Whatever a syslog sender says, without its transport framing. Never fails.
 *
 * RFC 5424 when `<PRI>1 ` begins it, else RFC 3164 as it is found in the wild: no PRI, no time, no host, no tag, ISO times.
 * @param receivedAtUs only for the year of a time that says none.
 */
export function parseSyslog(raw: Uint8Array, receivedAtUs: number): ParsedMessage {
  const decoded = readableText(raw);
  const reasons: string[] = decoded.valid ? [] : ['not_utf8'];
  const whole = decoded.text.startsWith(BOM) ? decoded.text.slice(1) : decoded.text;
  const draft: Draft = {
    ...{ facility: null, severity: null, host: null, app: null, procId: null, msgId: null, sentAtUs: null },
    ...{ structured: null, varbinds: null, text: whole, reason: null },
  };
  const rest = takePri(draft, whole, reasons);
  if (!(rest.startsWith('1 ') && draft.severity !== null && parse5424(draft, rest, reasons)))
    parse3164(draft, rest, receivedAtUs, reasons);
  // A line's end is framing that some senders leave in a datagram; the raw bytes keep it.
  draft.text = draft.text.replace(/[\r\n]+$/, '');
  draft.reason = reasons.length === 0 ? null : reasons.join(',');
  return draft;
}

function takePri(draft: Draft, text: string, reasons: string[]): string {
  const found = PRI.exec(text);
  const value = found === null ? Number.NaN : Number(found[1]);
  if (found === null || value > 191) {
    reasons.push(text.trim() === '' ? 'empty' : found === null ? 'no_pri' : 'bad_pri');
    return text;
  }
  draft.facility = value >> 3;
  draft.severity = value & 7;
  return text.slice(found[0].length);
}

/** @returns false when it only looked like RFC 5424; nothing was taken then. */
function parse5424(draft: Draft, text: string, reasons: string[]): boolean {
  const found = HEAD_5424.exec(text);
  if (found === null) return false;
  const [head, time, host, app, procId, msgId] = found;
  const at = time === '-' ? null : isoTime(time!);
  if (time !== '-' && at?.length !== time!.length) reasons.push('bad_timestamp');
  draft.sentAtUs = at?.length === time!.length ? at.atUs : null;
  draft.host = nil(host!);
  draft.app = nil(app!);
  draft.procId = nil(procId!);
  draft.msgId = nil(msgId!);
  const rest = text.slice(head.length);
  const data = structuredData(rest);
  if (data === null) reasons.push('bad_structured_data');
  draft.structured = data?.data ?? null;
  const message = data === null ? rest : rest.slice(data.length).replace(/^ /, '');
  draft.text = message.startsWith(BOM) ? message.slice(1) : message;
  return true;
}

function nil(value: string): string | null {
  return value === '-' ? null : value;
}

const SD_NAME = /^[^\s="\]]{1,255}/;

/** RFC 5424 6.3: `-` or `[id name="value" …]…`; in a value `\`, `"` and `]` are escaped. null = broken. */
function structuredData(text: string): { readonly data: StructuredData | null; readonly length: number } | null {
  if (text === '' || text === '-' || text.startsWith('- ')) return { data: null, length: Math.min(1, text.length) };
  // No prototype: a parameter may well be called __proto__.
  const data: Record<string, Record<string, string | string[]>> = Object.create(null);
  let at = 0;
  while (text[at] === '[') {
    const id = SD_NAME.exec(text.slice(at + 1, at + 257))?.[0];
    if (id === undefined) return null;
    at += 1 + id.length;
    const element: Record<string, string | string[]> = (data[id] ??= Object.create(null));
    while (text[at] === ' ') {
      const parameter = sdParameter(text, at + 1);
      if (parameter === null) return null;
      const before = element[parameter.name];
      element[parameter.name] =
        before === undefined ? parameter.value : [...(Array.isArray(before) ? before : [before]), parameter.value];
      at = parameter.end;
    }
    if (text[at] !== ']') return null;
    at++;
  }
  return at === 0 || (at < text.length && text[at] !== ' ') ? null : { data, length: at };
}

function sdParameter(text: string, from: number): { readonly name: string; readonly value: string; readonly end: number } | null {
  const name = SD_NAME.exec(text.slice(from, from + 256))?.[0];
  if (name === undefined || text.slice(from + name.length, from + name.length + 2) !== '="') return null;
  const start = from + name.length + 2;
  for (let at = start; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return { name, value: text.slice(start, at).replace(/\\(["\\\]])/g, '$1'), end: at + 1 };
  }
  return null;
}

function parse3164(draft: Draft, text: string, receivedAtUs: number, reasons: string[]): void {
  const lead = CISCO_LEAD.exec(text)?.[0] ?? '';
  const behindLead = text.slice(lead.length);
  const time = bsdTime(behindLead, receivedAtUs) ?? isoTime(behindLead);
  if (time === null) {
    if (!reasons.includes('empty')) reasons.push('no_timestamp');
    // Without PRI and without a time nothing says that this is syslog: all of it is text.
    if (draft.severity !== null) takeTag(draft, text);
    else draft.text = text;
    return;
  }
  draft.sentAtUs = time.atUs;
  const behind = behindLead.slice(time.length);
  const ciscoZone = CISCO_ZONE.exec(behind)?.[0];
  if (ciscoZone !== undefined) {
    draft.host = /([A-Za-z0-9_.-]+): [*.]?$/.exec(lead.replace(/^\d+: /, ''))?.[1] ?? null;
    takeTag(draft, behind.slice(ciscoZone.length));
    return;
  }
  takeHostAndTag(draft, behind.replace(/^ /, ''));
}

/** The word behind the time is the host, unless it is the tag: a tag ends with a colon or has a process id. */
function takeHostAndTag(draft: Draft, text: string): void {
  const space = text.indexOf(' ');
  const word = space < 0 ? text : text.slice(0, space);
  const isHost = space > 0 && !/[:[\]]$/.test(word) && /^[A-Za-z0-9_.:%-]{1,255}$/.test(word);
  if (isHost) draft.host = word;
  takeTag(draft, isHost ? text.slice(space + 1) : text);
}

function takeTag(draft: Draft, text: string): void {
  const found = TAG.exec(text);
  draft.text = found === null ? text : text.slice(found[0].length);
  if (found === null) return;
  draft.app = found[1]!;
  draft.procId = found[2] ?? null;
}
