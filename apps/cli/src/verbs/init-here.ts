import { parseTarget, type RestoreTarget } from '@yosugara/host-control/backup';
import type { NodeConfig } from '@yosugara/protocol';
import type { Command } from 'commander';
import { type Check, failedOf, refuseFailed, renderChecks, runChecks } from '../checks/index.js';
import { renderRestored, withProgress } from '../commands/backup.js';
import type { RestoredCluster } from '../commands/restore.js';
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

export interface FirstServerOptions extends HereOptions, FirstServerAsked {
  /** Up to where its backup is restored before anybody joins. */
  readonly restore?: string;
  readonly acceptGap?: boolean;
}

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
    .option(
      '--restore <target>',
      'begin with what a --backup of a cluster of this --cluster-id holds: latest, its name, or a time with its zone',
    )
    .option('--accept-gap', 'with --restore latest, when WAL is missing: what there is up to there')
    .option('--join-port <port>', 'where joins are answered until all have joined', wholeNumber, 7948)
    .option('--minutes <n>', 'how long the join tokens are good', wholeNumber, 60);

export const showChecks = (checks: readonly Check[], { terminal }: Pick<VerbContext, 'terminal'>): void =>
  terminal.note(`${renderChecks(checks, painter(terminal))}\n`);

/** `init` on the first server. */
export async function initHere(options: FirstServerOptions, plan: ClusterPlan, context: VerbContext): Promise<ExitCode> {
  const { show, terminal } = context;
  const target = options.restore === undefined ? null : parseTarget(options.restore);
  const places = placesOf(options);
  const first = firstPlanOf(plan, options, places);
  const config = nodeConfigOf(first.self, first.config, first.local);
  const checks = await runChecks({
    ...{ config, configFile: places.configFile, running: false },
    account: options.start && process.getuid?.() === 0 ? (options.account ?? DEFAULT_PLACES.account) : null,
  });
  if (options.json !== true || failedOf(checks, options.accept).length > 0) showChecks(checks, context);
  refuseFailed(checks, options.accept);
  let restored: RestoredCluster | null = null;
  const begun = await beginCluster(places, first, Date.now(), async () => {
    if (target === null) return { given: [] };
    restored = await restoreFirst(config, target, options, context);
    return { given: restored.secrets, ...(restored.log === null ? {} : { log: restored.log }) };
  });
  const services = options.start ? SYSTEMD : NO_SERVICES;
  const trouble = await services.enable([UNITS.forming]);
  if (trouble !== null) terminal.note(`yosugara: ${trouble}: run \`yosugara forming\` yourself until all have joined\n`);
  else if (options.start && !(await answersJoins(addressOf(first), first.joinPort, begun.authority.sha256)))
    terminal.note(
      `yosugara: port ${first.joinPort} does not answer yet; ${UNITS.forming} says why: journalctl -u ${UNITS.forming}\n`,
    );
  const came = restored as RestoredCluster | null;
  show(options, { ...begun, checks, ...(came === null ? {} : { restored: came }) }, () =>
    came === null ? renderBegun(begun) : `${renderBack(came)}\n\n${renderBegun(begun)}`,
  );
  return EXIT.ok;
}

async function restoreFirst(
  config: NodeConfig,
  target: RestoreTarget,
  { acceptGap = false }: FirstServerOptions,
  { terminal, env }: VerbContext,
): Promise<RestoredCluster> {
  const by = env['SUDO_USER'] ?? env['USER'] ?? 'an operator';
  const asked = { evidence: 'a new cluster begins with a backup', by, nowMs: Date.now(), acceptGap };
  const { restoreCluster } = await import('../commands/restore.js');
  const { setLogAside } = await import('../commands/first-log.js');
  // This host is a member of nothing: what lies there is of an attempt that failed.
  await setLogAside(config, asked.nowMs);
  return await withProgress(terminal, async (tell) => await restoreCluster(config, target, asked, tell));
}

const renderBack = ({ restored, journals, secrets }: RestoredCluster): string =>
  `${renderRestored(restored)}.
Journals of receivers that came with it: ${journals.length}; secrets: ${secrets.join(', ') || 'none'}. Passwords of the console are those of then.`;

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
