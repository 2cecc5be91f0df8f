import { readArc, readIndex, readNames, readOid, readType, readTypeDefinition } from './clauses.js';
import { SyntaxProblem, TokenReader } from './token-reader.js';
import { type Token, tokensOf } from './tokens.js';
import type {
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
  readonly #firstLine: number;
  readonly #from: TokenReader;
  readonly problems: MibProblem[] = [];

  constructor(file: string, tokens: readonly Token[], firstLine: number) {
    this.#file = file;
    this.#firstLine = firstLine;
    this.#from = new TokenReader(tokens, firstLine);
  }

  modules(): readonly MibModule[] {
    const modules: MibModule[] = [];
    while (!this.#from.isAtEnd) {
      const module = this.#guarded(() => this.#module());
      if (module === null) this.#from.skipTo(() => this.#from.peek(1) === 'DEFINITIONS');
      else modules.push(module);
    }
    if (modules.length === 0 && this.problems.length === 0) this.#problem(this.#firstLine, 'there is no module in this file');
    return modules;
  }

  #module(): MibModule {
    const { text: name, line } = this.#from.word('the name of a module');
    if (this.#from.peek() === '{') this.#from.skipBraces();
    this.#from.expect('DEFINITIONS', `after the module name ${name}`);
    while (this.#from.peek() !== '::=' && this.#from.peek() !== null && this.#from.peek() !== 'BEGIN') this.#from.skip();
    this.#from.expect('::=', `in the head of ${name}`);
    this.#from.expect('BEGIN', `in the head of ${name}`);
    const imports = new Map<string, ImportedName>();
    const types = new Map<string, TypeDefinition>();
    const nodes: NodeDefinition[] = [];
    while (this.#from.peek() !== 'END') {
      if (this.#from.peek() === null) {
        this.#problem(this.#from.line, `module ${name} has no END`);
        break;
      }
      const begin = this.#from.at;
      const done = this.#guarded(() => {
        this.#statement(imports, types, nodes);
        return true;
      });
      if (done === null) {
        if (this.#from.at === begin) this.#from.skip();
        this.#from.skipTo(() => this.#isBegin() || this.#from.peek() === 'END');
      }
    }
    const end = this.#from.end;
    this.#from.skip();
    return { name, file: this.#file, line, imports, types, nodes, end };
  }

  #statement(imports: Map<string, ImportedName>, types: Map<string, TypeDefinition>, nodes: NodeDefinition[]): void {
    const first = this.#from.word('a definition');
    if (first.text === 'IMPORTS') return this.#imports(imports);
    if (first.text === 'EXPORTS') return this.#from.skipPast(';');
    const second = this.#from.peek();
    if (second === 'MACRO') return this.#from.skipPast('END');
    if (second === '::=') {
      this.#from.skip();
      types.set(first.text, readTypeDefinition(this.#from, first.line));
      return;
    }
    if (second === 'OBJECT' && this.#from.peek(1) === 'IDENTIFIER') {
      this.#from.skip(2);
      this.#from.expect('::=', `in the definition of ${first.text}`);
      const oid = readOid(this.#from, first.text);
      nodes.push({ ...{ name: first.text, line: first.line, kind: 'node', oid }, ...NOTHING });
      return;
    }
    const kind = second === null ? undefined : OID_MACROS[second];
    if (kind === undefined)
      throw new SyntaxProblem(first.line, `${first.text} ${second ?? ''} begins no definition that is known`);
    this.#from.skip();
    nodes.push(this.#macro(first, kind));
  }

  #imports(imports: Map<string, ImportedName>): void {
    let names: Token[] = [];
    for (;;) {
      const token = this.#from.next('the end of IMPORTS');
      if (token.text === ';') return;
      if (token.text === ',') continue;
      if (token.text !== 'FROM') {
        if (token.kind !== 'word') throw new SyntaxProblem(token.line, `unexpected ${token.text} in IMPORTS`);
        names.push(token);
        continue;
      }
      const module = this.#from.word('a module name after FROM').text;
      if (this.#from.peek() === '{') this.#from.skipBraces();
      for (const { text, line } of names) imports.set(text, { module, line });
      names = [];
    }
  }

  /** The clauses of a macro in any order, up to its value. */
  #macro(name: Token, kind: MibNodeKind): NodeDefinition {
    const found = { type: null as TypeUse | null, units: null as string | null, description: null as string | null };
    let objects: readonly string[] = [];
    let index: readonly IndexPart[] = [];
    let augments: string | null = null;
    let enterprise: readonly OidPart[] | null = null;
    while (this.#from.peek() !== '::=') {
      if (this.#from.peek() === null || this.#from.peek() === 'END' || this.#isBegin())
        throw new SyntaxProblem(name.line, `${name.text} has no value: ::= is missing`);
      const token = this.#from.next(`the value of ${name.text}`);
      if (token.text === '{') this.#from.skipBraces(-1);
      else if (token.kind !== 'word') continue;
      else if (token.text === 'SYNTAX' && kind === 'object') found.type = readType(this.#from);
      else if (token.text === 'INDEX' && kind === 'object' && this.#from.peek() === '{') index = readIndex(this.#from);
      else if (token.text === 'AUGMENTS' && kind === 'object' && this.#from.peek() === '{')
        augments = readIndex(this.#from)[0]?.name ?? null;
      else if (token.text === 'UNITS') found.units = this.#from.text();
      else if (token.text === 'DESCRIPTION') found.description ??= this.#from.text();
      else if (token.text === 'ENTERPRISE')
        enterprise = this.#from.peek() === '{' ? readOid(this.#from, name.text) : [readArc(this.#from, name.text)];
      else if ((token.text === 'OBJECTS' && kind === 'notification') || token.text === 'VARIABLES')
        objects = readNames(this.#from);
    }
    this.#from.skip();
    const common = { name: name.text, line: name.line, kind, objects, index, augments, ...found };
    if (kind !== 'trap') return { ...common, oid: readOid(this.#from, name.text) };
    if (enterprise === null) throw new SyntaxProblem(name.line, `TRAP-TYPE ${name.text} has no ENTERPRISE`);
    return { ...common, oid: [...enterprise, { name: null, number: this.#from.number(`the number of trap ${name.text}`) }] };
  }

  /** Whether a definition begins here, whatever came before. */
  #isBegin(): boolean {
    // `SYNTAX OBJECT IDENTIFIER ::=` looks like the definition of something called SYNTAX.
    if (this.#from.token()?.kind !== 'word' || this.#from.peek() === 'SYNTAX') return false;
    const second = this.#from.peek(1);
    if (second === null) return false;
    if (second === 'OBJECT' && this.#from.peek(2) === 'IDENTIFIER' && this.#from.peek(3) === '::=') return true;
    return Object.hasOwn(OID_MACROS, second) || (second === '::=' && /^[A-Z]/.test(this.#from.peek() ?? ''));
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
