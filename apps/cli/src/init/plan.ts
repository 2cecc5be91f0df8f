import { InvalidInputError } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';

type Cluster = NodeConfig['cluster'];

/** Everything `init` needs to know; the rest is random or has a default in the configuration schema. */
export interface ClusterPlan {
  readonly clusterId: string;
  readonly members: readonly PlannedMember[];
  readonly vip?: Cluster['vip'];
  readonly profile?: Cluster['profile'];
  readonly policy?: Cluster['policy'];
  readonly stopProofs?: Cluster['stopProofs'];
  readonly autoRejoin?: Cluster['autoRejoin'];
  readonly ports?: Partial<NodeConfig['ports']>;
  /** Where the node will find its state; default: the folder that `init` writes. `%n` stands for the node. */
  readonly stateDir?: string;
  /** Below it lies PGDATA; default: the state folder. `%n` stands for the node. */
  readonly dataDir?: string;
  readonly postgresBin?: string;
  readonly staticDir?: string;
  /** The section `backup`, as it was written; the schema judges it. */
  readonly backup?: unknown;
  /** More files for the data nodes' `secrets/`: name → content. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The authority's key stays off the nodes: certificates have a long life, and nothing renews them by itself. */
  readonly authorityOutside?: boolean;
  /** false: console and API speak plain http; default: https with the node's own certificate. */
  readonly consoleTls?: boolean;
}

export interface PlannedMember {
  readonly id: string;
  readonly kind: 'data' | 'witness' | 'dr';
  readonly address: string;
  readonly zone: string;
}

const OPTIONS = { data: '--member', witness: '--arbiter', dr: '--dr' } as const;

/** `a=192.0.2.1` or `a=192.0.2.1,zone=hall-1`. */
export function parseMember(text: string, kind: PlannedMember['kind']): PlannedMember {
  const match = /^([a-z][a-z0-9_]{0,30})=([0-9a-fA-F.:]+)(?:,zone=(.+))?$/.exec(text);
  const [, id, address, zone] = match ?? [];
  if (id === undefined || address === undefined)
    throw new InvalidInputError(OPTIONS[kind], text, 'NAME=ADDRESS or NAME=ADDRESS,zone=ZONE');
  return { id, kind, address, zone: zone ?? 'default' };
}

/** `status=9081` → { status: 9081 }. The schema judges names and numbers. */
export function parsePort(text: string): Partial<NodeConfig['ports']> {
  const match = /^([a-zA-Z]+)=(\d+)$/.exec(text);
  if (match === null) throw new InvalidInputError('--port', text, 'NAME=NUMBER, such as syslog=514');
  return { [match[1]!]: Number(match[2]) };
}
