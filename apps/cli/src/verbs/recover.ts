import type { Command } from 'commander';
import { exitCodeOfRecover, recover, renderReport } from '../commands/recover.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

export function addRecover(_: Command, { add, set, show, terminal, controllers }: VerbContext): void {
  add('recover', 'bring the failed node back as Standby, online')
    .argument('[node]', 'default: the node that is out')
    .option('--dry-run', 'say what would be done and why, and change nothing', false)
    .option(
      '--discard-unknown',
      'give up what the node holds on a timeline that this cluster never made, or of another database system',
      false,
    )
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 3600)
    .action((node: string | undefined, options: Common & { dryRun: boolean; discardUnknown: boolean; timeout: number }) =>
      set(async () => {
        const result = await recover(
          controllers(options),
          { node, dryRun: options.dryRun, discardUnknown: options.discardUnknown, deadlineMs: options.timeout * 1000 },
          terminal,
        );
        show(options, result, () => (result.state === 'done' ? renderReport(result) : result.message));
        return exitCodeOfRecover(result);
      })(),
    );
}
