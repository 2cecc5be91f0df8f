import { randomUUID } from 'node:crypto';
import { PRIORITIES } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { parseAssignments, readPlan, readQueues, sayLink } from '../commands/jobs.js';
import { renderPlan, renderQueues } from '../commands/jobs-render.js';
import { EXIT } from '../exit-codes.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

interface PlanOptions extends Common {
  readonly from?: string;
  readonly to?: string;
  readonly unit?: string;
  readonly trigger?: string;
  readonly limit: number;
}

export function addPlan(jobs: Command, { add, set, show, terminal, api }: VerbContext): void {
  add('plan', 'runs to come by their schedules', jobs)
    .option('--from <when>', 'how far ahead, such as 2h, 7d, or an RFC 3339 instant; default: now')
    .option('--to <when>', 'likewise; default: a day later')
    .option('--unit <id>', 'of this unit')
    .option('--trigger <id>', 'of this trigger')
    .option('--limit <n>', 'at most so many', wholeNumber, 200)
    .action(({ from, to, unit, trigger, limit, ...options }: PlanOptions) =>
      set(async () => {
        const plan = await readPlan(api(options), { from, to, unit, trigger, limit });
        show(options, plan, () => renderPlan(plan));
        if (plan.more && options.json !== true) terminal.note('there are more: --limit, or another --from\n');
        return EXIT.ok;
      })(),
    );
  add('queues', 'who has a place in a queue, and who waits for one there or on a node', jobs).action((options: Common) =>
    set(async () => {
      const found = await readQueues(api(options));
      show(options, found, () => renderQueues(found));
      return EXIT.ok;
    })(),
  );
}

interface LinkOptions extends Common {
  readonly message: string;
  readonly priority: string;
  readonly value: readonly string[];
  readonly id?: string;
}

export function addLink(jobs: Command, { add, set, show, api }: VerbContext): void {
  add('link', 'say something to jobs and triggers that wait for it', jobs)
    .argument('<message-id>')
    .option('--message <text>', 'what it says', '')
    .addOption(new Option('--priority <priority>', 'how bad it is').choices(PRIORITIES).default('info'))
    .option('--value <key=value>', 'what it carries; can be repeated', oneMore, [])
    .option('--id <id>', 'said again under the same one it is said once')
    .action((messageId: string, options: LinkOptions) =>
      set(async () => {
        const { message, priority, value, id = randomUUID() } = options;
        const values = parseAssignments(value, '--value');
        const done = await sayLink(api(options), { id, messageId, message, priority, values });
        show(options, { id, ...done }, () => (done.isNew ? 'said' : 'it was said before'));
        return EXIT.ok;
      })(),
    );
}
