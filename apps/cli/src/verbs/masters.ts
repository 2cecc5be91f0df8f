import type { Command } from 'commander';
import { promote, switchover } from '../commands/masters.js';
import { EXIT } from '../exit-codes.js';
import { whoAsks, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

export function addMasters(_: Command, { add, set, show, terminal, controllers }: VerbContext): void {
  const done = (options: Common, result: Awaited<ReturnType<typeof switchover>>) => {
    show(options, result, () => `${result.to} is Master, epoch ${result.epoch}, after ${result.seconds} s`);
    return EXIT.ok;
  };
  add('switchover', 'planned change of Master')
    .option('--to <node>', 'default: the Standby in the sync set')
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 60)
    .action((options: Common & { to?: string; timeout: number }) =>
      set(async () =>
        done(options, await switchover(controllers(options), { to: options.to, deadlineMs: options.timeout * 1000 }, terminal)),
      )(),
    );
  add('promote', 'make a node Master that may lack acknowledged writes; only when the cluster cannot decide by itself')
    .argument('[node]', 'default: the Standby that is heard')
    .requiredOption('--accept-data-loss', 'say that writes may be lost')
    .option('--old-master-is-off', 'say that the old Master is switched off', false)
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 60)
    .action((node: string | undefined, options: Common & { oldMasterIsOff: boolean; timeout: number }) =>
      set(async () => {
        const { oldMasterIsOff, timeout } = options;
        const asked = { node, oldMasterIsOff, by: whoAsks(), deadlineMs: timeout * 1000 };
        return done(options, await promote(controllers(options), asked, terminal));
      })(),
    );
}
