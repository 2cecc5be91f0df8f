import { parseMib } from './parse.js';
import type { MibFile, MibProblem } from './types.js';

/** One module as it stands in a file, with what is around it. Read by itself it is read as it was in the whole. */
export interface MibPart {
  /** Of the module. */
  readonly name: string;
  readonly text: string;
  readonly firstLine: number;
  /** Modules that its IMPORTS name. */
  readonly imports: readonly string[];
}

/**
 * Cuts a file behind the END of each of its modules. Nothing is left out: what stands before the first belongs to it, what stands behind the
 * last belongs to that. A module that comes twice counts as it came last.
 */
export function splitMibs(file: MibFile): { readonly parts: readonly MibPart[]; readonly problems: readonly MibProblem[] } {
  const { modules, problems } = parseMib(file.name, file.text, file.firstLine);
  const parts = new Map<string, MibPart>();
  let from = 0;
  let firstLine = file.firstLine ?? 1;
  for (const [at, { name, end, imports: names }] of modules.entries()) {
    const text = file.text.slice(from, at === modules.length - 1 ? undefined : end);
    const imports = [...new Set([...names.values()].map((imported) => imported.module))];
    parts.set(name, { name, text, firstLine, imports });
    from = end;
    for (let next = text.indexOf('\n'); next >= 0; next = text.indexOf('\n', next + 1)) firstLine++;
  }
  return { parts: [...parts.values()], problems };
}
