import { printable } from './terminal.js';

/** One thing, a line for each of what is known about it. */
export function fields(lines: readonly (readonly [name: string, value: string | null])[]): string {
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines
    .map(([name, value]) => `${name.padEnd(width)}  ${value === null || value === '' ? '–' : printable(value)}`)
    .join('\n');
}

export const yesNo = (is: boolean): string => (is ? 'yes' : 'no');
