import { explain, YosugaraError } from '@yosugara/kernel';
import { MESSAGE_KINDS, MESSAGE_TRANSPORTS, ProfileName, StopProofKind } from '@yosugara/protocol';
import { Command, CommanderError, Option } from 'commander';
import { addAgents } from './agents.js';
import { addCalendars } from './calendars.js';
import { promote, switchover } from './commands/masters.js';
import { followMessages, type MessageFilter, parseSince, read, renderMessages } from './commands/messages.js';
import { exitCodeOfRecover, recover, renderReport } from './commands/recover.js';
import { healthOf, renderStatus } from './commands/status.js';
import { Controllers } from './control/client.js';
import { findNodes, socketsOf } from './control/find.js';
import { ManagerApi } from './control/manager-api.js';
import { addEvents } from './events.js';
import { EXIT, type ExitCode, exitCodeOf } from './exit-codes.js';
import { addGoverning, type VerbContext, wholeNumber } from './governing.js';
import { addIngest } from './ingest.js';
import { type ClusterPlan, initCluster, parseMember, parsePort } from './init/index.js';
import { addJobs } from './jobs.js';
import { addJournals } from './journals.js';
import { addMibs } from './mib.js';
import { painter, printable, processTerminal, type Terminal } from './output/terminal.js';
import { addSelf } from './self.js';
import { addSettings } from './settings/index.js';

export interface Surroundings {
  readonly terminal: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stop: AbortSignal;
}

interface Common {
  readonly config?: string;
  readonly json?: boolean;
}

const EXIT_CODES = `
Exit codes: 0 done, or healthy; 1 failed; 2 wrong command line or configuration;
3 the cluster has no Master or a node is out (status); 4 the cluster refused.`;

const oneMore = (term: string, before: readonly string[] = []): readonly string[] => [...before, term];
const collect = (value: string, before: readonly string[]) => [...before, value];

/** Runs one command line. @returns the exit code. */
export async function runProgram(args: readonly string[], around: Surroundings): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  const program = new Command('yosugara').description('Operates a Yosugara cluster.').showHelpAfterError().exitOverride();
  // A verb below a verb has options of its own, also where they are called alike.
  program.enablePositionalOptions();
  program.addHelpText('after', EXIT_CODES);
  program.configureOutput({
    writeOut: (text) => around.terminal.out(text.trimEnd()),
    writeErr: (text) => around.terminal.note(text),
  });
  const add = (name: string, description: string, under: Command = program) =>
    under
      .command(name)
      .description(description)
      .option('--config <file>', 'yosugara.yaml of a node on this host')
      .option('--json', 'print one JSON document');
  const set = (run: () => Promise<ExitCode>) => async () => {
    code = await run();
  };
  addStatus(add, set, around);
  addRecover(add, set, around);
  addMasters(add, set, around);
  const context: VerbContext = {
    add,
    set,
    terminal: around.terminal,
    controllers: (options) => controllersOf(options, around),
    show: (options, document, text) => show(around, options, document, text),
  };
  addGoverning(program, context);
  addJournals(program, context, (options) => nodesOf(options, around), around.stop);
  addIngest(program, context, (options) => nodesOf(options, around), around.stop);
  addMibs(program, context, (options) => nodesOf(options, around));
  addAgents(program, context, (options) => nodesOf(options, around));
  addCalendars(program, context, (options) => nodesOf(options, around));
  addSettings(program, context, (options) => nodesOf(options, around));
  addEvents(program, context, (options) => nodesOf(options, around), around.stop);
  addSelf(program, context, (options) => nodesOf(options, around), around.stop);
  addJobs(program, context, (options) => nodesOf(options, around), around.stop);
  addMessages(add, set, around);
  addInit(program, set, around);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    return report(error, args.includes('--json'), around.terminal);
  }
}

/** One clear line for people; programs that asked for JSON get JSON. */
function report(error: unknown, json: boolean, terminal: Terminal): ExitCode {
  const exitCode = exitCodeOf(error);
  if (json)
    terminal.out(
      JSON.stringify({
        error: { code: error instanceof YosugaraError ? error.code : 'UNEXPECTED', message: explain(error), exitCode },
      }),
    );
  else terminal.note(`yosugara: ${explain(error)}\n`);
  return exitCode;
}

type Add = (name: string, description: string) => Command;
type SetCode = (run: () => Promise<ExitCode>) => () => Promise<void>;

const nodesOf = (options: Common, around: Surroundings) =>
  findNodes({ config: options.config, env: around.env, cwd: around.cwd });
const controllersOf = (options: Common, around: Surroundings) => new Controllers(socketsOf(nodesOf(options, around)));

function show(around: Surroundings, options: Common, document: unknown, text: () => string): void {
  around.terminal.out(options.json === true ? JSON.stringify(document, null, 2) : text());
}

function addStatus(add: Add, set: SetCode, around: Surroundings): void {
  const command = add(
    'status',
    'nodes, roles, epoch, sync, lag, receivers, VIP, alarms, and what would happen if the Master died now',
  );
  command.action((options: Common) =>
    set(async () => {
      const status = await controllersOf(options, around).status();
      show(around, options, status, () => renderStatus(status, painter(around.terminal)));
      return healthOf(status);
    })(),
  );
}

function addRecover(add: Add, set: SetCode, around: Surroundings): void {
  add('recover', 'bring the failed node back as Standby, online')
    .argument('[node]', 'default: the node that is out')
    .option('--dry-run', 'say what would be done and why, and change nothing', false)
    .option('--discard-unknown', 'give up what the node holds on a timeline that this cluster never made', false)
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 3600)
    .action((node: string | undefined, options: Common & { dryRun: boolean; discardUnknown: boolean; timeout: number }) =>
      set(async () => {
        const result = await recover(
          controllersOf(options, around),
          { node, dryRun: options.dryRun, discardUnknown: options.discardUnknown, deadlineMs: options.timeout * 1000 },
          around.terminal,
        );
        show(around, options, result, () => (result.state === 'done' ? renderReport(result) : result.message));
        return exitCodeOfRecover(result);
      })(),
    );
}

function addMasters(add: Add, set: SetCode, around: Surroundings): void {
  const done = (options: Common, result: Awaited<ReturnType<typeof switchover>>) => {
    show(around, options, result, () => `${result.to} is Master, epoch ${result.epoch}, after ${result.seconds} s`);
    return EXIT.ok;
  };
  add('switchover', 'planned change of Master')
    .option('--to <node>', 'default: the Standby in the sync set')
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 60)
    .action((options: Common & { to?: string; timeout: number }) =>
      set(async () =>
        done(
          options,
          await switchover(
            controllersOf(options, around),
            { to: options.to, deadlineMs: options.timeout * 1000 },
            around.terminal,
          ),
        ),
      )(),
    );
  add('promote', 'make a node Master that may lack acknowledged writes; only when the cluster cannot decide by itself')
    .argument('[node]', 'default: the Standby that is heard')
    .requiredOption('--accept-data-loss', 'say that writes may be lost')
    .option('--old-master-is-off', 'say that the old Master is switched off', false)
    .option('--timeout <seconds>', 'how long to follow', wholeNumber, 60)
    .action((node: string | undefined, options: Common & { oldMasterIsOff: boolean; timeout: number }) =>
      set(async () => {
        const asked = { node, oldMasterIsOff: options.oldMasterIsOff, deadlineMs: options.timeout * 1000 };
        return done(options, await promote(controllersOf(options, around), asked, around.terminal));
      })(),
    );
}

interface MessageOptions extends Common, MessageFilter {
  readonly limit: number;
  readonly after?: string;
  readonly follow?: boolean;
}

function addMessages(add: Add, set: SetCode, around: Surroundings): void {
  add('messages', 'search and follow what was received, newest first')
    .option('--text <text>', 'contained in the message')
    .option('--source <ip>', 'sent from this address or network, such as 10.0.0.0/8')
    .option('--host <name>', 'host named in the message')
    .option('--app <name>', 'program named in the message; of a trap: its OID')
    .option('--proc <id>', 'process named in the message')
    .option('--facility <keyword>', 'kern, user, mail, daemon, auth, …, local0 to local7')
    .option('--severity <keyword>', 'at least as severe: emerg, alert, crit, err, warning, notice, info, debug')
    .addOption(new Option('--kind <kind>').choices(MESSAGE_KINDS))
    .addOption(new Option('--transport <way>', 'the way it came in').choices(MESSAGE_TRANSPORTS))
    .option('--sd <term>', 'structured data, such as exampleSDID@32473.iut=3; can be repeated', oneMore)
    .option('--varbind <term>', 'OID (or one above it) or its name, with =value or =value alone; can be repeated', oneMore)
    .option('--trap <name>', 'notification, by its name or OID')
    .option('--only-at <node>', 'received by this node and by no other')
    .option('--reason <name>', 'why it was not understood whole, such as no_pri; any for all of these')
    .option('--since <when>', 'such as 10m, 2h, 1d, or an RFC 3339 instant')
    .option('--until <when>', 'likewise')
    .option('--limit <n>', 'at most so many', wholeNumber, 200)
    .option('--after <next>', 'continue: the `next` of the answer before')
    .option('--follow', 'go on with what comes; with --json one row a line')
    .action((options: MessageOptions) => set(() => messages(options, around))());
}

async function messages(options: MessageOptions, around: Surroundings): Promise<ExitCode> {
  const { text, source: from, host, app, proc, facility, severity, kind, transport, sd, varbind, trap, onlyAt, reason } = options;
  const nowMs = Date.now();
  const at = (when: string | undefined, option: string) => (when === undefined ? undefined : parseSince(when, nowMs, option));
  const filter = {
    text,
    source: from,
    ...{ host, app, proc, facility, severity, kind, transport, sd, varbind, trap, onlyAt, reason },
    since: at(options.since, '--since'),
    until: at(options.until, '--until'),
  };
  const api = ManagerApi.of(nodesOf(options, around));
  if (options.follow === true) {
    const print = (rows: Parameters<typeof renderMessages>[0]) =>
      around.terminal.out(
        options.json === true ? rows.map((row) => JSON.stringify(row)).join('\n') : renderMessages(rows, false),
      );
    const skipped = (count: number, atLeast: boolean) =>
      around.terminal.note(
        `… ${atLeast ? 'at least ' : ''}${count} messages are not shown: they came too fast; search for them\n`,
      );
    await followMessages(api, filter, { show: print, skipped }, around.stop);
    return EXIT.ok;
  }
  const found = await read(api, filter, options.limit, options.after ?? null);
  show(around, options, found, () => renderMessages([...found.rows].reverse()));
  if (found.next !== null && options.json !== true) around.terminal.note(`more: --after ${printable(found.next)}\n`);
  return EXIT.ok;
}

interface InitOptions extends Omit<ClusterPlan, 'members' | 'vip' | 'ports' | 'stopProofs'> {
  readonly out: string;
  readonly member: readonly string[];
  readonly arbiter?: string;
  readonly dr?: string;
  readonly vip?: string;
  readonly vipDriver: 'bind' | 'ip' | 'none' | 'ocf' | 'command';
  readonly vipAgent?: string;
  readonly vipInterface?: string;
  readonly vipPrefix: number;
  readonly stopProofs?: string;
  readonly port: readonly string[];
  readonly ifMissing?: boolean;
  readonly json?: boolean;
}

function addInit(program: Command, set: SetCode, around: Surroundings): void {
  program
    .command('init')
    .description('make the configuration, identities, certificates and passwords of a new cluster')
    .requiredOption('--out <folder>', 'one folder a node is made in it')
    .requiredOption('--cluster-id <id>', 'lower-case letters, digits, -')
    .requiredOption('--member <name=address[,zone=z]>', 'a data node; give two', collect, [])
    .option('--arbiter <name=address[,zone=z]>', 'the third voter')
    .option('--dr <name=address[,zone=z]>', 'a copy in another site, promoted by hand only')
    .option('--vip <address>', 'address that follows the Master')
    .addOption(new Option('--vip-driver <driver>').choices(['bind', 'ip', 'none', 'ocf', 'command']).default('ip'))
    .option('--vip-agent <name>', 'for ocf, such as ocf:heartbeat:IPaddr2; for command, the path of a program')
    .option('--vip-interface <name>', 'for the driver ip')
    .option('--vip-prefix <bits>', 'prefix length', wholeNumber, 24)
    .addOption(new Option('--profile <name>', 'timing').choices(ProfileName.options))
    .addOption(new Option('--policy <name>').choices(['available', 'strict']))
    .addOption(new Option('--auto-rejoin <when>').choices(['never', 'clean', 'always']))
    .option('--stop-proofs <list>', `such as P1,P4; of ${StopProofKind.options.join(', ')}`)
    .option('--port <name=number>', 'such as syslog=514; may be repeated', collect, [])
    .option('--state-dir <folder>', 'where the node will find its state (%n = node); default: its folder in --out')
    .option('--data-dir <folder>', 'PGDATA lies below it (%n = node)')
    .option('--postgres-bin <folder>', 'where PostgreSQL’s programs are')
    .option('--static-dir <folder>', 'where the console’s files are')
    .option('--if-missing', 'do nothing where a cluster was made before')
    .option('--json', 'print one JSON document')
    .action((options: InitOptions) => set(() => init(options, around))());
}

async function init(options: InitOptions, around: Surroundings): Promise<ExitCode> {
  const {
    out,
    member,
    arbiter,
    dr,
    vip,
    vipDriver,
    vipAgent,
    vipInterface,
    vipPrefix,
    stopProofs,
    port,
    ifMissing,
    json,
    ...rest
  } = options;
  const members = [
    ...member.map((text) => parseMember(text, 'data')),
    ...(arbiter === undefined ? [] : [parseMember(arbiter, 'witness')]),
    ...(dr === undefined ? [] : [parseMember(dr, 'dr')]),
  ];
  const floating = {
    address: vip ?? '',
    driver: vipDriver,
    ...(vipAgent === undefined ? {} : { agent: vipAgent }),
    prefixLength: vipPrefix,
    ...(vipInterface === undefined ? {} : { interface: vipInterface }),
  };
  const made = initCluster(out, {
    ...rest,
    members,
    ...(vip === undefined ? {} : { vip: floating }),
    ...(stopProofs === undefined ? {} : { stopProofs: stopProofs.split(',') as StopProofKind[] }),
    ports: Object.assign({}, ...port.map(parsePort)),
  });
  const result = await made.catch((error: unknown) => {
    if (ifMissing === true && error instanceof YosugaraError && error.code === 'ALREADY_EXISTS') return null;
    throw error;
  });
  if (result === null) {
    around.terminal.note(`yosugara: ${out} holds a cluster already\n`);
    return EXIT.ok;
  }
  show(around, json === true ? { json } : {}, result, () =>
    [
      ...result.nodes.map((node) => `node ${node.id}: ${node.configFile}`),
      `certificate authority: ${result.authorityKeyFile} — keep it away from the nodes; it is needed only for new certificates`,
      `first login: ${result.firstLogin.user} / ${result.firstLogin.password}`,
    ].join('\n'),
  );
  return EXIT.ok;
}

/** For the launcher. */
export async function main(args: readonly string[]): Promise<number> {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.once(name, () => {
      controller.abort();
      // A command that does not look at the signal ends here; what it asked of the cluster goes on.
      setTimeout(() => process.exit(130), 100).unref();
    });
  // `yosugara messages | head`: the reader has gone, and that is no error.
  process.stdout.on('error', () => process.exit(0));
  return runProgram(args, { terminal: processTerminal(), env: process.env, cwd: process.cwd(), stop: controller.signal });
}
