import { type Watched, watch } from '../commands/watch.js';
import { clip, printable, type Terminal } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';

export interface Watching<T> extends Pick<Watched<T>, 'read' | 'isOver' | 'everyMs'> {
  readonly render: (found: T) => string;
}

/** Of a verb with --watch: shown once, or again whenever it changes. @returns what was seen last, null when nothing could be had */
export async function shown<T>(
  { show, terminal, stop }: VerbContext,
  options: Common & { readonly watch?: boolean },
  { render, ...wanted }: Watching<T>,
): Promise<T | null> {
  if (options.watch === true)
    return await watch({ ...wanted, stop, show: (found) => again(terminal, options, found, () => render(found)) });
  const found = await wanted.read();
  show(options, found, () => render(found));
  return found;
}

/** On a terminal in the place of what was there before. */
function again(terminal: Terminal, { json }: Common, document: unknown, text: () => string): void {
  if (json === true) terminal.out(JSON.stringify(document));
  else terminal.out(terminal.screen === true ? `\x1b[H\x1b[2J${clip(text(), terminal.columns)}` : `${text()}\n`);
}

/** Tells people how to go on; programs see `next`. */
export function noteMore(
  terminal: Terminal,
  { json, watch }: Common & { readonly watch?: boolean },
  next: string | null | undefined,
): void {
  if (next !== null && next !== undefined && json !== true && watch !== true) terminal.note(`more: --after ${printable(next)}\n`);
}
