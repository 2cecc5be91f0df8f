import { wellFormed } from '../events/text.js';
import type { MibProblem } from './types.js';

export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'bits' | 'sign';
  /** Of a text: without its quotes. */
  readonly text: string;
  readonly line: number;
  /** Offset behind it in the file's text. */
  readonly end: number;
}

/** RFC 2578's largest modules have some ten thousand. */
const MAX_TOKENS = 2_000_000;
const PROBLEMS = 20;
/**
 * A comment ends with its line: ASN.1 lets a second `--` end it too, but lines of hyphens of any length are what real files have.
 * Every alternative is linear in what it matches.
 */
const NEXT =
  /\s+|--[^\n]*|"(?<text>[^"]*)"|'(?<bits>[0-9A-Fa-f\s]*)'[HhBb]|(?<sign>::=|\.\.|[{}()[\],;|.])|(?<word>[A-Za-z](?:-?[A-Za-z0-9_])*)|(?<number>-?\d+)/y;

/**
 * A file as PostgreSQL can hold it: a NUL is a space, half of a surrogate pair U+FFFD; lines and offsets stay. What a module says between
 * quotes stands in rows: the separators of a hint in the text of each trap that is read by it.
 */
export function storableMib(text: string): string {
  return wellFormed(text.replaceAll('\0', ' '));
}

/** The words of a module. What is no word is named with its line and left out. */
export function tokensOf(
  file: string,
  given: string,
  firstLine = 1,
): { readonly tokens: readonly Token[]; readonly problems: readonly MibProblem[] } {
  const text = storableMib(given);
  const tokens: Token[] = [];
  const problems: MibProblem[] = [];
  const problem = (line: number, message: string) => {
    if (problems.length < PROBLEMS) problems.push({ file, line, severity: 'error', message });
  };
  let line = firstLine;
  for (let at = 0; at < text.length; ) {
    NEXT.lastIndex = at;
    const found = NEXT.exec(text);
    if (found === null) {
      const char = String.fromCodePoint(text.codePointAt(at)!);
      problem(line, char === '"' ? 'this text has no closing quote' : `unexpected character ${JSON.stringify(char)}`);
      at += char.length;
      continue;
    }
    const groups = found.groups ?? {};
    for (const kind of ['word', 'sign', 'number', 'text', 'bits'] as const) {
      const value = groups[kind];
      if (value === undefined) continue;
      tokens.push({ kind, text: value, line, end: at + found[0].length });
      break;
    }
    if (tokens.length >= MAX_TOKENS) {
      problem(line, `more than ${MAX_TOKENS} words: the rest is not read`);
      break;
    }
    line += newlines(found[0]);
    at += found[0].length;
  }
  return { tokens, problems };
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count++;
  return count;
}
