import type { ParsedMessage } from './record.js';
import { Char, isDigit } from './scan.js';
import { take3164 } from './syslog-3164.js';
import { take5424 } from './syslog-5424.js';
import { because, codesOf, type Draft } from './syslog-draft.js';
import { type Charset, readableText } from './text.js';

/** What is known of a source and not said in its messages. */
export interface ParseOptions {
  /** What its bytes mean when they are no UTF-8; missing: they are shown escaped. */
  readonly charset?: Charset | undefined;
  /** IANA name for times that say no zone; missing: UTC. */
  readonly timeZone?: string | undefined;
}

const NOTHING_KNOWN: ParseOptions = {};
const MAX_PRI = 191;

/**
 * Whatever a syslog sender says, without its transport framing. Never fails.
 *
 * RFC 5424 when `<PRI>1 ` begins it, else RFC 3164 as it is found in the wild: no PRI, no time, no host, no tag, ISO times, and what
 * vendors make of it (docs/formats.md).
 * @param receivedAtUs only for the year of a time that says none, and for an hour that comes twice.
 */
export function parseSyslog(raw: Uint8Array, receivedAtUs: number, options: ParseOptions = NOTHING_KNOWN): ParsedMessage {
  const { text, valid } = readableText(raw, options.charset);
  const begin = text.charCodeAt(0) === Char.bom ? 1 : 0;
  // Written out: spread copies would cost as much as the whole header.
  const draft: Draft = {
    facility: null,
    severity: null,
    host: null,
    app: null,
    procId: null,
    msgId: null,
    sentAtUs: null,
    structured: null,
    varbinds: null,
    text: '',
    reason: valid ? null : options.charset === undefined || options.charset === 'utf-8' ? 'not_utf8' : `not_${options.charset}`,
  };
  // A valid text is never longer than its bytes, and as long only when every byte is a character.
  const codes = codesOf(raw, text, valid && text.length === raw.length);
  const scan = { draft, text, codes, context: { receivedAtUs, timeZone: options.timeZone } };
  const at = takePri(draft, text, begin);
  if (!(draft.severity !== null && take5424(scan, at))) take3164(scan, at);
  draft.text = withoutLineEnd(draft.text);
  return draft;
}

/** Longest PRI: `<191>`. RFC 5424 6.2.1. @returns where the rest begins. */
function takePri(draft: Draft, text: string, begin: number): number {
  let at = begin + 1;
  let value = 0;
  while (at < begin + 4 && isDigit(text.charCodeAt(at))) value = value * 10 + text.charCodeAt(at++) - Char.zero;
  if (text.charCodeAt(begin) !== Char.less || at === begin + 1 || text.charCodeAt(at) !== Char.greater) {
    because(draft, isBlank(text, begin) ? 'empty' : 'no_pri');
    return begin;
  }
  if (value > MAX_PRI) {
    because(draft, 'bad_pri');
    return begin;
  }
  draft.facility = value >> 3;
  draft.severity = value & 7;
  return at + 1;
}

function isBlank(text: string, begin: number): boolean {
  for (let at = begin; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== Char.space && !(code >= 0x09 && code <= 0x0d)) return false;
  }
  return true;
}

/** A line's end is framing that some senders leave in a datagram; the raw bytes keep it. */
function withoutLineEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === Char.lf || text.charCodeAt(end - 1) === Char.cr)) end--;
  return end === text.length ? text : text.slice(0, end);
}
