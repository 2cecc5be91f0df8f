import { BUILT_IN_OIDS } from './built-in.js';
import { baseModules } from './built-in-modules.js';
import { Compiler, saysMore } from './compiler.js';
import { parseMib } from './parse.js';
import { type MibNode, MibStore } from './store.js';
import type { MibFile, MibModule, MibProblem } from './types.js';

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

const PLAIN = { kind: 'node', type: null, objects: [], units: null, description: null } as const;

let builtIn: ReadonlyMap<string, MibNode> | null = null;
function builtInNodes(): ReadonlyMap<string, MibNode> {
  if (builtIn !== null) return builtIn;
  const found = new Map<string, MibNode>();
  for (const [name, oid] of Object.entries(BUILT_IN_OIDS)) found.set(oid, { ...PLAIN, oid, name, module: 'SNMPv2-SMI' });
  for (const node of new Compiler(baseModules()).nodes()) found.set(node.oid, node);
  builtIn = found;
  return found;
}

function warning(module: MibModule, line: number, message: string): MibProblem {
  return { file: module.file, line, severity: 'warning', message };
}
