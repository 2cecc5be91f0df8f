export { builtInModules } from './built-in-modules.js';
export {
  type CompiledMibs,
  type CompiledModule,
  compileMibs,
  MAX_MIB_BYTES,
  MIB_COMPILER,
  mibStoreOf,
} from './compile.js';
export { NAMED_OID } from './instance.js';
export { parseMib } from './parse.js';
export { type MibPart, splitMibs } from './split.js';
export { type MibIndex, type MibNode, MibStore, type MibType, type NamedVarbind, type ResolvedOid } from './store.js';
export { storableMib } from './tokens.js';
export { trapReading } from './trap-reading.js';
export type { EnumLabel, MibFile, MibModule, MibNodeKind, MibProblem } from './types.js';
