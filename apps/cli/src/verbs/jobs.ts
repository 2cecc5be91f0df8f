import { END_STATUSES, JOB_STATES, SESSION_TRIGGERS } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { readSessions } from '../commands/jobs.js';
import { renderSessions } from '../commands/jobs-render.js';
import { parseSince } from '../commands/messages.js';
import { EXIT } from '../exit-codes.js';
import { painter, printable } from '../output/terminal.js';
import { wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { addOperations } from './job-operations.js';
import { addLink, addPlan } from './job-plan.js';
import { addRun, addSessionShow } from './job-sessions.js';
import { shown } from './watching.js';

/** The verbs about jobs; units, triggers and queues are written as settings (`yosugara apply -f`). */
export function addJobs(program: Command, context: VerbContext): void {
  const jobs = program.command('jobs').description('sessions of job units; units and triggers are written with yosugara apply');
  addList(jobs, context);
  addSessionShow(jobs, context);
  addRun(jobs, context);
  addOperations(jobs, context);
  addPlan(jobs, context);
  addLink(jobs, context);
}

interface ListOptions extends Common {
  readonly unit?: string;
  readonly job?: string;
  readonly state?: string;
  readonly endStatus?: string;
  readonly trigger?: string;
  readonly triggerType?: string;
  readonly open?: boolean;
  readonly over?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly limit: number;
  readonly after?: string;
  readonly watch?: boolean;
}

function addList(jobs: Command, context: VerbContext): void {
  const { add, set, terminal, api } = context;
  add('list', 'sessions, the newest last', jobs)
    .alias('sessions')
    .option('--unit <id>', 'of this unit')
    .option('--job <id>', 'sessions that have such a job')
    .option('--state <states>', `${JOB_STATES.join(', ')}; several with commas`)
    .option('--end-status <statuses>', `${END_STATUSES.join(', ')}; several with commas`)
    .option('--trigger <id>', 'that this trigger began')
    .addOption(new Option('--trigger-type <type>', 'what began them').choices(SESSION_TRIGGERS))
    .option('--open', 'those that are not over')
    .addOption(new Option('--over', 'those that are over').conflicts('open'))
    .option('--since <when>', 'of the time that it is for: such as 10m, 2h, 1d, or an RFC 3339 instant')
    .option('--until <when>', 'likewise')
    .option('--limit <n>', 'at most so many', wholeNumber, 50)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .option('--watch', 'show it again whenever it changes; with --json one document a line')
    .action((options: ListOptions) =>
      set(async () => {
        const { unit, job, state, endStatus, trigger, triggerType, limit, after } = options;
        const at = (when: string | undefined, option: string) =>
          when === undefined ? undefined : parseSince(when, Date.now(), option);
        const open = options.open === true ? 'true' : options.over === true ? 'false' : undefined;
        const times = { since: at(options.since, '--since'), until: at(options.until, '--until') };
        const filter = { unit, job, state, endStatus, trigger, triggerType, open, ...times } as const;
        const read = async () => await readSessions(api(options), filter, limit, after ?? null);
        const render = ({ rows }: Awaited<ReturnType<typeof read>>) => renderSessions([...rows].reverse(), painter(terminal));
        const found = await shown(context, options, { read, render });
        if (found !== null && found.next !== null && options.json !== true && options.watch !== true)
          terminal.note(`more: --after ${printable(found.next)}\n`);
        return EXIT.ok;
      })(),
    );
}
