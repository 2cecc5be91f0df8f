import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { YosugaraError } from '@yosugara/kernel';
import type { Command } from 'commander';
import { type Check, clockCheck, failedOf, nodeRuns, refuseFailed, renderChecks, runChecks } from '../checks/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { anotherToken } from '../install/begin.js';
import { nodeConfigOf } from '../install/files.js';
import { missingOf } from '../install/forming.js';
import { askToJoin, becomeMember, refuseIfMember, tokenOf } from '../install/join.js';
import { keepForming } from '../install/keeper.js';
import { DEFAULT_PLACES, type Places, placesOf } from '../install/places.js';
import { NO_SERVICES, SYSTEMD, UNITS } from '../install/services.js';
import { inTurn } from '../install/turn.js';
import { painter } from '../output/terminal.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';
import { addHereOptions, type HereOptions, renderToken, showChecks } from './init-here.js';

/** How a host becomes a member, and what it is looked at for. */
export function addMembers(program: Command, context: VerbContext): void {
  addCheck(context);
  addJoin(program, context);
  addJoinToken(program, context);
  addForming(program, context);
}

function addCheck(context: VerbContext): void {
  const { add, set, show, nodes, terminal } = context;
  add('check', 'look at what this host’s node needs: clock, ports, disks, memory, PostgreSQL, power devices, kernel settings')
    .option('--accept <check>', 'this one may fail; can be repeated', oneMore, [])
    .action((options: Common & { accept: readonly string[] }) =>
      set(async () => {
        const checks: Check[] = [];
        for (const { config, stateDir } of nodes(options)) {
          if (config === null) throw new YosugaraError('BAD_CONFIG', `there is no configuration beside ${stateDir}`);
          const configFile = options.config ?? '/etc/yosugara/yosugara.yaml';
          checks.push(...(await runChecks({ config, configFile, running: await nodeRuns(stateDir), account: null })));
        }
        show(options, { checks }, () => renderChecks(checks, painter(terminal)));
        return failedOf(checks, options.accept).length === 0 ? EXIT.ok : EXIT.failure;
      })(),
    );
}

interface JoinOptions extends HereOptions {
  readonly stateDir?: string;
  readonly dataDir?: string;
  readonly postgresBin?: string;
}

function addJoin(program: Command, context: VerbContext): void {
  const command = program
    .command('join')
    .description('make this host the member that a token of `yosugara init` names')
    .argument('[token]', 'without it, or as -, it is read from standard input, where no list of processes shows it')
    .option('--state-dir <folder>', 'where this node has its state', DEFAULT_PLACES.stateDir)
    .option('--data-dir <folder>', 'PGDATA lies below it', DEFAULT_PLACES.dataDir)
    .option('--postgres-bin <folder>', 'where PostgreSQL’s programs are')
    .option('--json', 'print one JSON document');
  addHereOptions(command).action((token: string | undefined, options: JoinOptions) =>
    context.set(async () => {
      const places = placesOf(options);
      return await inTurn(places, () => join(token, places, options, context));
    })(),
  );
}

async function join(given: string | undefined, places: Places, options: JoinOptions, context: VerbContext): Promise<ExitCode> {
  const { show, terminal } = context;
  await refuseIfMember(places);
  if (given === undefined || given === '-') terminal.note('reading the token from standard input…\n');
  const token = tokenOf(given === undefined || given === '-' ? await text(process.stdin) : given);
  const local = options.postgresBin === undefined ? {} : { postgresBin: options.postgresBin };
  const joined = await askToJoin(places, token);
  const { welcome, clockAheadMs } = joined;
  const { member, kind } = token;
  const config = nodeConfigOf(member, { ...welcome.config, stateDir: places.stateDir, dataDir: places.dataDir }, local);
  const account = options.start && process.getuid?.() === 0 ? (options.account ?? DEFAULT_PLACES.account) : null;
  const looked = await runChecks({ config, configFile: places.configFile, running: false, account });
  const checks = [...looked, clockCheck(clockAheadMs)];
  if (options.json !== true || failedOf(checks, options.accept).length > 0) showChecks(checks, context);
  refuseFailed(checks, options.accept);
  await becomeMember(places, joined, local);
  const services = options.start ? SYSTEMD : NO_SERVICES;
  const trouble = await services.enable([UNITS.forming]);
  if (trouble !== null) terminal.note(`yosugara: ${trouble}: run \`yosugara forming\` yourself until all have joined\n`);
  const missing = missingOf(welcome.config).filter((id) => id !== member);
  show(options, { member, kind, missing, checks }, () =>
    missing.length === 0
      ? `${member} has joined, and nobody is missing: the cluster begins (yosugara status)`
      : `${member} has joined; the cluster begins by itself when ${missing.join(' and ')} has, too`,
  );
  return EXIT.ok;
}

function addJoinToken(program: Command, { set, show }: VerbContext): void {
  program
    .command('join-token')
    .description('another join token for a member that has not joined yet; on the first server')
    .argument('<member>', 'name of the member')
    .option('--minutes <n>', 'how long it is good', wholeNumber, 60)
    .option('--again', 'also for one that has joined, and lost its disk before the cluster began', false)
    .option('--config-dir <folder>', 'where this host’s configuration is', DEFAULT_PLACES.configDir)
    .option('--json', 'print one JSON document')
    .action((member: string, options: Common & { minutes: number; again: boolean; configDir: string }) =>
      set(async () => {
        const places = placesOf({ configDir: options.configDir });
        const authority = await readFile(places.authorityCertificate, 'utf8').catch((cause: unknown) => {
          throw new YosugaraError('NOT_FORMING', 'no cluster is being formed from this host', { cause });
        });
        const made = await anotherToken(places, { member, minutes: options.minutes, again: options.again }, authority);
        show(options, made, () => renderToken(made).join('\n').trimEnd());
        return EXIT.ok;
      })(),
    );
}

/** What yosugara-forming.service runs. */
function addForming(program: Command, { set, terminal, stop }: VerbContext): void {
  const command = program
    .command('forming')
    .description('answer joins, or wait for the other members, until the cluster is whole: what yosugara-forming.service runs')
    .option('--state-dir <folder>', 'where this node has its state', DEFAULT_PLACES.stateDir)
    .option('--data-dir <folder>', 'PGDATA lies below it', DEFAULT_PLACES.dataDir);
  addHereOptions(command).action((options: JoinOptions) =>
    set(async () => {
      const say = (line: string) => terminal.note(`yosugara: ${line}\n`);
      const services = options.start ? SYSTEMD : NO_SERVICES;
      const isWhole = await keepForming({ places: placesOf(options), services, say, stop });
      return isWhole ? EXIT.ok : EXIT.failure;
    })(),
  );
}
