import type { Command } from 'commander';
import { describe } from './describe.js';

/** Below the help of a verb: examples, and what it ends with. Nothing for a mere group. */
export function helpTextOf(command: Command): string {
  const path: string[] = [];
  for (let each: Command | null = command; each?.parent != null; each = each.parent) path.unshift(each.name());
  if (path.length === 0) return '';
  const { runs, examples, exits } = describe(command, path);
  if (!runs) return '';
  const lines = examples.map((example) => `  yosugara ${example}`);
  const codes = exits.map(([code, meaning]) => `  ${code.padEnd(5)} ${meaning}`);
  return [...(lines.length === 0 ? [] : ['', 'Examples:', ...lines]), '', 'Exit codes:', ...codes].join('\n');
}
