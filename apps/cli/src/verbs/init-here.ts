import type { Command } from 'commander';
import { type Check, failedOf, refuseFailed, renderChecks, runChecks } from '../checks/index.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ClusterPlan } from '../init/index.js';
import { type Begun, beginCluster, type FirstPlan, type NewToken } from '../install/begin.js';
import { nodeConfigOf } from '../install/files.js';
import { answersJoins } from '../install/first-server.js';
import { type AskedPlaces, DEFAULT_PLACES, placesOf } from '../install/places.js';
import { type FirstServerAsked, firstPlanOf } from '../install/plan.js';
import { NO_SERVICES, SYSTEMD, UNITS } from '../install/services.js';
import { painter } from '../output/terminal.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { Common, VerbContext } from './context.js';

/** Of whatever makes this host a member. */
export interface HereOptions extends Common, AskedPlaces {
  readonly accept: readonly string[];
  /** False with --no-start. */
  readonly start: boolean;
}

export interface FirstServerOptions extends HereOptions, FirstServerAsked {}

export const addHereOptions = (command: Command): Command =>
  command
    .option('--config-dir <folder>', 'where this host’s configuration is written', DEFAULT_PLACES.configDir)
    .option('--account <name>', 'whose the state is: what the programs run as', DEFAULT_PLACES.account)
    .option('--accept <check>', 'go on although this check failed; can be repeated', oneMore, [])
    .option('--no-start', 'write everything and start nothing');

export const addFirstServerOptions = (command: Command): Command =>
  addHereOptions(command)
    .option('--self <name>', 'which --member this host is; default: the one with an address of this host')
    .option('--cluster-file <file>', 'YAML: more of `cluster`, and `members` by id with their `fence`')
    .option(
      '--secret <name=file>',
      'goes to secrets/NAME on all data nodes: for power devices, or backup-passphrase; can be repeated',
      oneMore,
      [],
    )
    .option('--join-port <port>', 'where joins are answered until all have joined', wholeNumber, 7948)
    .option('--minutes <n>', 'how long the join tokens are good', wholeNumber, 60);

export const showChecks = (checks: readonly Check[], { terminal }: Pick<VerbContext, 'terminal'>): void =>
  terminal.note(`${renderChecks(checks, painter(terminal))}\n`);

/** `init` on the first server. */
export async function initHere(options: FirstServerOptions, plan: ClusterPlan, context: VerbContext): Promise<ExitCode> {
  const { show, terminal } = context;
  const places = placesOf(options);
  const first = firstPlanOf(plan, options, places);
  const config = nodeConfigOf(first.self, first.config, first.local);
  const checks = await runChecks({
    ...{ config, configFile: places.configFile, running: false },
    account: options.start && process.getuid?.() === 0 ? (options.account ?? DEFAULT_PLACES.account) : null,
  });
  if (options.json !== true || failedOf(checks, options.accept).length > 0) showChecks(checks, context);
  refuseFailed(checks, options.accept);
  const begun = await beginCluster(places, first);
  const services = options.start ? SYSTEMD : NO_SERVICES;
  const trouble = await services.enable([UNITS.forming]);
  if (trouble !== null) terminal.note(`yosugara: ${trouble}: run \`yosugara forming\` yourself until all have joined\n`);
  else if (options.start && !(await answersJoins(addressOf(first), first.joinPort, begun.authority.sha256)))
    terminal.note(
      `yosugara: port ${first.joinPort} does not answer yet; ${UNITS.forming} says why: journalctl -u ${UNITS.forming}\n`,
    );
  show(options, { ...begun, checks }, () => renderBegun(begun));
  return EXIT.ok;
}

const addressOf = ({ config, self }: FirstPlan): string => config.cluster.members.find(({ id }) => id === self)!.address;

const renderBegun = (begun: Begun): string =>
  [
    `${begun.node} is the first server. The cluster begins when all members have joined:`,
    '',
    ...begun.tokens.flatMap((token) => renderToken(token)),
    `first login: ${begun.firstLogin.user} / ${begun.firstLogin.password}`,
    begun.authority.isKept
      ? `authority:   its key goes to the data nodes, which renew all certificates by it; ${begun.authority.keyFile} goes when all have joined`
      : `authority:   ${begun.authority.keyFile} — needed until all have joined; then keep it off the cluster. Nothing renews certificates without it`,
    `             SHA-256 of its certificate (the tokens have it): ${begun.authority.sha256}`,
  ].join('\n');

export const renderToken = ({ member, kind, token, until }: NewToken): readonly string[] => [
  `on ${member} (${kind}), once, until ${until.slice(0, 16).replace('T', ' ')} UTC:`,
  `  yosugara join ${token}`,
  '',
];
