import type { Command } from 'commander';
import { exitOfSelf, readSelf, renderSelf } from '../commands/self.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface SelfOptions extends Common {
  readonly all?: boolean;
  readonly watch?: boolean;
}

const WATCH_EVERY_MS = 5_000;

/** `yosugara self`: what the managers watch of themselves. */
export function addSelf(_: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('self', 'what the manager of each node sees of itself')
    .option('--all', 'those that are well, too')
    .option('--watch', 'again every 5 seconds; with --json one document a line')
    .action((options: SelfOptions) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readSelf>>) =>
          renderSelf(found, options.all === true, painter(terminal));
        const read = async () => await readSelf(api(options));
        const found = await shown(context, options, { read, render, everyMs: WATCH_EVERY_MS });
        return options.watch === true || found === null ? EXIT.ok : exitOfSelf(found);
      })(),
    );
}
