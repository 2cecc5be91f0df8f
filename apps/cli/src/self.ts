import type { Command } from 'commander';
import { sleep } from './commands/follow.js';
import { exitOfSelf, readSelf, renderSelf } from './commands/self.js';
import type { Found } from './control/find.js';
import { ManagerApi } from './control/manager-api.js';
import { EXIT } from './exit-codes.js';
import type { VerbContext } from './governing.js';
import { painter } from './output/terminal.js';

interface SelfOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly all?: boolean;
  readonly watch?: boolean;
}

const WATCH_EVERY_MS = 5_000;

/** `yosugara self`: what the managers watch of themselves. */
export function addSelf(
  program: Command,
  { add, set, show, terminal }: Omit<VerbContext, 'controllers'>,
  nodesOf: (options: SelfOptions) => readonly Found[],
  stop: AbortSignal,
): void {
  add(
    'self',
    'what the manager of each node sees of itself; 3 when something is a warning or worse, or a manager does not answer',
    program,
  )
    .option('--all', 'those that are well, too')
    .option('--watch', 'again every 5 seconds; with --json one document a line')
    .action((options: SelfOptions) =>
      set(async () => {
        const api = ManagerApi.of(nodesOf(options));
        const paint = painter(terminal);
        if (options.watch !== true) {
          const found = await readSelf(api);
          show(options, found, () => renderSelf(found, options.all === true, paint));
          return exitOfSelf(found);
        }
        while (!stop.aborted) {
          const found = await readSelf(api);
          if (options.json === true) terminal.out(JSON.stringify(found));
          else terminal.out(`${terminal.color ? '\x1b[H\x1b[2J' : ''}${renderSelf(found, options.all === true, paint)}`);
          await sleep(WATCH_EVERY_MS);
        }
        return EXIT.ok;
      })(),
    );
}
