import { InvalidInputError } from '@yosugara/kernel';
import { END_STATUSES, type EndStatus, JOB_OPERATIONS, type JobOperation } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { operateJob, releaseOf } from '../commands/jobs.js';
import { EXIT } from '../exit-codes.js';
import { anyNumber, whoAsks } from './arguments.js';
import type { Common, VerbContext } from './context.js';

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

export function addOperations(jobs: Command, { add, set, show, api }: VerbContext): void {
  const verb = (
    name: string,
    description: string,
    operationOf: (session: string, job: string | null, options: Common) => Promise<JobOperation>,
  ) =>
    add(name, description, jobs)
      .argument('<session>', 'id of the session')
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
