import type { Command } from 'commander';
import { readOverview, renderOverview } from '../commands/overview.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

const WATCH_EVERY_MS = 4_000;

/** What the console's first page shows. */
export function addOverview(_: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('overview', 'one look at everything: open events, nodes that do not answer, jobs, agents, health by scope')
    .option('--watch', 'again every 4 seconds; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readOverview>>) => renderOverview(found, painter(terminal));
        await shown(context, options, { read: async () => await readOverview(api(options)), render, everyMs: WATCH_EVERY_MS });
        return EXIT.ok;
      })(),
    );
}
