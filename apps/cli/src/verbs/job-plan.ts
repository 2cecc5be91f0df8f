import { randomUUID } from 'node:crypto';
import { InvalidInputError } from '@yosugara/kernel';
import { PRIORITIES } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { parseAssignments, readApprovals, readLinks, readPlan, readQueues, sayLink, trySchedule } from '../commands/jobs.js';
import { renderApprovals, renderLinks, renderPlan, renderQueues } from '../commands/jobs-render.js';
import { readSetting } from '../commands/settings.js';
import type { ManagerApi } from '../control/manager-api.js';
import { EXIT } from '../exit-codes.js';
import { readDocuments } from '../settings/documents.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

interface PlanOptions extends Common {
  readonly from?: string;
  readonly to?: string;
  readonly unit?: string;
  readonly trigger?: string;
  readonly limit: number;
}

export function addPlan(jobs: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
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
  addTry(jobs, context);
  add('queues', 'who has a place in a queue, and who waits for one there or on a node', jobs)
    .option('--watch', 'again every second when it has changed; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        await shown(context, options, { read: async () => await readQueues(api(options)), render: renderQueues });
        return EXIT.ok;
      })(),
    );
  add('approvals', 'what waits for an answer, and of whom, the longest first', jobs)
    .option('--watch', 'again every second when it has changed; with --json one document a line')
    .action((options: Common & { watch?: true }) =>
      set(async () => {
        await shown(context, options, { read: async () => await readApprovals(api(options)), render: renderApprovals });
        return EXIT.ok;
      })(),
    );
}

interface TryOptions extends Common {
  readonly trigger?: string;
  readonly file?: string;
  readonly limit: number;
}

/** When a schedule would be due, whether a trigger has it or not. */
function addTry(jobs: Command, { add, set, show, api }: VerbContext): void {
  add('try-schedule', 'when the schedule of a trigger would be due next', jobs)
    .argument('[trigger]', 'a trigger that is stored')
    .option('-f, --file <file>', 'a trigger that is not stored yet, as apply takes it')
    .option('--limit <n>', 'at most so many, up to 100', wholeNumber, 10)
    .action((trigger: string | undefined, options: TryOptions) =>
      set(async () => {
        const { timeZone, schedule, calendar = null } = await triggerOf(api(options), trigger, options.file);
        const { times } = await trySchedule(api(options), { timeZone, schedule, calendar, limit: options.limit });
        show(options, { times }, () => (times.length === 0 ? 'never within a year' : times.join('\n')));
        return EXIT.ok;
      })(),
    );
}

interface Schedule {
  readonly timeZone?: unknown;
  readonly schedule?: unknown;
  readonly calendar?: unknown;
}

async function triggerOf(api: ManagerApi, id: string | undefined, file: string | undefined): Promise<Schedule> {
  if ((id === undefined) === (file === undefined))
    throw new InvalidInputError('trigger', id === undefined ? 'neither' : 'both', 'either the id of a trigger or --file');
  const found = id === undefined ? readDocuments([file!])[0]?.document : await readSetting(api, 'job-trigger', id);
  const { body } = (found ?? {}) as { readonly body?: Schedule };
  if (body?.schedule === undefined) throw new InvalidInputError('trigger', id ?? file!, 'a trigger that begins by schedule');
  return body;
}

interface LinkOptions extends Common {
  readonly message: string;
  readonly priority: string;
  readonly value: readonly string[];
  readonly id?: string;
}

export function addLink(jobs: Command, { add, set, show, api }: VerbContext): void {
  add('link', 'say something to jobs and triggers that wait for it', jobs)
    .argument('<message-id>', 'what jobs and triggers wait for')
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
  add('links', 'what was said to jobs and triggers, the newest first', jobs)
    .option('--message-id <id>', 'only these')
    .option('--after <n>', 'continue: the `next` of the answer before', wholeNumber)
    .option('--limit <n>', 'at most so many, up to 1000', wholeNumber, 100)
    .action((options: Common & { messageId?: string; after?: number; limit: number }) =>
      set(async () => {
        const { messageId, after, limit } = options;
        const found = await readLinks(api(options), { messageId, after, limit });
        show(options, found, () => renderLinks(found));
        return EXIT.ok;
      })(),
    );
}
