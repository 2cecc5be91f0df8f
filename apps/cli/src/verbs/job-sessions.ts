import { randomUUID } from 'node:crypto';
import type { JobSessionDetail } from '@yosugara/protocol';
import type { Command } from 'commander';
import { parseAssignments, readHistory, readJob, readSession, startSession } from '../commands/jobs.js';
import { renderHistory, renderJob, renderOutputs, renderSession } from '../commands/jobs-render.js';
import { watch } from '../commands/watch.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { painter } from '../output/terminal.js';
import { oneMore, whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { shown } from './watching.js';

/** How a session ended; one that is not over is no failure. */
const codeOf = ({ endedAt, endStatus }: Pick<JobSessionDetail, 'endedAt' | 'endStatus'>): ExitCode =>
  endedAt === null || endStatus === 'normal' ? EXIT.ok : EXIT.failure;

export function addSessionShow(jobs: Command, context: VerbContext): void {
  const { add, set, show, terminal, api } = context;
  const paint = painter(terminal);
  add('show', 'a session with its jobs, or one of them with its nodes', jobs)
    .argument('<session>', 'id of the session')
    .argument('[job]', 'one job of it, such as net/copy')
    .option('--watch', 'until it is over: then 0 = normal, 1 = otherwise')
    .action((session: string, job: string | undefined, options: Common & { watch?: boolean }) =>
      set(async () => {
        if (job !== undefined) {
          const found = await readJob(api(options), session, job);
          show(options, found, () => renderJob(found, paint));
          return EXIT.ok;
        }
        const last = await shown(context, options, {
          read: async () => await readSession(api(options), session),
          render: (found) => renderSession(found, paint),
          isOver: ({ endedAt }) => endedAt !== null,
        });
        if (options.watch === true) return last === null ? EXIT.failure : codeOf(last);
        return EXIT.ok;
      })(),
    );
  add('history', 'all that became of a session', jobs)
    .argument('<session>', 'id of the session')
    .action((session: string, options: Common) =>
      set(async () => {
        const lines = await readHistory(api(options), session);
        show(options, { lines }, () => renderHistory(lines));
        return EXIT.ok;
      })(),
    );
  add('output', 'what the commands of a job wrote', jobs)
    .argument('<session>', 'id of the session')
    .argument('<job>', 'one of its jobs, such as net/copy')
    .option('--node <id>', 'of this node only')
    .option('--stderr', 'what it wrote there; default: stdout', false)
    .action((session: string, job: string, options: Common & { node?: string; stderr: boolean }) =>
      set(async () => {
        const found = await readJob(api(options), session, job);
        const outputs = found.outputs.filter(({ facility }) => options.node === undefined || facility === options.node);
        show(options, { session, job, outputs }, () => renderOutputs(found, options));
        return EXIT.ok;
      })(),
    );
}

interface RunOptions extends Common {
  readonly job?: string;
  readonly trigger?: string;
  readonly parameter: readonly string[];
  readonly ignoreTimes: boolean;
  readonly testCommand?: string;
  readonly request?: string;
  readonly wait: boolean;
}
export function addRun(jobs: Command, { add, set, show, terminal, api, stop }: VerbContext): void {
  add('run', 'begin a session by hand', jobs)
    .argument('<unit>', 'id of the job unit')
    .option('--job <id>', 'a job or jobnet of it; default: all of the unit')
    .option('--trigger <id>', 'a manual trigger, whose parameters are checked')
    .option('-p, --parameter <name=value>', 'a variable of the session; can be repeated', oneMore, [])
    .option('--ignore-times', 'waits for times of day and minutes after the start do not count', false)
    .option('--test-command <command>', 'in place of every command')
    .option('--request <id>', 'asked again under the same one it is the same session')
    .option('--wait', 'until it is over: then 0 = normal, 1 = otherwise', false)
    .action((unit: string, options: RunOptions) =>
      set(async () => {
        const { job = null, trigger = null, ignoreTimes, testCommand = null, request = randomUUID() } = options;
        const parameters = parseAssignments(options.parameter, '--parameter');
        const wish = { request, job, trigger, parameters, ignoresTimes: ignoreTimes, testCommand };
        const started = await startSession(api(options), unit, wish, whoAsks());
        if (!options.wait) {
          show(options, started, () => `session ${started.session}${started.again ? ' (it was there already)' : ''}`);
          return EXIT.ok;
        }
        if (options.json !== true) terminal.note(`session ${started.session}\n`);
        const read = async () => await readSession(api(options), started.session);
        const last = await watch({ read, show: () => undefined, isOver: ({ endedAt }) => endedAt !== null, stop });
        show(options, last, () => (last === null ? 'nobody knows' : renderSession(last, painter(terminal))));
        return last === null || last.endedAt === null ? EXIT.failure : codeOf(last);
      })(),
    );
}
