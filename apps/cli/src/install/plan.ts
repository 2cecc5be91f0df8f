import { existsSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InvalidInputError, YosugaraError } from '@yosugara/kernel';
import { NodeConfigSchema, PENDING_PEER, type SharedConfig } from '@yosugara/protocol';
import { parse } from 'yaml';
import type { ClusterPlan, PlannedMember } from '../init/index.js';
import type { FirstPlan } from './begin.js';
import type { Places } from './places.js';

/** Where senders look for them; a local cluster has others, so that it needs no rights. */
const INSTALLED_PORTS = { syslog: 514, trap: 162 };

/** apps/cli/{src,dist}/install → the application. */
const APPLICATION = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..');

export interface FirstServerAsked {
  readonly self?: string;
  /** YAML: more of `cluster`, and `members` by id with their `fence`. */
  readonly clusterFile?: string;
  /** `name=file`: what goes to `secrets/name` on every data node. */
  readonly secret: readonly string[];
  readonly joinPort: number;
  readonly minutes: number;
}

/** @throws InvalidInputError the plan is no valid configuration */
export function firstPlanOf(plan: ClusterPlan, asked: FirstServerAsked, places: Places): FirstPlan {
  const self = asked.self ?? selfAmong(plan.members);
  if (!plan.members.some(({ id, kind }) => id === self && kind === 'data'))
    throw new InvalidInputError('--self', self, 'a data node of the plan: a --member');
  const { clusterId, members, ports, stateDir: _s, dataDir: _d, postgresBin, staticDir, ...rest } = plan;
  const { consoleTls, backup, authorityOutside = false, ...cluster } = rest;
  const more = asked.clusterFile === undefined ? {} : moreOf(asked.clusterFile);
  const { members: moreMembers = {}, ...moreCluster } = more as { members?: Record<string, object> };
  const wanted = {
    cluster: {
      id: clusterId,
      ...withInterface(cluster, members.find(({ id }) => id === self)!.address),
      ...moreCluster,
      members: members.map((member) => ({ ...member, ...moreMembers[member.id], peerId: PENDING_PEER })),
    },
    node: self,
    ports: { ...INSTALLED_PORTS, ...ports },
    stateDir: places.stateDir,
    dataDir: places.dataDir,
    console: { staticDir: staticDir ?? join(APPLICATION, 'apps', 'console', 'dist'), tls: { enabled: consoleTls ?? true } },
    ...(backup === undefined ? {} : { backup }),
  };
  const parsed = NodeConfigSchema.safeParse(wanted);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    const found = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], wanted);
    throw new InvalidInputError(issue.path.join('.'), String(found ?? ''), issue.message);
  }
  const { cluster: whole, ports: allPorts, console, backup: kept } = parsed.data;
  const config: SharedConfig = {
    cluster: whole,
    ports: allPorts,
    stateDir: places.stateDir,
    dataDir: places.dataDir,
    console,
    ...(kept === undefined ? {} : { backup: kept }),
  };
  return {
    ...{ self, config, joinPort: asked.joinPort, tokenMinutes: asked.minutes, secrets: secretsOf(asked.secret) },
    authorityOutside,
    local: postgresBin === undefined ? {} : { postgresBin },
  };
}

/** The member whose address this host has. */
function selfAmong(members: readonly PlannedMember[]): string {
  const own = new Set(Object.values(networkInterfaces()).flatMap((each) => (each ?? []).map(({ address }) => address)));
  const found = members.filter(({ address, kind }) => kind === 'data' && own.has(address));
  if (found.length === 1) return found[0]!.id;
  const addresses = [...own].filter((address) => !address.startsWith('127.') && address !== '::1').join(', ');
  throw new YosugaraError(
    'USAGE',
    found.length === 0
      ? `this host (${addresses}) has the address of no --member: run init on the first data node, or name it with --self`
      : `this host has the addresses of ${found.map(({ id }) => id).join(' and ')}: name one with --self`,
  );
}

/** The floating address goes where the member's own address is, unless it was said. */
function withInterface(cluster: Partial<SharedConfig['cluster']>, address: string): object {
  const { vip } = cluster;
  if (vip?.driver !== 'ip' || vip.interface !== undefined) return cluster;
  const [name] = Object.entries(networkInterfaces()).find(([, each]) => each?.some((one) => one.address === address)) ?? [];
  return name === undefined ? cluster : { ...cluster, vip: { ...vip, interface: name } };
}

function moreOf(path: string): object {
  const found: unknown = parse(readFileSync(path, 'utf8'));
  if (found === null || typeof found !== 'object' || Array.isArray(found))
    throw new InvalidInputError('--cluster-file', path, 'YAML with keys of `cluster`, such as `fencing`, and `members` by id');
  return found;
}

/** Name below the state directory → what is in the file. */
export function secretsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const [, name, file] = /^([a-z0-9][a-z0-9._-]{0,63})=(.+)$/.exec(pair) ?? [];
      if (name === undefined || file === undefined || !existsSync(file))
        throw new InvalidInputError('--secret', pair, 'NAME=FILE, such as bmc-b=/root/bmc-b: a file that is there');
      return [`secrets/${name}`, readFileSync(file, 'utf8')];
    }),
  );
}
