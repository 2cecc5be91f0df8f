import { PRIORITIES, type Priority } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { renderTested, testNotification } from '../commands/notifications.js';
import { EXIT } from '../exit-codes.js';
import { whoAsks, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface TestOptions extends Common {
  readonly priority?: Priority;
  readonly node?: string;
  readonly message?: string;
  readonly within: number;
}

/** The verbs about who is told; they are written as settings. */
export function addNotifications(program: Command, { add, set, show, api }: VerbContext): void {
  const notifications = program
    .command('notifications')
    .description('who is told, and by what; they are settings of the kind notification');
  add(
    'test',
    'has it tell something that says it is a test, by the way of all that is told, and says what became of it',
    notifications,
  )
    .argument('<id>', 'a notification')
    .addOption(new Option('--priority <priority>', 'default: the worst that it tells').choices(PRIORITIES))
    .option('--node <id>', 'as if it were about this node')
    .option('--message <text>', 'in the place of the usual one')
    .option('--within <seconds>', 'wait so long for the other side, 60 at most', wholeNumber, 15)
    .action((id: string, options: TestOptions) =>
      set(async () => {
        const { priority = null, node: facility = null, message = null, within: withinS } = options;
        const tested = await testNotification(api(options), id, { priority, facility, message, withinS }, whoAsks());
        show(options, tested, () => renderTested(tested));
        return tested.outcome === 'given up' || tested.outcome === 'again' ? EXIT.failure : EXIT.ok;
      })(),
    );
}
