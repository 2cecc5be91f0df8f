import { randomUUID } from 'node:crypto';
import { InvalidInputError } from '@yosugara/kernel';
import {
  END_STATUSES,
  type EndStatus,
  JOB_OPERATIONS,
  JOB_STATES,
  type JobOperation,
  type JobSessionDetail,
  PRIORITIES,
  SESSION_TRIGGERS,
} from '@yosugara/protocol';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  operateJob,
  parseAssignments,
  readHistory,
  readJob,
  readPlan,
  readQueues,
  readSession,
  readSessions,
  releaseOf,
  sayLink,
  startSession,
  watch,
} from './commands/jobs.js';
import {
  renderHistory,
  renderJob,
  renderOutputs,
  renderPlan,
  renderQueues,
  renderSession,
  renderSessions,
} from './commands/jobs-render.js';
import { parseSince } from './commands/messages.js';
import type { Found } from './control/find.js';
import { ManagerApi } from './control/manager-api.js';
import { EXIT, type ExitCode } from './exit-codes.js';
import { type VerbContext, whoAsks, wholeNumber } from './governing.js';
import { painter, printable } from './output/terminal.js';

interface Common {
  readonly config?: string;
  readonly json?: boolean;
}
type Verbs = Omit<VerbContext, 'controllers'>;
type ApiOf = (options: Common) => ManagerApi;

/** The verbs about jobs; units, triggers and queues are written as settings (`yosugara apply -f`). */
export function addJobs(
  program: Command,
  context: Verbs,
  nodesOf: (options: Common) => readonly Found[],
  stop: AbortSignal,
): void {
  const api = (options: Common) => ManagerApi.of(nodesOf(options));
  const jobs = program.command('jobs').description('sessions of job units; units and triggers are written with yosugara apply');
  addList(jobs, context, api, stop);
  addShow(jobs, context, api, stop);
  addRun(jobs, context, api, stop);
  addOperations(jobs, context, api);
  addPlan(jobs, context, api);
  addLink(jobs, context, api);
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

function addList(jobs: Command, { add, set, show, terminal }: Verbs, api: ApiOf, stop: AbortSignal): void {
  add('list', 'sessions, the newest last', jobs)
    .alias('sessions')
    .option('--unit <id>')
    .option('--job <id>', 'sessions that have such a job')
    .option('--state <states>', `${JOB_STATES.join(', ')}; several with commas`)
    .option('--end-status <statuses>', `${END_STATUSES.join(', ')}; several with commas`)
    .option('--trigger <id>')
    .addOption(new Option('--trigger-type <type>').choices(SESSION_TRIGGERS))
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
        if (options.watch === true) {
          await watch(
            read,
            (found) => again(terminal, options, found, () => render(found)),
            () => false,
            stop,
          );
          return EXIT.ok;
        }
        const found = await read();
        show(options, found, () => render(found));
        if (found.next !== null && options.json !== true) terminal.note(`more: --after ${printable(found.next)}\n`);
        return EXIT.ok;
      })(),
    );
}

/** On a terminal in the place of what was there before. */
function again(terminal: Verbs['terminal'], { json }: Common, document: unknown, text: () => string): void {
  if (json === true) terminal.out(JSON.stringify(document));
  else terminal.out(terminal.live ? `\x1b[H\x1b[2J${text()}` : `${text()}\n`);
}

/** How a session ended; one that is not over is no failure. */
const codeOf = ({ endedAt, endStatus }: Pick<JobSessionDetail, 'endedAt' | 'endStatus'>): ExitCode =>
  endedAt === null || endStatus === 'normal' ? EXIT.ok : EXIT.failure;

function addShow(jobs: Command, { add, set, show, terminal }: Verbs, api: ApiOf, stop: AbortSignal): void {
  const paint = painter(terminal);
  add('show', 'a session with its jobs, or one of them with its nodes', jobs)
    .argument('<session>')
    .argument('[job]')
    .option('--watch', 'until it is over: then 0 = normal, 1 = otherwise')
    .action((session: string, job: string | undefined, options: Common & { watch?: boolean }) =>
      set(async () => {
        if (job !== undefined) {
          const found = await readJob(api(options), session, job);
          show(options, found, () => renderJob(found, paint));
          return EXIT.ok;
        }
        const read = async () => await readSession(api(options), session);
        if (options.watch === true) {
          const print = (found: JobSessionDetail) => again(terminal, options, found, () => renderSession(found, paint));
          const last = await watch(read, print, ({ endedAt }) => endedAt !== null, stop);
          return last === null ? EXIT.failure : codeOf(last);
        }
        const found = await read();
        show(options, found, () => renderSession(found, paint));
        return EXIT.ok;
      })(),
    );
  add('history', 'all that became of a session', jobs)
    .argument('<session>')
    .action((session: string, options: Common) =>
      set(async () => {
        const lines = await readHistory(api(options), session);
        show(options, { lines }, () => renderHistory(lines));
        return EXIT.ok;
      })(),
    );
  add('output', 'what the commands of a job wrote', jobs)
    .argument('<session>')
    .argument('<job>')
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
const oneMore = (value: string, before: readonly string[]) => [...before, value];

function addRun(jobs: Command, { add, set, show, terminal }: Verbs, api: ApiOf, stop: AbortSignal): void {
  add('run', 'begin a session by hand', jobs)
    .argument('<unit>')
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
        const last = await watch(
          read,
          () => undefined,
          ({ endedAt }) => endedAt !== null,
          stop,
        );
        show(options, last, () => (last === null ? 'nobody knows' : renderSession(last, painter(terminal))));
        return last === null || last.endedAt === null ? EXIT.failure : codeOf(last);
      })(),
    );
}

interface OperateOptions extends Common {
  readonly node?: string;
  readonly status?: EndStatus;
  readonly value?: number;
  readonly comment: string;
}
const DOES: Readonly<Record<JobOperation, string>> = {
  start: 'run it again from its beginning',
  'release-hold': 'let go what is held',
  'release-skip': 'let run what is to be skipped',
  'release-suspend': 'let go on what is suspended',
  'force-run': 'begin it whatever it waits for',
  stop: 'stop it by its stop command',
  suspend: 'start nothing more of it; what runs goes on',
  skip: 'it does not run when its turn comes',
  hold: 'it waits for somebody when its turn comes',
  'change-end': 'change how it ended',
  'set-end': 'end it without running it',
  'force-end': 'end it, whatever its command does',
  'force-stop': 'kill its commands',
  approve: 'say yes to an approval job',
  deny: 'say no to it',
};
const ENDS: readonly JobOperation[] = ['skip', 'change-end', 'set-end', 'force-end'];

function addOperations(jobs: Command, { add, set, show }: Verbs, api: ApiOf): void {
  const verb = (
    name: string,
    description: string,
    operationOf: (session: string, job: string | null, options: Common) => Promise<JobOperation>,
  ) =>
    add(name, `${description}; 4 = not possible now, and why`, jobs)
      .argument('<session>')
      .argument('[job]', 'default: the whole session')
      .option('--node <id>', 'one node of the job')
      .option('--comment <text>', 'for the audit trail', '')
      .action((session: string, given: string | undefined, options: OperateOptions) =>
        set(async () => {
          const job = given ?? null;
          const operation = await operationOf(session, job, options);
          const wish = { operation, job, facility: options.node ?? null, end: endOf(options), comment: options.comment };
          await operateJob(api(options), session, wish, whoAsks());
          show(options, { done: true, session, ...wish }, () => `${operation}: done`);
          return EXIT.ok;
        })(),
      );
  for (const operation of JOB_OPERATIONS) {
    const command = verb(operation === 'start' ? 'rerun' : operation, DOES[operation], async () => operation);
    if (operation === 'start') command.alias('start');
    if (ENDS.includes(operation))
      command
        .addOption(new Option('--status <status>', 'how it ends').choices(END_STATUSES))
        .option('--value <number>', 'its end value', anyNumber);
  }
  verb(
    'release',
    'whichever of the releases is possible',
    async (session, job, options) => await releaseOf(api(options), session, job),
  );
}

function endOf({ status, value }: OperateOptions): { status: EndStatus; value: number } | null {
  if (status === undefined && value === undefined) return null;
  if (status === undefined) throw new InvalidInputError('--status', 'nothing', `${END_STATUSES.join(', ')}, with a value`);
  return { status, value: value ?? (status === 'normal' ? 0 : status === 'warning' ? 1 : -1) };
}

const anyNumber = (text: string): number => {
  if (!/^-?\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number is needed');
  return Number(text);
};

interface PlanOptions extends Common {
  readonly from?: string;
  readonly to?: string;
  readonly unit?: string;
  readonly trigger?: string;
  readonly limit: number;
}

function addPlan(jobs: Command, { add, set, show, terminal }: Verbs, api: ApiOf): void {
  add('plan', 'runs to come by their schedules', jobs)
    .option('--from <when>', 'how far ahead, such as 2h, 7d, or an RFC 3339 instant; default: now')
    .option('--to <when>', 'likewise; default: a day later')
    .option('--unit <id>')
    .option('--trigger <id>')
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

function addLink(jobs: Command, { add, set, show }: Verbs, api: ApiOf): void {
  add('link', 'say something to jobs and triggers that wait for it', jobs)
    .argument('<message-id>')
    .option('--message <text>', '', '')
    .addOption(new Option('--priority <priority>').choices(PRIORITIES).default('info'))
    .option('--value <key=value>', 'can be repeated', oneMore, [])
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
