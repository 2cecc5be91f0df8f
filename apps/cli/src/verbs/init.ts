import { readFileSync } from 'node:fs';
import { YosugaraError } from '@yosugara/kernel';
import { ProfileName, StopProofKind } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { parse } from 'yaml';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type ClusterPlan, initCluster, parseMember, parsePort } from '../init/index.js';
import { secretsOf } from '../install/plan.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { VerbContext } from './context.js';
import { addFirstServerOptions, type FirstServerOptions, initHere } from './init-here.js';

interface InitOptions
  extends Omit<
      ClusterPlan,
      'backup' | 'secrets' | 'members' | 'vip' | 'ports' | 'stopProofs' | 'consoleTls' | 'stateDir' | 'dataDir'
    >,
    FirstServerOptions {
  /** Not there: this host is the first server. */
  readonly out?: string;
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
  readonly plainConsole?: boolean;
  /** A file. */
  readonly backup?: string;
  readonly ifMissing?: boolean;
  readonly json?: boolean;
}

export function addInit(program: Command, context: VerbContext): void {
  const { set } = context;
  const command = program
    .command('init')
    .description(
      'begin a new cluster on this host, its first server, and print how the others join; or, with --out, only write all configurations',
    )
    .option('--out <folder>', 'one folder a node is made in it, and nothing else is done')
    .option('--cluster-id <id>', 'lower-case letters, digits, -', 'yosugara')
    .requiredOption('--member <name=address[,zone=z]>', 'a data node; give two', oneMore, [])
    .option('--arbiter <name=address[,zone=z]>', 'the third voter')
    .option('--dr <name=address[,zone=z]>', 'a copy in another site, promoted by hand only')
    .option('--vip <address>', 'address that follows the Master')
    .addOption(
      new Option('--vip-driver <driver>', 'what moves it').choices(['bind', 'ip', 'none', 'ocf', 'command']).default('ip'),
    )
    .option('--vip-agent <name>', 'for ocf, such as ocf:heartbeat:IPaddr2; for command, the path of a program')
    .option('--vip-interface <name>', 'for the driver ip')
    .option('--vip-prefix <bits>', 'prefix length', wholeNumber, 24)
    .addOption(new Option('--profile <name>', 'timing').choices(ProfileName.options))
    .addOption(
      new Option('--policy <name>', 'available: a node that is alone goes on; strict: it stops').choices(['available', 'strict']),
    )
    .addOption(
      new Option('--auto-rejoin <when>', 'when a node that comes back is brought back without yosugara recover').choices([
        'never',
        'clean',
        'always',
      ]),
    )
    .option('--stop-proofs <list>', `such as P1,P4; of ${StopProofKind.options.join(', ')}`)
    .option('--port <name=number>', 'such as syslog=514; may be repeated', oneMore, [])
    .option(
      '--state-dir <folder>',
      'where the node will find its state; default: /var/lib/yosugara/state, with --out the node’s folder (%n = node)',
    )
    .option('--data-dir <folder>', 'PGDATA lies below it; default: /var/lib/yosugara/data (with --out: %n = node)')
    .option('--postgres-bin <folder>', 'where PostgreSQL’s programs are')
    .option('--static-dir <folder>', 'where the console’s files are')
    .option('--backup <file>', 'YAML: the section `backup` of all data nodes (docs/backup.md); give its passphrase by --secret')
    .option('--plain-console', 'console and API without TLS: on loopback addresses, or behind what ends TLS')
    .option('--authority-outside', 'the key that signs certificates is given to no node: nothing renews them by itself')
    .option('--if-missing', 'do nothing where a cluster was made before')
    .option('--json', 'print one JSON document');
  addFirstServerOptions(command).action((options: InitOptions) =>
    set(() => {
      const { out } = options;
      return out === undefined ? initHere(options, planOf(options), context) : initAll(out, options, context);
    })(),
  );
}

/** The plan that the options describe. */
function planOf(options: InitOptions): ClusterPlan {
  const {
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
    plainConsole = false,
    authorityOutside,
  } = options;
  const { clusterId, profile, policy, autoRejoin, stateDir, dataDir, postgresBin, staticDir } = options;
  const rest = { authorityOutside, profile, policy, autoRejoin, stateDir, dataDir, postgresBin, staticDir };
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
  return {
    ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)),
    clusterId,
    consoleTls: !plainConsole,
    members,
    ...(options.backup === undefined ? {} : { backup: backupOf(options.backup) }),
    ...(vip === undefined ? {} : { vip: floating }),
    ...(stopProofs === undefined ? {} : { stopProofs: stopProofs.split(',') as StopProofKind[] }),
    ports: Object.assign({}, ...port.map(parsePort)),
  };
}

/** With or without the word `backup` around it, as it stands in yosugara.yaml. */
function backupOf(path: string): unknown {
  const found: unknown = parse(readFileSync(path, 'utf8'));
  return (found as { backup?: unknown } | null)?.backup ?? found;
}

/** The configurations of all members in one place: for containers and tests. */
async function initAll(out: string, options: InitOptions, { show, terminal }: VerbContext): Promise<ExitCode> {
  const { ifMissing, json } = options;
  const plan = { ...planOf(options), secrets: secretsOf(options.secret) };
  const result = await initCluster(out, plan).catch((error: unknown) => {
    if (ifMissing === true && error instanceof YosugaraError && error.code === 'ALREADY_EXISTS') return null;
    throw error;
  });
  if (result === null) {
    terminal.note(`yosugara: ${out} holds a cluster already\n`);
    return EXIT.ok;
  }
  show(json === true ? { json } : {}, result, () =>
    [
      ...result.nodes.map((node) => `node ${node.id}: ${node.configFile}`),
      `certificate authority: ${result.authorityKeyFile} — ${options.authorityOutside === true ? 'on no node, and nothing renews certificates without it: keep it safe' : 'the data nodes have it, and renew certificates by it: keep this copy safe, or remove it'}`,
      `first login: ${result.firstLogin.user} / ${result.firstLogin.password}`,
    ].join('\n'),
  );
  return EXIT.ok;
}
