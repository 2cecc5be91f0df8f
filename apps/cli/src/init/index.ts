import { existsSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type Authority, certificatePem, issueMember, keyPem, newAuthority } from '@yosugara/connectors/pki';
import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type NodeConfig, NodeConfigSchema, STATE_LAYOUT } from '@yosugara/protocol';
import { stringify } from 'yaml';
import { newIdentitySeed, peerIdOfSeed } from './identity.js';
import type { ClusterPlan, PlannedMember } from './plan.js';
import { FIRST_USER, type SharedSecrets, sharedSecrets } from './secrets.js';

export { newIdentitySeed, peerIdOfSeed } from './identity.js';
export { type ClusterPlan, type PlannedMember, parseMember, parsePort } from './plan.js';
export { FIRST_USER, sharedSecrets } from './secrets.js';

const DAY_MS = 24 * 3_600_000;

export interface InitResult {
  readonly nodes: readonly { readonly id: string; readonly configFile: string }[];
  readonly authorityKeyFile: string;
  readonly firstLogin: { readonly user: string; readonly password: string };
}

/**
 * Makes the configuration and the secrets of a new cluster: `<outDir>/<node>/yosugara.yaml` and `<outDir>/<node>/secrets/*`,
 * folders of mode 0700, files of mode 0600.
 *
 * The key of the cluster's certificate authority goes to `<outDir>/ca/ca.key`, and to the data nodes, which renew all certificates by it
 * (docs/decisions/0034); never to the arbiter, nor to a copy in another site. With `authorityOutside` to no node at all.
 *
 * @throws InvalidInputError the plan is no valid configuration.
 * @throws YosugaraError `ALREADY_EXISTS`: a cluster was made there before; its identities are not overwritten.
 */
export async function initCluster(outDir: string, plan: ClusterPlan): Promise<InitResult> {
  const out = resolve(outDir);
  const seeds = new Map(plan.members.map((member) => [member.id, newIdentitySeed()]));
  const configs = plan.members.map((member) => configOf(out, plan, member, seeds));
  const existing = plan.members.map((member) => join(out, member.id, 'yosugara.yaml')).find(existsSync);
  if (existing !== undefined)
    throw new YosugaraError('ALREADY_EXISTS', `${existing} exists already: a cluster's identities are made once`);

  const authority = await newAuthority(plan.clusterId);
  const shared = sharedSecrets();
  for (const config of configs) {
    const seed = seeds.get(config.node)!;
    await writeNode(join(out, config.node), config, {
      ...(await ownSecrets(authority, plan, config, seed)),
      ...(signs(plan, config) ? { [CERTIFICATE_FILES.authorityKey]: await keyPem(authority.keys) } : {}),
      ...sharedFor(config, shared, plan.secrets),
    });
  }
  const authorityKeyFile = join(out, 'ca', 'ca.key');
  await writeSecret(authorityKeyFile, await keyPem(authority.keys));
  await writeSecret(join(out, 'ca', 'ca.crt'), certificatePem(authority.certificate));
  return {
    nodes: configs.map((config) => ({ id: config.node, configFile: join(out, config.node, 'yosugara.yaml') })),
    authorityKeyFile,
    firstLogin: { user: FIRST_USER, password: shared.firstPassword },
  };
}

/** The configuration of one member, validated. */
function configOf(out: string, plan: ClusterPlan, self: PlannedMember, seeds: ReadonlyMap<string, Uint8Array>): NodeConfig {
  const place = (pattern: string) => pattern.replaceAll('%n', self.id);
  const { clusterId, members, ports, stateDir, dataDir, postgresBin, staticDir, consoleTls = true, ...more } = plan;
  const { backup, secrets: _, authorityOutside: _o, ...cluster } = more;
  const asked = {
    cluster: {
      id: clusterId,
      ...defined(cluster),
      members: members.map((member) => ({ ...member, peerId: peerIdOfSeed(seeds.get(member.id)!) })),
    },
    node: self.id,
    ports: { ...ports },
    stateDir: stateDir === undefined ? join(out, self.id) : place(stateDir),
    ...(dataDir === undefined || self.kind === 'witness' ? {} : { dataDir: place(dataDir) }),
    ...(backup === undefined || self.kind === 'witness' ? {} : { backup }),
    postgres: defined({ bin: postgresBin }),
    console: defined({ staticDir, tls: { enabled: consoleTls } }),
  };
  const parsed = NodeConfigSchema.safeParse(asked);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], asked);
  throw new InvalidInputError(issue.path.join('.'), String(found ?? ''), issue.message);
}

const defined = (record: object) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

/** A witness holds no operations data, so it gets no password to any. */
function sharedFor(
  config: NodeConfig,
  shared: SharedSecrets,
  more: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const isWitness = config.cluster.members.find((member) => member.id === config.node)?.kind === 'witness';
  return isWitness ? {} : { ...shared.files, ...more };
}

const signs = ({ authorityOutside }: ClusterPlan, { cluster, node }: NodeConfig): boolean =>
  authorityOutside !== true && cluster.members.find(({ id }) => id === node)?.kind === 'data';

async function ownSecrets(
  authority: Authority,
  plan: ClusterPlan,
  config: NodeConfig,
  seed: Buffer,
): Promise<Record<string, string>> {
  const self = plan.members.find((member) => member.id === config.node)!;
  const vip = self.kind !== 'witness' && plan.vip !== undefined ? [plan.vip.address] : [];
  const { lifeDays } = config.cluster.certificates;
  const lifeMs = plan.authorityOutside === true ? undefined : lifeDays * DAY_MS;
  const pem = await issueMember(authority, self.id, [self.address, ...vip], lifeMs);
  const { secrets } = STATE_LAYOUT;
  return {
    [secrets.identity]: seed.toString('base64'),
    [secrets.tlsKey]: pem.key,
    [secrets.tlsCert]: pem.certificate,
    [secrets.clusterCa]: certificatePem(authority.certificate),
  };
}

async function writeNode(dir: string, config: NodeConfig, secrets: Readonly<Record<string, string>>): Promise<void> {
  for (const [file, content] of Object.entries(secrets))
    await writeSecret(join(dir, file), content.endsWith('\n') ? content : `${content}\n`);
  const header = `# Node ${config.node} of the Yosugara cluster ${config.cluster.id}. \`cluster\` must be the same on every member.\n`;
  // Last: its presence says that everything else is there.
  await writeSecret(join(dir, 'yosugara.yaml'), header + stringify(config));
}

async function writeSecret(path: string, content: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await chmod(dirname(path), 0o700);
  await writeFile(path, content, { mode: 0o600 });
}
