import { SyntaxProblem, type TokenReader } from './token-reader.js';
import type { Token } from './tokens.js';
import type { EnumLabel, IndexPart, OidPart, TypeDefinition, TypeUse } from './types.js';

export function readTypeDefinition(from: TokenReader, line: number): TypeDefinition {
  if (from.peek() !== 'TEXTUAL-CONVENTION') return { line, type: readType(from), hint: null };
  from.skip();
  let hint: string | null = null;
  while (from.peek() !== 'SYNTAX') {
    const token = from.next('SYNTAX of a TEXTUAL-CONVENTION');
    if (token.text === '::=') throw new SyntaxProblem(line, 'this TEXTUAL-CONVENTION has no SYNTAX');
    if (token.text === 'DISPLAY-HINT') hint = from.text();
  }
  from.skip();
  return { line, type: readType(from), hint };
}

export function readType(from: TokenReader): TypeUse {
  if (from.peek() === '[') {
    from.skipPast(']');
    if (from.peek() === 'IMPLICIT' || from.peek() === 'EXPLICIT') from.skip();
  }
  let name = from.word('a type').text;
  const second = from.peek();
  if ((name === 'OCTET' && second === 'STRING') || (name === 'OBJECT' && second === 'IDENTIFIER')) {
    name = `${name} ${second}`;
    from.skip();
  } else if (name === 'SEQUENCE' && second === 'OF') {
    from.skip();
    from.word('a type after SEQUENCE OF');
  } else if ((name === 'SEQUENCE' || name === 'CHOICE') && second === '{') {
    from.skipBraces();
    return { name, labels: null };
  }
  const labels = from.peek() === '{' ? readLabels(from) : null;
  if (from.peek() !== '(') return { name, labels };
  const size = readSize(from);
  from.skipBraces(0, '(', ')');
  return size === undefined ? { name, labels } : { name, labels, size };
}

/** `(SIZE (6))` is a size, `(SIZE (0..255))` and `(SIZE (8 | 11))` are none. */
function readSize(from: TokenReader): number | 'varies' | undefined {
  if (from.peek(1) !== 'SIZE') return undefined;
  const size = from.token(3);
  const isOne = from.peek(2) === '(' && size?.kind === 'number' && from.peek(4) === ')' && from.peek(5) === ')';
  return isOne && /^\d{1,5}$/.test(size.text) ? Number(size.text) : 'varies';
}

/** What is not understood of it is no mistake of the module: then instances stay numbers. SMIv1 has types there, too. */
export function readIndex(from: TokenReader): readonly IndexPart[] {
  const begin = from.at + 1;
  from.skipBraces();
  const parts: IndexPart[] = [];
  let words: string[] = [];
  for (const { kind, text } of from.since(begin)) {
    if (kind === 'word') words.push(text);
    else if (text !== ',' && text !== '}') return [];
    else {
      const implied = words[0] === 'IMPLIED' && words.length > 1;
      const [name, ...more] = implied ? words.slice(1) : words;
      if (name === undefined || more.length > 0) return [];
      parts.push({ name, implied });
      words = [];
    }
  }
  return parts;
}

function readLabels(from: TokenReader): readonly EnumLabel[] {
  from.expect('{', 'before labels');
  const labels: EnumLabel[] = [];
  while (from.peek() !== '}') {
    if (from.peek() === ',') {
      from.skip();
      continue;
    }
    const { text: label } = from.word('a label');
    from.expect('(', `after the label ${label}`);
    labels.push({ label, value: from.number(`the number of label ${label}`) });
    from.expect(')', `after the number of label ${label}`);
  }
  from.skip();
  return labels;
}

export function readNames(from: TokenReader): readonly string[] {
  from.expect('{', 'before a list of names');
  const names: string[] = [];
  while (from.peek() !== '}') {
    const token = from.next('the end of a list of names');
    if (token.text === ',') continue;
    if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in a list of names`);
    names.push(token.text);
  }
  from.skip();
  return names;
}

export function readOid(from: TokenReader, of: string): readonly OidPart[] {
  from.expect('{', `before the OID of ${of}`);
  const parts: OidPart[] = [];
  while (from.peek() !== '}') parts.push(readArc(from, of));
  from.skip();
  if (parts.length === 0) throw new SyntaxProblem(from.line, `the OID of ${of} is empty`);
  return parts;
}

export function readArc(from: TokenReader, of: string): OidPart {
  const token = from.next(`the OID of ${of}`);
  if (token.kind === 'number') return { name: null, number: arcNumber(token) };
  if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in the OID of ${of}`);
  if (from.peek() !== '(') return { name: token.text, number: null };
  from.skip();
  const number = from.next(`the OID of ${of}`);
  from.expect(')', `in the OID of ${of}`);
  return { name: token.text, number: arcNumber(number) };
}

/** RFC 2578 3.5: 0..2^32-1. */
function arcNumber(token: Token): number {
  const value = Number(token.text);
  if (token.kind !== 'number' || !(value >= 0 && value <= 0xffff_ffff))
    throw new SyntaxProblem(token.line, `${token.text} is no arc of an OID`);
  return value;
}
