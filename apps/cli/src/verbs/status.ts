import type { Command } from 'commander';
import { healthOf, renderStatus } from '../commands/status.js';
import { EXIT } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

export function addStatus(_: Command, context: VerbContext): void {
  const { add, set, terminal, controllers } = context;
  add('status', 'nodes, roles, epoch, sync, lag, receivers, VIP, alarms, and what would happen if the Master died now')
    .option('--watch', 'again every second when it has changed; with --json one document a line')
    .action((options: Common & { watch?: boolean }) =>
      set(async () => {
        const status = await shown(context, options, {
          read: async () => await controllers(options).status(),
          render: (found) => renderStatus(found, painter(terminal)),
        });
        return options.watch === true || status === null ? EXIT.ok : healthOf(status);
      })(),
    );
}
