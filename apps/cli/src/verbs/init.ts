import { YosugaraError } from '@yosugara/kernel';
import { ProfileName, StopProofKind } from '@yosugara/protocol';
import { type Command, Option } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { type ClusterPlan, initCluster, parseMember, parsePort } from '../init/index.js';
import { oneMore, wholeNumber } from './arguments.js';
import type { VerbContext } from './context.js';

interface InitOptions extends Omit<ClusterPlan, 'members' | 'vip' | 'ports' | 'stopProofs' | 'consoleTls'> {
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
  readonly plainConsole?: boolean;
  readonly ifMissing?: boolean;
  readonly json?: boolean;
}

export function addInit(program: Command, context: VerbContext): void {
  const { set } = context;
  program
    .command('init')
    .description('make the configuration, identities, certificates and passwords of a new cluster')
    .requiredOption('--out <folder>', 'one folder a node is made in it')
    .requiredOption('--cluster-id <id>', 'lower-case letters, digits, -')
    .requiredOption('--member <name=address[,zone=z]>', 'a data node; give two', oneMore, [])
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
    .option('--port <name=number>', 'such as syslog=514; may be repeated', oneMore, [])
    .option('--state-dir <folder>', 'where the node will find its state (%n = node); default: its folder in --out')
    .option('--data-dir <folder>', 'PGDATA lies below it (%n = node)')
    .option('--postgres-bin <folder>', 'where PostgreSQL’s programs are')
    .option('--static-dir <folder>', 'where the console’s files are')
    .option('--plain-console', 'console and API without TLS: on loopback addresses, or behind what ends TLS')
    .option('--if-missing', 'do nothing where a cluster was made before')
    .option('--json', 'print one JSON document')
    .action((options: InitOptions) => set(() => init(options, context))());
}

async function init(options: InitOptions, { show, terminal }: VerbContext): Promise<ExitCode> {
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
    plainConsole = false,
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
    consoleTls: !plainConsole,
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
    terminal.note(`yosugara: ${out} holds a cluster already\n`);
    return EXIT.ok;
  }
  show(json === true ? { json } : {}, result, () =>
    [
      ...result.nodes.map((node) => `node ${node.id}: ${node.configFile}`),
      `certificate authority: ${result.authorityKeyFile} — keep it away from the nodes; it is needed only for new certificates`,
      `first login: ${result.firstLogin.user} / ${result.firstLogin.password}`,
    ].join('\n'),
  );
  return EXIT.ok;
}
