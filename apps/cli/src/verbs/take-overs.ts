import type { Command } from 'commander';
import { readLag, readTakeOvers, renderLag, renderTakeOvers } from '../commands/take-overs.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

const WATCH_EVERY_MS = 5_000;

/** What the cluster went through. */
export function addTakeOvers(_: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
  add('take-overs', 'each change of Master: why, by which proof, and how long each phase took; needs a login or a token').action(
    (options: Common) =>
      set(async () => {
        const found = await readTakeOvers(api(options));
        show(options, found, () => renderTakeOvers(found, painter(terminal)));
        return EXIT.ok;
      })(),
  );
  add('lag', 'how far each node was behind, as charts of text; needs a login or a token')
    .option('--watch', 'again every 5 seconds; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readLag>>) => renderLag(found, terminal.columns);
        await shown(context, options, { read: async () => await readLag(api(options)), render, everyMs: WATCH_EVERY_MS });
        return EXIT.ok;
      })(),
    );
}
