import { BASE_MODULES } from './base-modules.js';
import { BUILT_IN_MODULES } from './built-in.js';
import { parseMib } from './parse.js';
import type { MibModule } from './types.js';

let base: ReadonlyMap<string, MibModule> | null = null;
export function baseModules(): ReadonlyMap<string, MibModule> {
  base ??= new Map(BASE_MODULES.flatMap(({ name, text }) => parseMib(name, text).modules.map((module) => [name, module])));
  return base;
}

/** Modules that need no upload. */
export const builtInModules = (): readonly string[] => [...new Set([...BUILT_IN_MODULES, ...baseModules().keys()])].sort();
