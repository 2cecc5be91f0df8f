import { BUILT_IN_OIDS, BUILT_IN_TYPES } from './built-in.js';
import type { MibType } from './store.js';
import type { MibModule, MibProblem, TypeDefinition, TypeUse } from './types.js';

const MAX_TYPE_DEPTH = 32;
const BASE_TYPES: ReadonlySet<string> = new Set([
  ...['INTEGER', 'OCTET STRING', 'OBJECT IDENTIFIER', 'BITS', 'Integer32', 'Unsigned32', 'Counter', 'Counter32', 'Counter64'],
  ...['Gauge', 'Gauge32', 'TimeTicks', 'IpAddress', 'NetworkAddress', 'Opaque', 'SEQUENCE', 'CHOICE', 'NULL'],
]);

export interface TypeSources {
  /** Those that there are, by name. */
  readonly modules: ReadonlyMap<string, MibModule>;
  readonly problem: (module: MibModule, line: number, message: string, severity?: MibProblem['severity']) => void;
}

/** Follows textual conventions down to a base type; the nearest hint and labels count. */
export function typeOf({ modules, problem }: TypeSources, module: MibModule, use: TypeUse, line: number): MibType {
  let { labels, size } = use;
  let hint: string | null = null;
  const read = (base: string): MibType => ({
    ...{ base, name: use.name, hint, labels },
    ...(typeof size === 'number' ? { size } : {}),
  });
  let [where, name] = [module, use.name];
  for (let depth = 0; depth < MAX_TYPE_DEPTH; depth++) {
    const found = typeNamed(modules, where, name);
    if (found === null) {
      const builtIn = Object.hasOwn(BUILT_IN_TYPES, name) ? BUILT_IN_TYPES[name]! : null;
      if (builtIn !== null) {
        hint ??= builtIn.hint;
        labels ??= builtIn.labels;
        size ??= builtIn.size;
        return read(builtIn.base);
      }
      if (!BASE_TYPES.has(name) && !where.imports.has(name)) problem(module, line, `type ${name} is not defined`, 'warning');
      return read(name);
    }
    hint ??= found.definition.hint;
    labels ??= found.definition.type.labels;
    size ??= found.definition.type.size;
    [where, name] = [found.module, found.definition.type.name];
  }
  problem(module, line, `type ${use.name} is defined by itself, or by more than ${MAX_TYPE_DEPTH} others`);
  return read(use.name);
}

function typeNamed(
  modules: TypeSources['modules'],
  module: MibModule,
  name: string,
): { readonly module: MibModule; readonly definition: TypeDefinition } | null {
  const own = module.types.get(name);
  // `INTEGER ::= INTEGER`, as the SMI's own modules have it.
  if (own !== undefined) return own.type.name === name || BASE_TYPES.has(name) ? null : { module, definition: own };
  const from = module.imports.get(name);
  const source = from === undefined ? undefined : modules.get(from.module);
  const definition = source?.types.get(name);
  return source === undefined || definition === undefined || BASE_TYPES.has(name) ? null : { module: source, definition };
}

/** Macros and base types, which the SMI's modules define in ways of their own. */
export function isSmi(name: string): boolean {
  return BASE_TYPES.has(name) || /^[A-Z]+(-[A-Z]+)+$/.test(name) || Object.hasOwn(BUILT_IN_OIDS, name) || name === 'ObjectName';
}
