import type { Command } from 'commander';
import { exitOfCapacity, readCapacity, renderCapacity } from '../commands/capacity.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface CapacityOptions extends Common {
  readonly all?: boolean;
  readonly watch?: boolean;
}

const WATCH_EVERY_MS = 10_000;

/** `yosugara capacity`: what fills up when. */
export function addCapacity(_: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('capacity', 'what fills up when (disks, journals, WAL, connections, queues), how sure that is, and what to change')
    .option('--all', 'what has no limit of its own, too')
    .option('--watch', 'again every 10 seconds; with --json one document a line')
    .action((options: CapacityOptions) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readCapacity>>) =>
          renderCapacity(found, options.all === true, painter(terminal));
        const read = async () => await readCapacity(api(options));
        const found = await shown(context, options, { read, render, everyMs: WATCH_EVERY_MS });
        return options.watch === true || found === null ? EXIT.ok : exitOfCapacity(found);
      })(),
    );
}
