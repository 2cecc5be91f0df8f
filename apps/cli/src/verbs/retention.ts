import { RETAINED } from '@yosugara/protocol';
import type { Command } from 'commander';
import {
  cleanUp,
  previewCleanUp,
  readRetention,
  readRuns,
  renderPreview,
  renderRetention,
  renderRuns,
  retainedOf,
} from '../commands/retention.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

const KINDS = RETAINED.join(', ');
const WATCH_EVERY_MS = 5_000;

/** The verbs about how long what is kept; the days are the setting `retention`, id `cluster`. */
export function addRetention(program: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
  const retention = program
    .command('retention')
    .description('what is kept, how long, and what is deleted; needs a login or a token');
  add('show', 'of each kind: days and who says so, rows, size, the oldest, the last clean-up', retention)
    .option('--watch', 'again every 5 seconds; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        const render = (found: Awaited<ReturnType<typeof readRetention>>) => renderRetention(found, painter(terminal));
        await shown(context, options, { read: async () => await readRetention(api(options)), render, everyMs: WATCH_EVERY_MS });
        return EXIT.ok;
      })(),
    );
  add('preview', 'what would go if it were cleaned up now', retention)
    .argument('[kind...]', `default: all; of ${KINDS}`)
    .action((kinds: readonly string[], options: Common) =>
      set(async () => {
        const found = await previewCleanUp(api(options), retainedOf(kinds));
        show(options, found, () => renderPreview(found));
        return EXIT.ok;
      })(),
    );
  add('clean-up', 'delete now what is older than it is kept, whatever the time of day', retention)
    .argument('<kind...>', `of ${KINDS}`)
    .action((kinds: readonly string[], options: Common) =>
      set(async () => {
        const found = await cleanUp(api(options), retainedOf(kinds));
        show(
          options,
          found,
          () => `waiting: ${found.waiting.join(', ') || 'nothing'}; yosugara retention runs tells what became of it`,
        );
        return EXIT.ok;
      })(),
    );
  add('runs', 'what clean-ups did, the newest first', retention)
    .option('--kind <kind>', `of ${KINDS}`)
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .action((options: Common & { kind?: string; limit: number }) =>
      set(async () => {
        const [kind] = options.kind === undefined ? [] : retainedOf([options.kind]);
        const found = await readRuns(api(options), kind, options.limit);
        show(options, found, () => renderRuns(found, painter(terminal)));
        return EXIT.ok;
      })(),
    );
}
