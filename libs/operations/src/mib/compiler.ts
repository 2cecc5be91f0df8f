import { BUILT_IN_MODULES, BUILT_IN_OIDS, GENERIC_TRAPS_OID, SNMP_GROUP_OID } from './built-in.js';
import { baseModules } from './built-in-modules.js';
import type { MibIndex, MibNode, MibType } from './store.js';
import { isSmi, type TypeSources, typeOf } from './type-of.js';
import type { MibModule, MibProblem, NodeDefinition, OidPart } from './types.js';

/** RFC 2578 3.5. */
const MAX_ARCS = 128;
const MAX_HOPS = 32;
/** Of one module, in what is found beyond its syntax. */
const MAX_PROBLEMS = 100;

/** A mere name says less than a type, and a row says less without its INDEX (RFC 1158 had none yet). */
export function saysMore(one: MibNode, than: MibNode): boolean {
  const rank = ({ kind, type }: MibNode) => (kind === 'node' ? 0 : type?.index === undefined ? 1 : 2);
  return rank(one) > rank(than);
}

/** A node on its way to an OID. */
interface Open {
  readonly module: MibModule;
  readonly node: NodeDefinition;
}

/** Finds the OIDs and types of what the given modules define. */
export class Compiler {
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
  readonly #sources: TypeSources;

  constructor(given: ReadonlyMap<string, MibModule>) {
    this.#given = given;
    this.#modules = new Map([...baseModules(), ...given]);
    this.#sources = { modules: this.#modules, problem: (...what) => this.#problem(...what) };
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

  sourcesOf(module: MibModule): { readonly imports: readonly string[]; readonly missing: readonly string[] } {
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
    if (type === undefined) this.#types.set(node, (type = typeOf(this.#sources, module, node.type, node.line)));
    return type;
  }

  /** The objects of a row's INDEX; null: it has none, or not all are known. */
  #indexOf(row: Open): readonly MibIndex[] | null {
    let from: Open | string | null = row;
    for (let hops = 0; typeof from === 'object' && from !== null && from.node.augments !== null; hops++) {
      if (hops > MAX_HOPS) return null;
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
    for (let hops = 0; hops < MAX_HOPS; hops++) {
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

  #problem(module: MibModule, line: number, message: string, severity: MibProblem['severity'] = 'error'): void {
    const before = this.#problemsOf.get(module) ?? 0;
    this.#problemsOf.set(module, before + 1);
    if (before < MAX_PROBLEMS) this.problems.push({ file: module.file, line, severity, message });
  }
}

/** RFC 3584 3.1: the generic traps have numbers of their own, the others hang below the enterprise with a 0 between. */
function trapOid(enterprise: string, rest: readonly number[]): string {
  const number = rest.at(-1) ?? 0;
  const base = [enterprise, ...rest.slice(0, -1)].join('.');
  return base === SNMP_GROUP_OID ? `${GENERIC_TRAPS_OID}.${number + 1}` : `${base}.0.${number}`;
}
