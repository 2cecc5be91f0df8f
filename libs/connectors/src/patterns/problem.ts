import type { PatternProblem } from '@yosugara/operations';
import { RE2JS, RE2JSSyntaxException } from 're2js';

/** Instructions of one compiled pattern: what one letter of a text can cost at most. */
export const MAX_PROGRAM = 2_000;
export const MAX_PATTERN_CHARS = 1_024;

const TOO_LARGE = `it is too large: with its counts written out it may have at most ${MAX_PROGRAM} steps`;
const HINTS: readonly (readonly [RegExp, string])[] = [
  [/^\(\?<?[=!]/, ' (what looks ahead or behind cannot be had in linear time)'],
  [/^\\[1-9]/, ' (what refers back to a group cannot be had in linear time)'],
  [/^\(\?>/, ' (atomic groups have no use here: nothing is ever tried twice)'],
];

export interface Wrong {
  readonly at: number | null;
  readonly says: string;
}

/** Before the engine sees it: what would take it long to refuse. */
export function wrongAtSight(regex: string): Wrong | null {
  if (regex.length > MAX_PATTERN_CHARS)
    return { at: MAX_PATTERN_CHARS, says: `It has ${regex.length} characters; at most ${MAX_PATTERN_CHARS} are allowed.` };
  const at = overflowAt(regex);
  return at === null ? null : { at, says: `At character ${at + 1}, ${TOO_LARGE}.` };
}

/** Of a pattern that compiled. */
export function wrongWhenCompiled(compiled: RE2JS): Wrong | null {
  return compiled.programSize() <= MAX_PROGRAM
    ? null
    : { at: null, says: `As a whole, ${TOO_LARGE}; it has ${compiled.programSize()}.` };
}

/** What the engine refused. @param compile throws as it did. */
export function wrongBecause(regex: string, error: unknown, compile: (regex: string) => unknown): Wrong {
  if (!(error instanceof RE2JSSyntaxException)) throw error;
  const why = error.getDescription();
  const end = shortestRefused(regex, why, compile);
  const piece = error.getPattern() ?? '';
  const at = why === 'missing closing )' ? openParenthesis(regex) : placeOf(regex, piece, end);
  const shown = (regex.startsWith(piece, at) && piece !== '' ? piece : regex.slice(at, end)).slice(0, 40);
  const hint = HINTS.find(([begins]) => begins.test(regex.slice(at)))?.[1] ?? '';
  return { at, says: `At character ${at + 1}, ${JSON.stringify(shown)}: ${why}${hint}.` };
}

/** Where the piece that the engine names is, so that its mistake shows no later than at `end`. */
function placeOf(regex: string, piece: string, end: number): number {
  const most = piece === '' ? end : end - piece.length - 1;
  for (let at = end - 1; at >= Math.max(0, most); at--) if (regex.startsWith(piece, at)) return at;
  return Math.max(0, end - 1);
}

/** The engine reads from left to right: whatever follows the mistake, it is the same one. So it ends where a shorter text has it not. */
function shortestRefused(regex: string, why: string, compile: (regex: string) => unknown): number {
  let [low, high] = [0, regex.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (refusal(regex.slice(0, middle), compile) === why) high = middle;
    else low = middle + 1;
  }
  return high;
}

function refusal(regex: string, compile: (regex: string) => unknown): string | null {
  try {
    compile(regex);
    return null;
  } catch (error) {
    return error instanceof RE2JSSyntaxException ? error.getDescription() : String(error);
  }
}

/** Walks over what is no single letter: escapes, classes, quoted text. @returns where the piece at `at` ends. */
function pieceEnd(regex: string, at: number): number {
  if (regex.startsWith('\\Q', at)) {
    const end = regex.indexOf('\\E', at + 2);
    return end < 0 ? regex.length : end + 2;
  }
  if (regex[at] === '\\') {
    const braced = /^\\[pPx]\{[^}]*\}/.exec(regex.slice(at, at + 64));
    return at + (braced?.[0].length ?? 2);
  }
  return regex[at] === '[' ? classEnd(regex, at) : at + 1;
}

function classEnd(regex: string, begin: number): number {
  let at = begin + 1;
  if (regex[at] === '^') at++;
  if (regex[at] === ']') at++;
  while (at < regex.length && regex[at] !== ']') {
    const named = regex.startsWith('[:', at) ? regex.indexOf(':]', at + 2) : -1;
    at = named >= 0 ? named + 2 : at + (regex[at] === '\\' ? 2 : 1);
  }
  return at + 1;
}

/** The innermost that is never closed. */
function openParenthesis(regex: string): number {
  const open: number[] = [];
  for (let at = 0; at < regex.length; at = pieceEnd(regex, at)) {
    if (regex[at] === '(') open.push(at);
    else if (regex[at] === ')') open.pop();
  }
  return open.at(-1) ?? Math.max(0, regex.length - 1);
}

const REPEAT = /^\{(\d{1,4})(,(\d{0,4}))?\}/;

/** An estimate from above, of what counts written out come to. @returns where it is too much; null = nowhere. */
function overflowAt(regex: string): number | null {
  /** Sizes of the groups that are open, and of the piece before. */
  const groups = [0];
  let last = 0;
  for (let at = 0; at < regex.length; ) {
    const repeat = regex[at] === '{' ? REPEAT.exec(regex.slice(at, at + 12)) : null;
    const begin = at;
    at = repeat === null ? pieceEnd(regex, at) : at + repeat[0].length;
    if (repeat !== null) {
      const added = last * Math.max(0, timesOf(repeat) - 1);
      groups[groups.length - 1]! += added;
      last += added;
    } else if (regex[begin] === '(') {
      groups.push(2);
    } else if (regex[begin] === ')' && groups.length > 1) {
      last = groups.pop()!;
      groups[groups.length - 1]! += last;
    } else {
      last = regex.startsWith('\\Q', begin) ? at - begin : 1;
      groups[groups.length - 1]! += last;
    }
    if (groups.at(-1)! > 2 * MAX_PROGRAM) return begin;
  }
  return null;
}

const timesOf = ([, least, comma, most]: RegExpExecArray) =>
  Math.max(Number(least), comma === undefined ? 0 : Number(most ?? 0)) + 1;

export const problemOf = (index: number, { at, says }: Wrong): PatternProblem => ({ index, at, says });
