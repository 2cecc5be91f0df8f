export { type CompiledMibs, compileMibs, MAX_MIB_BYTES } from './compile.js';
export { parseMib } from './parse.js';
export { type MibNode, MibStore, type MibType, type NamedVarbind, type ResolvedOid } from './store.js';
export type { EnumLabel, MibFile, MibModule, MibNodeKind, MibProblem } from './types.js';
