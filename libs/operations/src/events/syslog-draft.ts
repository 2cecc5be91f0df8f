import type { ParsedMessage } from './record.js';
import type { TimeContext } from './timestamp.js';

/** A message while it is being read. Every field is set at once in the beginning: all drafts have one shape. */
export type Draft = { -readonly [Key in keyof ParsedMessage]: ParsedMessage[Key] };

/** A field longer than this is no field. RFC 5424 6 allows 255 for the host, less for the others; an index over them must take every value. */
export const MAX_FIELD = 255;

/** The message's characters by place: its bytes when it is ASCII. Reading them costs a third of what charCodeAt does. */
export type Codes = Uint8Array | Uint16Array;

export interface Scan {
  readonly draft: Draft;
  readonly text: string;
  readonly codes: Codes;
  readonly context: TimeContext;
}

export function because(draft: Draft, reason: string): void {
  draft.reason = draft.reason === null ? reason : `${draft.reason},${reason}`;
}

/** @param plain every byte is one character of the text. */
export function codesOf(raw: Uint8Array, text: string, plain: boolean): Codes {
  if (plain) return raw;
  const codes = new Uint16Array(text.length);
  for (let at = 0; at < text.length; at++) codes[at] = text.charCodeAt(at);
  return codes;
}
