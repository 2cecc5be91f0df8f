import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { NodeConfig } from '@yosugara/protocol';
import { VipError } from '../errors.js';
import type { BoundedEnd, BoundedOptions } from '../os/bounded.js';
import { heldMarker, markerEntry } from '../os/markers.js';

export type Verb = 'hold' | 'release' | 'held';
type Vip = NonNullable<NodeConfig['cluster']['vip']>;

/** A program that moves the VIP: which one, how it is called, and how it says that it holds it. */
export interface VipProgram {
  readonly kind: 'ocf' | 'command';
  readonly name: string;
  call(verb: Verb, deadlineMs: number, leaseLeftMs: number): BoundedOptions;
  /** null: neither held nor not. */
  heldBy(end: BoundedEnd): boolean | null;
}

const OCF_ROOT = '/usr/lib/ocf';
/** Cloud interfaces take seconds. */
export const MOVE_MS = 20_000;

/** `ocf:heartbeat:IPaddr2` and its kin: OCF Resource Agent API 1.1; `start`, `stop` and `monitor` (0 runs, 7 does not). */
export function ocfProgram(vip: Vip, config: NodeConfig, prefix: readonly string[] = []): VipProgram {
  const [, provider, type] = /^ocf:([\w.-]+):([\w.-]+)$/.exec(vip.agent ?? '') ?? [];
  if (provider === undefined || type === undefined)
    throw new VipError('VIP_FAILED', `cluster.vip.agent: ${JSON.stringify(vip.agent ?? '')} is not like ocf:heartbeat:IPaddr2`);
  const program = mustRun(join(OCF_ROOT, 'resource.d', provider, type), 'the Debian package resource-agents brings it');
  const own: Record<string, string> =
    type === 'IPaddr2'
      ? { ip: vip.address, cidr_netmask: String(vip.prefixLength), ...(vip.interface ? { nic: vip.interface } : {}) }
      : {};
  const given = Object.entries({ ...own, ...vip.options }).map(([name, value]) => [`OCF_RESKEY_${name}`, String(value)]);
  return {
    kind: 'ocf',
    name: vip.agent!,
    call: (verb, deadlineMs) => {
      const action = verb === 'hold' ? 'start' : verb === 'release' ? 'stop' : 'monitor';
      const [first, ...args] = [...prefix, program, action] as string[] as [string, ...string[]];
      const env = {
        ...markOf(verb, config),
        ...Object.fromEntries(given),
        OCF_ROOT,
        OCF_RA_VERSION_MAJOR: '1',
        OCF_RA_VERSION_MINOR: '1',
        OCF_RESOURCE_INSTANCE: 'yosugara-vip',
        OCF_RESOURCE_TYPE: type,
        OCF_RESOURCE_PROVIDER: provider,
        OCF_RESKEY_CRM_meta_timeout: String(deadlineMs),
      };
      return { program: first, args, env, deadlineMs };
    },
    heldBy: ({ code }) => (code === 0 ? true : code === 7 ? false : null),
  };
}

/** An operator's program, called with `hold|release|held`; `held` exits 0 when this host holds the VIP and 1 when it does not. */
export function commandProgram(vip: Vip, config: NodeConfig): VipProgram {
  const path = vip.agent ?? '';
  if (!isAbsolute(path))
    throw new VipError(
      'VIP_FAILED',
      `cluster.vip.agent: the program of driver command is an absolute path, not ${JSON.stringify(path)}`,
    );
  const program = mustRun(path, 'it must be there and executable');
  const input = Object.entries(vip.options ?? {}).map(([name, value]) => `${name}=${value}\n`);
  return {
    kind: 'command',
    name: path,
    call: (verb, deadlineMs, leaseLeftMs) => ({
      program,
      args: [verb],
      input: input.join(''),
      env: {
        ...markOf(verb, config),
        YOSUGARA_VIP: vip.address,
        YOSUGARA_NODE: config.node,
        YOSUGARA_CLUSTER: config.cluster.id,
        YOSUGARA_LEASE_MS: String(Math.max(0, Math.floor(leaseLeftMs))),
      },
      deadlineMs,
    }),
    heldBy: ({ code }) => (code === 0 ? true : code === 1 ? false : null),
  };
}

/** A move that is under way when a lease ends, while its controller is frozen: the dead man kills it before it gives the VIP back. */
const markOf = (verb: Verb, config: NodeConfig): Record<string, string> =>
  verb === 'hold' ? markerEntry(heldMarker('vip', config)) : {};

/** How a node gives the VIP back that a program set up there, without asking whether it has it; null: nothing of it stays. */
export function giveBackCall(config: NodeConfig): BoundedOptions | null {
  const { vip } = config.cluster;
  if (vip?.driver !== 'ocf' && vip?.driver !== 'command') return null;
  const program = vip.driver === 'ocf' ? ocfProgram(vip, config) : commandProgram(vip, config);
  return program.call('release', MOVE_MS, 0);
}

function mustRun(path: string, hint: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch (cause) {
    throw new VipError('VIP_FAILED', `cluster.vip.agent: cannot run ${path}: ${hint}`, cause);
  }
}
