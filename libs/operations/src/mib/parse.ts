import { type Token, tokensOf } from './tokens.js';
import type {
  EnumLabel,
  ImportedName,
  IndexPart,
  MibModule,
  MibNodeKind,
  MibProblem,
  NodeDefinition,
  OidPart,
  TypeDefinition,
  TypeUse,
} from './types.js';

const MAX_PROBLEMS = 100;
const OID_MACROS: Readonly<Record<string, MibNodeKind>> = {
  ...{ 'OBJECT-TYPE': 'object', 'NOTIFICATION-TYPE': 'notification', 'TRAP-TYPE': 'trap', 'MODULE-IDENTITY': 'node' },
  ...{ 'OBJECT-IDENTITY': 'node', 'OBJECT-GROUP': 'node', 'NOTIFICATION-GROUP': 'node', 'MODULE-COMPLIANCE': 'node' },
  'AGENT-CAPABILITIES': 'node',
};

class SyntaxProblem extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

/**
 * The modules of a file of SMIv1 (RFC 1155, 1212, 1215) or SMIv2 (RFC 2578–2580). Never throws: a definition that cannot be read is named
 * with its line, and reading goes on with the next.
 */
export function parseMib(
  file: string,
  text: string,
  firstLine = 1,
): { readonly modules: readonly MibModule[]; readonly problems: readonly MibProblem[] } {
  const { tokens, problems } = tokensOf(file, text, firstLine);
  const parser = new Parser(file, tokens, firstLine);
  const modules = parser.modules();
  return { modules, problems: [...problems, ...parser.problems] };
}

class Parser {
  readonly #file: string;
  readonly #tokens: readonly Token[];
  readonly #firstLine: number;
  #at = 0;
  readonly problems: MibProblem[] = [];

  constructor(file: string, tokens: readonly Token[], firstLine: number) {
    this.#file = file;
    this.#tokens = tokens;
    this.#firstLine = firstLine;
  }

  modules(): readonly MibModule[] {
    const modules: MibModule[] = [];
    while (this.#at < this.#tokens.length) {
      const module = this.#guarded(() => this.#module());
      if (module === null) this.#skipTo(() => this.#peek(1) === 'DEFINITIONS');
      else modules.push(module);
    }
    if (modules.length === 0 && this.problems.length === 0) this.#problem(this.#firstLine, 'there is no module in this file');
    return modules;
  }

  #module(): MibModule {
    const { text: name, line } = this.#word('the name of a module');
    if (this.#peek() === '{') this.#skipBraces();
    this.#expect('DEFINITIONS', `after the module name ${name}`);
    while (this.#peek() !== '::=' && this.#peek() !== null && this.#peek() !== 'BEGIN') this.#at++;
    this.#expect('::=', `in the head of ${name}`);
    this.#expect('BEGIN', `in the head of ${name}`);
    const imports = new Map<string, ImportedName>();
    const types = new Map<string, TypeDefinition>();
    const nodes: NodeDefinition[] = [];
    while (this.#peek() !== 'END') {
      if (this.#peek() === null) {
        this.#problem(this.#line, `module ${name} has no END`);
        break;
      }
      const begin = this.#at;
      const done = this.#guarded(() => {
        this.#statement(imports, types, nodes);
        return true;
      });
      if (done === null) {
        this.#at = Math.max(this.#at, begin + 1);
        this.#skipTo(() => this.#isBegin() || this.#peek() === 'END');
      }
    }
    const end = this.#tokens[this.#at]?.end ?? this.#tokens.at(-1)!.end;
    this.#at++;
    return { name, file: this.#file, line, imports, types, nodes, end };
  }

  #statement(imports: Map<string, ImportedName>, types: Map<string, TypeDefinition>, nodes: NodeDefinition[]): void {
    const first = this.#word('a definition');
    if (first.text === 'IMPORTS') return this.#imports(imports);
    if (first.text === 'EXPORTS') return this.#skipPast(';');
    const second = this.#peek();
    if (second === 'MACRO') return this.#skipPast('END');
    if (second === '::=') {
      this.#at++;
      types.set(first.text, this.#typeDefinition(first.line));
      return;
    }
    if (second === 'OBJECT' && this.#peek(1) === 'IDENTIFIER') {
      this.#at += 2;
      this.#expect('::=', `in the definition of ${first.text}`);
      const oid = this.#oid(first.text);
      nodes.push({ ...{ name: first.text, line: first.line, kind: 'node', oid }, ...NOTHING });
      return;
    }
    const kind = second === null ? undefined : OID_MACROS[second];
    if (kind === undefined)
      throw new SyntaxProblem(first.line, `${first.text} ${second ?? ''} begins no definition that is known`);
    this.#at++;
    nodes.push(this.#macro(first, kind));
  }

  #imports(imports: Map<string, ImportedName>): void {
    let names: Token[] = [];
    for (;;) {
      const token = this.#next('the end of IMPORTS');
      if (token.text === ';') return;
      if (token.text === ',') continue;
      if (token.text !== 'FROM') {
        if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in IMPORTS`);
        names.push(token);
        continue;
      }
      const module = this.#word('a module name after FROM').text;
      if (this.#peek() === '{') this.#skipBraces();
      for (const { text, line } of names) imports.set(text, { module, line });
      names = [];
    }
  }

  #typeDefinition(line: number): TypeDefinition {
    if (this.#peek() !== 'TEXTUAL-CONVENTION') return { line, type: this.#type(), hint: null };
    this.#at++;
    let hint: string | null = null;
    while (this.#peek() !== 'SYNTAX') {
      const token = this.#next('SYNTAX of a TEXTUAL-CONVENTION');
      if (token.text === '::=') throw new SyntaxProblem(line, 'this TEXTUAL-CONVENTION has no SYNTAX');
      if (token.text === 'DISPLAY-HINT') hint = this.#text();
    }
    this.#at++;
    return { line, type: this.#type(), hint };
  }

  /** The clauses of a macro in any order, up to its value. */
  #macro(name: Token, kind: MibNodeKind): NodeDefinition {
    const found = { type: null as TypeUse | null, units: null as string | null, description: null as string | null };
    let objects: readonly string[] = [];
    let index: readonly IndexPart[] = [];
    let augments: string | null = null;
    let enterprise: readonly OidPart[] | null = null;
    while (this.#peek() !== '::=') {
      if (this.#peek() === null || this.#peek() === 'END' || this.#isBegin())
        throw new SyntaxProblem(name.line, `${name.text} has no value: ::= is missing`);
      const token = this.#next(`the value of ${name.text}`);
      if (token.text === '{') this.#skipBraces(-1);
      else if (token.kind !== 'word') continue;
      else if (token.text === 'SYNTAX' && kind === 'object') found.type = this.#type();
      else if (token.text === 'INDEX' && kind === 'object' && this.#peek() === '{') index = this.#index();
      else if (token.text === 'AUGMENTS' && kind === 'object' && this.#peek() === '{') augments = this.#index()[0]?.name ?? null;
      else if (token.text === 'UNITS') found.units = this.#text();
      else if (token.text === 'DESCRIPTION') found.description ??= this.#text();
      else if (token.text === 'ENTERPRISE') enterprise = this.#peek() === '{' ? this.#oid(name.text) : [this.#arc(name.text)];
      else if ((token.text === 'OBJECTS' && kind === 'notification') || token.text === 'VARIABLES') objects = this.#names();
    }
    this.#at++;
    const common = { name: name.text, line: name.line, kind, objects, index, augments, ...found };
    if (kind !== 'trap') return { ...common, oid: this.#oid(name.text) };
    if (enterprise === null) throw new SyntaxProblem(name.line, `TRAP-TYPE ${name.text} has no ENTERPRISE`);
    return { ...common, oid: [...enterprise, { name: null, number: this.#number(`the number of trap ${name.text}`) }] };
  }

  #type(): TypeUse {
    if (this.#peek() === '[') {
      this.#skipPast(']');
      if (this.#peek() === 'IMPLICIT' || this.#peek() === 'EXPLICIT') this.#at++;
    }
    let name = this.#word('a type').text;
    const second = this.#peek();
    if ((name === 'OCTET' && second === 'STRING') || (name === 'OBJECT' && second === 'IDENTIFIER')) {
      name = `${name} ${second}`;
      this.#at++;
    } else if (name === 'SEQUENCE' && second === 'OF') {
      this.#at++;
      this.#word('a type after SEQUENCE OF');
    } else if ((name === 'SEQUENCE' || name === 'CHOICE') && second === '{') {
      this.#skipBraces();
      return { name, labels: null };
    }
    const labels = this.#peek() === '{' ? this.#labels() : null;
    if (this.#peek() !== '(') return { name, labels };
    const size = this.#size();
    this.#skipBraces(0, '(', ')');
    return size === undefined ? { name, labels } : { name, labels, size };
  }

  /** `(SIZE (6))` is a size, `(SIZE (0..255))` and `(SIZE (8 | 11))` are none. */
  #size(): number | 'varies' | undefined {
    if (this.#peek(1) !== 'SIZE') return undefined;
    const size = this.#tokens[this.#at + 3];
    const isOne = this.#peek(2) === '(' && size?.kind === 'number' && this.#peek(4) === ')' && this.#peek(5) === ')';
    return isOne && /^\d{1,5}$/.test(size.text) ? Number(size.text) : 'varies';
  }

  /** What is not understood of it is no mistake of the module: then instances stay numbers. SMIv1 has types there, too. */
  #index(): readonly IndexPart[] {
    const begin = this.#at + 1;
    this.#skipBraces();
    const parts: IndexPart[] = [];
    let words: string[] = [];
    for (const { kind, text } of this.#tokens.slice(begin, this.#at)) {
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

  #labels(): readonly EnumLabel[] {
    this.#expect('{', 'before labels');
    const labels: EnumLabel[] = [];
    while (this.#peek() !== '}') {
      if (this.#peek() === ',') {
        this.#at++;
        continue;
      }
      const { text: label } = this.#word('a label');
      this.#expect('(', `after the label ${label}`);
      labels.push({ label, value: this.#number(`the number of label ${label}`) });
      this.#expect(')', `after the number of label ${label}`);
    }
    this.#at++;
    return labels;
  }

  #names(): readonly string[] {
    this.#expect('{', 'before a list of names');
    const names: string[] = [];
    while (this.#peek() !== '}') {
      const token = this.#next('the end of a list of names');
      if (token.text === ',') continue;
      if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in a list of names`);
      names.push(token.text);
    }
    this.#at++;
    return names;
  }

  #oid(of: string): readonly OidPart[] {
    this.#expect('{', `before the OID of ${of}`);
    const parts: OidPart[] = [];
    while (this.#peek() !== '}') parts.push(this.#arc(of));
    this.#at++;
    if (parts.length === 0) throw new SyntaxProblem(this.#line, `the OID of ${of} is empty`);
    return parts;
  }

  #arc(of: string): OidPart {
    const token = this.#next(`the OID of ${of}`);
    if (token.kind === 'number') return { name: null, number: arcNumber(token) };
    if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in the OID of ${of}`);
    if (this.#peek() !== '(') return { name: token.text, number: null };
    this.#at++;
    const number = this.#next(`the OID of ${of}`);
    this.#expect(')', `in the OID of ${of}`);
    return { name: token.text, number: arcNumber(number) };
  }

  #text(): string {
    const token = this.#next('a text');
    if (token.kind !== 'text') throw new SyntaxProblem(token.line, `a text in quotes is wanted, not ${token.text}`);
    return token.text;
  }

  #number(what: string): number {
    const token = this.#next(what);
    const value = Number(token.text);
    if (token.kind !== 'number' || !Number.isSafeInteger(value))
      throw new SyntaxProblem(token.line, `${what} is wanted, not ${token.text}`);
    return value;
  }

  #word(what: string): Token {
    const token = this.#next(what);
    if (token.kind !== 'word') throw new SyntaxProblem(token.line, `${what} is wanted, not ${token.text}`);
    return token;
  }

  /** What stands there instead is left: it may begin the next definition. */
  #expect(text: string, where: string): void {
    if (this.#peek() !== text)
      throw new SyntaxProblem(this.#tokens[this.#at - 1]?.line ?? this.#firstLine, `${text} is missing ${where}`);
    this.#at++;
  }

  #next(what: string): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new SyntaxProblem(this.#line, `the file ends before ${what}`);
    this.#at++;
    return token;
  }

  /** null = the end. A text in quotes is never a word of the language. */
  #peek(ahead = 0): string | null {
    const token = this.#tokens[this.#at + ahead];
    return token === undefined ? null : token.kind === 'text' ? '""' : token.text;
  }

  get #line(): number {
    return (this.#tokens[this.#at] ?? this.#tokens.at(-1))?.line ?? this.#firstLine;
  }

  /** Whether a definition begins here, whatever came before. */
  #isBegin(): boolean {
    // `SYNTAX OBJECT IDENTIFIER ::=` looks like the definition of something called SYNTAX.
    if (this.#tokens[this.#at]?.kind !== 'word' || this.#peek() === 'SYNTAX') return false;
    const second = this.#peek(1);
    if (second === null) return false;
    if (second === 'OBJECT' && this.#peek(2) === 'IDENTIFIER' && this.#peek(3) === '::=') return true;
    return Object.hasOwn(OID_MACROS, second) || (second === '::=' && /^[A-Z]/.test(this.#peek() ?? ''));
  }

  #skipTo(holds: () => boolean): void {
    while (this.#at < this.#tokens.length && !holds()) this.#at++;
  }

  #skipPast(text: string): void {
    this.#skipTo(() => this.#peek() === text);
    this.#at++;
  }

  /** @param from -1 when the opening one has been read. */
  #skipBraces(from: -1 | 0 = 0, open = '{', close = '}'): void {
    const { line } = this.#tokens[this.#at + from]!;
    let depth = from === -1 ? 1 : 0;
    do {
      const token = this.#tokens[this.#at++];
      if (token === undefined) throw new SyntaxProblem(line, `${open} has no ${close}`);
      if (token.kind !== 'sign') continue;
      if (token.text === open) depth++;
      else if (token.text === close) depth--;
    } while (depth > 0);
  }

  #guarded<Result>(work: () => Result): Result | null {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof SyntaxProblem)) throw error;
      this.#problem(error.line, error.message);
      return null;
    }
  }

  #problem(line: number, message: string): void {
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ file: this.#file, line, severity: 'error', message });
  }
}

const NOTHING = { type: null, objects: [], index: [], augments: null, units: null, description: null } as const;

/** RFC 2578 3.5: 0..2^32-1. */
function arcNumber(token: Token): number {
  const value = Number(token.text);
  if (token.kind !== 'number' || !(value >= 0 && value <= 0xffff_ffff))
    throw new SyntaxProblem(token.line, `${token.text} is no arc of an OID`);
  return value;
}
