import { type CustomTrap, customTrapJson, customTraps } from '@yosugara/operations';
import type { Problem } from './http-answers.js';

/** What a request says besides its body. */
export interface CustomRequest {
  readonly url?: string | undefined;
  readonly contentType?: string | undefined;
}

/** The traps of one request, or what is wrong with it. Total. @param maxBytes of each trap as it is journaled */
export function customTrapsOf(
  { url = '', contentType = '' }: CustomRequest,
  body: Uint8Array,
  maxBytes: number,
): readonly CustomTrap[] | Problem {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return { status: 400, place: 'body', found: 'bytes that are no UTF-8', allowed: 'UTF-8' };
  }
  let document: unknown;
  try {
    document = /^text\/plain/i.test(contentType) ? textTrap(url, text) : JSON.parse(text);
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { status: 400, place: 'body', found, allowed: 'a JSON document' };
  }
  const outcome = customTraps(document);
  if (outcome.kind === 'wrong') return { status: 400, place: outcome.place, found: outcome.found, allowed: outcome.allowed };
  for (const [index, trap] of outcome.traps.entries()) {
    const bytes = Buffer.byteLength(customTrapJson(trap));
    if (bytes > maxBytes)
      return { status: 413, place: `trap ${index + 1}`, found: `${bytes} bytes`, allowed: `at most ${maxBytes} bytes` };
  }
  return outcome.traps;
}

/** A text has no names: they stand in the query, `?key=backup&facility=db1`. */
function textTrap(url: string, message: string): unknown {
  const query = new URLSearchParams(url.split('?')[1] ?? '');
  return { ...Object.fromEntries(query), key: query.get('key') ?? 'text', message };
}
