import { BASE_MODULES } from './base-modules.js';
import { BUILT_IN_MODULES, BUILT_IN_OIDS, BUILT_IN_TYPES, GENERIC_TRAPS_OID, SNMP_GROUP_OID } from './built-in.js';
import { parseMib } from './parse.js';
import { type MibIndex, type MibNode, MibStore, type MibType } from './store.js';
import type { MibFile, MibModule, MibProblem, NodeDefinition, OidPart, TypeDefinition, TypeUse } from './types.js';

export interface CompiledModule {
  readonly name: string;
  readonly file: string;
  /** Names that it defines. */
  readonly nodes: number;
  /** Other modules that it imports from and that are given, in the order of its IMPORTS. */
  readonly imports: readonly string[];
  /** Likewise those that are neither given nor built in. */
  readonly missing: readonly string[];
}

export interface CompiledMibs {
  /** With what is built in. */
  readonly store: MibStore;
  /** What the given modules name, without what is built in. */
  readonly nodes: readonly MibNode[];
  readonly modules: readonly CompiledModule[];
  readonly problems: readonly MibProblem[];
}

/** Raised when the same text compiles into something else than before: what was stored is compiled again. */
export const MIB_COMPILER = 2;
/** Of all modules together. net-snmp's own set of some 60 has 2 MB. */
export const MAX_MIB_BYTES = 64 * 1024 * 1024;
/** RFC 2578 3.5. */
const MAX_ARCS = 128;
const MAX_TYPE_DEPTH = 32;
/** Of one module, in what is found beyond its syntax. */
const MAX_PROBLEMS = 100;
const BASE_TYPES: ReadonlySet<string> = new Set([
  ...['INTEGER', 'OCTET STRING', 'OBJECT IDENTIFIER', 'BITS', 'Integer32', 'Unsigned32', 'Counter', 'Counter32', 'Counter64'],
  ...['Gauge', 'Gauge32', 'TimeTicks', 'IpAddress', 'NetworkAddress', 'Opaque', 'SEQUENCE', 'CHOICE', 'NULL'],
]);

/**
 * Modules that name each other, in any order, into one store. Never throws: what cannot be resolved is left out and named with file
 * and line. A module that comes twice counts as it came last.
 */
export function compileMibs(files: readonly MibFile[]): CompiledMibs {
  const problems: MibProblem[] = [];
  const modules = new Map<string, MibModule>();
  let bytes = 0;
  for (const file of files) {
    bytes += file.text.length;
    if (bytes > MAX_MIB_BYTES) {
      problems.push({
        file: file.name,
        line: 1,
        severity: 'error',
        message: `all files together are larger than ${MAX_MIB_BYTES} bytes`,
      });
      break;
    }
    const parsed = parseMib(file.name, file.text, file.firstLine);
    problems.push(...parsed.problems);
    for (const module of parsed.modules) {
      const before = modules.get(module.name);
      if (before !== undefined)
        problems.push(
          warning(module, module.line, `module ${module.name} is also in ${before.file}, line ${before.line}: this one counts`),
        );
      modules.set(module.name, module);
    }
  }
  const compiler = new Compiler(modules);
  const nodes = compiler.nodes();
  return {
    store: mibStoreOf(nodes),
    nodes,
    modules: [...modules.values()].map((module) => ({
      ...{ name: module.name, file: module.file, nodes: module.nodes.length },
      ...compiler.sourcesOf(module),
    })),
    problems: [...problems, ...compiler.problems],
  };
}

/** A mere name says less than a type, and a row says less without its INDEX (RFC 1158 had none yet). */
function saysMore(one: MibNode, than: MibNode): boolean {
  const rank = ({ kind, type }: MibNode) => (kind === 'node' ? 0 : type?.index === undefined ? 1 : 2);
  return rank(one) > rank(than);
}

/** What is built in, and over it what was compiled before. */
export function mibStoreOf(nodes: Iterable<MibNode>): MibStore {
  const builtIn = builtInNodes();
  const all = new Map(builtIn);
  for (const node of nodes) {
    const before = builtIn.get(node.oid);
    if (before === undefined || !saysMore(before, node)) all.set(node.oid, node);
  }
  return new MibStore(all);
}

let builtIn: ReadonlyMap<string, MibNode> | null = null;
function builtInNodes(): ReadonlyMap<string, MibNode> {
  if (builtIn !== null) return builtIn;
  const found = new Map<string, MibNode>();
  for (const [name, oid] of Object.entries(BUILT_IN_OIDS)) found.set(oid, { ...PLAIN, oid, name, module: 'SNMPv2-SMI' });
  for (const node of new Compiler(baseModules()).nodes()) found.set(node.oid, node);
  builtIn = found;
  return found;
}

let base: ReadonlyMap<string, MibModule> | null = null;
function baseModules(): ReadonlyMap<string, MibModule> {
  base ??= new Map(BASE_MODULES.flatMap(({ name, text }) => parseMib(name, text).modules.map((module) => [name, module])));
  return base;
}

/** Modules that need no upload. */
export const builtInModules = (): readonly string[] => [...new Set([...BUILT_IN_MODULES, ...baseModules().keys()])].sort();

function warning(module: MibModule, line: number, message: string): MibProblem {
  return { file: module.file, line, severity: 'warning', message };
}

/** A node on its way to an OID. */
interface Open {
  readonly module: MibModule;
  readonly node: NodeDefinition;
}

class Compiler {
  readonly #given: ReadonlyMap<string, MibModule>;
  /** With those that are built in. */
  readonly #modules: ReadonlyMap<string, MibModule>;
  readonly #byName = new Map<string, Map<string, NodeDefinition>>();
  /** Who defines a name, for files that forget to import it: of the given modules, of the built-in ones. */
  readonly #anywhere = [new Map<string, Open | 'several'>(), new Map<string, Open | 'several'>()] as const;
  /** By module and name; null = cannot be told. */
  readonly #oids = new Map<NodeDefinition, string | null>();
  readonly #types = new Map<NodeDefinition, MibType>();
  readonly #problemsOf = new Map<MibModule, number>();
  readonly problems: MibProblem[] = [];

  constructor(given: ReadonlyMap<string, MibModule>) {
    this.#given = given;
    this.#modules = new Map([...baseModules(), ...given]);
    for (const module of this.#modules.values()) {
      this.#byName.set(module.name, new Map(module.nodes.map((node) => [node.name, node])));
      const anywhere = this.#anywhere[given.has(module.name) ? 0 : 1];
      for (const node of module.nodes) anywhere.set(node.name, anywhere.has(node.name) ? 'several' : { module, node });
    }
  }

  /** Of the given modules. */
  nodes(): readonly MibNode[] {
    const found = new Map<string, MibNode>();
    for (const module of this.#given.values()) {
      this.#checkImports(module);
      for (const node of module.nodes) {
        const oid = this.#oidOf({ module, node });
        if (oid === null) continue;
        const before = found.get(oid);
        // Two names for one OID are common: what says more counts, else who came first.
        if (before !== undefined && before.kind !== 'node' && node.index.length === 0 && node.augments === null) continue;
        const compiled = this.#compiled(module, node, oid);
        if (before === undefined || saysMore(compiled, before)) found.set(oid, compiled);
      }
    }
    return [...found.values()];
  }

  sourcesOf(module: MibModule): Pick<CompiledModule, 'imports' | 'missing'> {
    const from = [...new Set([...module.imports.values()].map((imported) => imported.module))];
    const isThere = (name: string) => this.#modules.has(name) || BUILT_IN_MODULES.has(name);
    return {
      imports: from.filter((name) => this.#given.has(name) && name !== module.name),
      missing: from.filter((name) => !isThere(name)),
    };
  }

  #compiled(module: MibModule, node: NodeDefinition, oid: string): MibNode {
    const { name, kind, objects, units, description } = node;
    const own = this.#typeOfNode({ module, node });
    const index = own === null ? null : this.#indexOf({ module, node });
    const type = own === null || index === null ? own : { ...own, index };
    return { oid, name, module: module.name, kind, type, objects, units, description };
  }

  #typeOfNode({ module, node }: Open): MibType | null {
    if (node.type === null) return null;
    let type = this.#types.get(node);
    if (type === undefined) this.#types.set(node, (type = this.#typeOf(module, node.type, node.line)));
    return type;
  }

  /** The objects of a row's INDEX; null: it has none, or not all are known. */
  #indexOf(row: Open): readonly MibIndex[] | null {
    let from: Open | string | null = row;
    for (let hops = 0; typeof from === 'object' && from !== null && from.node.augments !== null; hops++) {
      if (hops > MAX_TYPE_DEPTH) return null;
      from = this.#lookUp(from.module, from.node.augments);
    }
    if (from === null || typeof from === 'string' || from.node.index.length === 0) return null;
    const index: MibIndex[] = [];
    for (const { name, implied } of from.node.index) {
      const found = this.#lookUp(from.module, name);
      const type = found === null || typeof found === 'string' ? null : this.#typeOfNode(found);
      if (type === null) return null;
      index.push({ type, implied });
    }
    return index;
  }

  #checkImports(module: MibModule): void {
    const missing = new Set<string>();
    for (const [name, { module: from, line }] of module.imports) {
      const source = this.#modules.get(from);
      if (source === undefined) {
        if (BUILT_IN_MODULES.has(from) || missing.has(from)) continue;
        missing.add(from);
        this.#problem(
          module,
          line,
          `${module.name} wants ${from}, which is not here: ${name} and whatever else it takes from there stays unknown`,
        );
      } else if (!this.#given.has(from)) {
        // Of what is built in only the most wanted is there.
      } else if (!this.#byName.get(from)?.has(name) && !source.types.has(name) && !this.#reexports(source, name) && !isSmi(name))
        this.#problem(module, line, `module ${from} does not define ${name}`);
    }
  }

  /** Some vendors import from a module what that one imports itself. */
  #reexports(source: MibModule, name: string): boolean {
    return source.imports.has(name);
  }

  /** Goes up to something whose OID is known, and down again: no recursion, since a file may be as deep as it likes. */
  #oidOf(start: Open): string | null {
    const chain: Open[] = [];
    const onChain = new Set<NodeDefinition>();
    let base: string | null = null;
    for (let open: Open = start; ; ) {
      const known = this.#oids.get(open.node);
      if (known !== undefined) {
        base = known;
        break;
      }
      if (onChain.has(open.node)) {
        this.#problem(open.module, open.node.line, `the OID of ${open.node.name} is defined by itself`);
        break;
      }
      chain.push(open);
      onChain.add(open.node);
      const parent = this.#parentOf(open);
      if (typeof parent === 'string' || parent === null) {
        base = parent;
        break;
      }
      open = parent;
    }
    for (const open of chain.reverse()) {
      base = base === null ? null : this.#appended(base, open);
      this.#oids.set(open.node, base);
    }
    return base;
  }

  /** @returns the OID of what the first part names, or who defines it; null (and a problem) when nobody does. */
  #parentOf({ module, node }: Open): Open | string | null {
    const [first] = node.oid;
    if (first === undefined) return null;
    if (first.name === null) return String(first.number);
    const found = this.#lookUp(module, first.name);
    if (found !== null) return found;
    // `{ iso org(3) … }`: the number says enough.
    if (first.number !== null) return String(first.number);
    const from = module.imports.get(first.name);
    // A module that is missing was said once.
    if (from === undefined || this.#modules.has(from.module))
      this.#problem(module, node.line, `${node.name} hangs below ${first.name}, which is not defined`);
    return null;
  }

  #lookUp(module: MibModule, name: string): Open | string | null {
    let from: MibModule = module;
    for (let hops = 0; hops < MAX_TYPE_DEPTH; hops++) {
      const node = this.#byName.get(from.name)?.get(name);
      if (node !== undefined) return { module: from, node };
      const imported = from.imports.get(name);
      const next = imported === undefined ? undefined : this.#modules.get(imported.module);
      if (next === undefined || next === from) break;
      from = next;
    }
    if (Object.hasOwn(BUILT_IN_OIDS, name)) return BUILT_IN_OIDS[name]!;
    const anywhere = this.#anywhere[0].get(name) ?? this.#anywhere[1].get(name);
    return anywhere === undefined || anywhere === 'several' ? null : anywhere;
  }

  /** The parts after the first. */
  #appended(base: string, { module, node }: Open): string | null {
    const rest: number[] = [];
    for (const part of node.oid.slice(1)) {
      const number = part.number ?? this.#lastArcOf(module, part);
      if (number === null) {
        this.#problem(module, node.line, `the OID of ${node.name} has ${part.name} in its middle without a number`);
        return null;
      }
      rest.push(number);
    }
    const oid = node.kind === 'trap' ? trapOid(base, rest) : [base, ...rest].join('.');
    if (oid.split('.').length <= MAX_ARCS) return oid;
    this.#problem(module, node.line, `the OID of ${node.name} has more than ${MAX_ARCS} arcs (RFC 2578 3.5)`);
    return null;
  }

  /** `{ iso org dod }`: a bare name within an OID stands for its last arc; only the tree's own names are that well known. */
  #lastArcOf(_module: MibModule, part: OidPart): number | null {
    const known = part.name === null ? undefined : BUILT_IN_OIDS[part.name];
    return known === undefined ? null : Number(known.split('.').at(-1));
  }

  /** Follows textual conventions down to a base type; the nearest hint and labels count. */
  #typeOf(module: MibModule, use: TypeUse, line: number): MibType {
    let { labels, size } = use;
    let hint: string | null = null;
    const read = (base: string): MibType => ({
      ...{ base, name: use.name, hint, labels },
      ...(typeof size === 'number' ? { size } : {}),
    });
    let [where, name] = [module, use.name];
    for (let depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
      const found = this.#typeNamed(where, name);
      if (found === null) {
        const builtIn = Object.hasOwn(BUILT_IN_TYPES, name) ? BUILT_IN_TYPES[name]! : null;
        if (builtIn !== null) {
          hint ??= builtIn.hint;
          labels ??= builtIn.labels;
          size ??= builtIn.size;
          return read(builtIn.base);
        }
        if (!BASE_TYPES.has(name) && !where.imports.has(name))
          this.#problem(module, line, `type ${name} is not defined`, 'warning');
        return read(name);
      }
      hint ??= found.definition.hint;
      labels ??= found.definition.type.labels;
      size ??= found.definition.type.size;
      [where, name] = [found.module, found.definition.type.name];
    }
    this.#problem(module, line, `type ${use.name} is defined by itself, or by more than ${MAX_TYPE_DEPTH} others`);
    return read(use.name);
  }

  #typeNamed(module: MibModule, name: string): { readonly module: MibModule; readonly definition: TypeDefinition } | null {
    const own = module.types.get(name);
    // `INTEGER ::= INTEGER`, as the SMI's own modules have it.
    if (own !== undefined) return own.type.name === name || BASE_TYPES.has(name) ? null : { module, definition: own };
    const from = module.imports.get(name);
    const source = from === undefined ? undefined : this.#modules.get(from.module);
    const definition = source?.types.get(name);
    return source === undefined || definition === undefined || BASE_TYPES.has(name) ? null : { module: source, definition };
  }

  #problem(module: MibModule, line: number, message: string, severity: MibProblem['severity'] = 'error'): void {
    const before = this.#problemsOf.get(module) ?? 0;
    this.#problemsOf.set(module, before + 1);
    if (before < MAX_PROBLEMS) this.problems.push({ file: module.file, line, severity, message });
  }
}

const PLAIN = { kind: 'node', type: null, objects: [], units: null, description: null } as const;

/** Macros and base types, which the SMI's modules define in ways of their own. */
function isSmi(name: string): boolean {
  return BASE_TYPES.has(name) || /^[A-Z]+(-[A-Z]+)+$/.test(name) || Object.hasOwn(BUILT_IN_OIDS, name) || name === 'ObjectName';
}

/** RFC 3584 3.1: the generic traps have numbers of their own, the others hang below the enterprise with a 0 between. */
function trapOid(enterprise: string, rest: readonly number[]): string {
  const number = rest.at(-1) ?? 0;
  const base = [enterprise, ...rest.slice(0, -1)].join('.');
  return base === SNMP_GROUP_OID ? `${GENERIC_TRAPS_OID}.${number + 1}` : `${base}.0.${number}`;
}
