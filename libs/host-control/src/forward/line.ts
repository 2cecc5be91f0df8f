import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { PostgresPeer } from '@yosugara/runtime';
import { ForwarderChild, type FromForwarder, type Way } from './forwarder-child.js';

/* What a copy in another site takes of the line is bounded where it arrives: its PostgreSQL and its copies reach the Master through a
   forwarder on this host that reads no quicker (docs/decisions/0053). What passes is encrypted end to end as without it. */

/** A peer as libpq is to reach it. */
export interface Reached extends PostgresPeer {
  /** Address that is connected to instead of its own, which stays the name that it is known by. */
  readonly through?: string;
}

const BITS_A_BYTE = 8;
const READY_WITHIN_MS = 10_000;

const isBounded = ({ cluster, node, dr }: NodeConfig): boolean =>
  dr.lineMbit > 0 && cluster.members.some(({ id, kind }) => id === node && kind === 'dr');

/** Each member has a loopback address of its own there, so that one port is enough. */
const listenerOf = ({ cluster }: NodeConfig, node: string): string =>
  `127.0.0.${1 + cluster.members.findIndex(({ id }) => id === node)}`;

export function reached(config: NodeConfig, peer: PostgresPeer): Reached {
  if (!isBounded(config) || peer.node === config.node) return peer;
  return { ...peer, port: config.ports.line, through: listenerOf(config, peer.node) };
}

/** The forwarder of this host, as long as it is not stopped. */
export interface Line {
  /** It listens, or has not done so for long enough: whoever connects then says why not. Never rejects. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** null: nothing is bounded here. */
export function openLine(config: NodeConfig, log: Log): Line | null {
  const { lineMbit } = config.dr;
  if (!isBounded(config)) {
    if (lineMbit > 0) log.warn('line.unbounded', { why: `dr.lineMbit bounds a member of kind dr, and ${config.node} is none` });
    return null;
  }
  const ways = waysOf(config);
  const listening = new Set<string>();
  const waited: (() => void)[] = [];
  const hear = (message: FromForwarder) => {
    if ('waiting' in message) return log.warn('line.waiting', { ...message.at, why: message.waiting });
    listening.add(message.listening.host);
    if (listening.size < ways.length) return;
    log.info('line.bounded', { mbitPerSecond: lineMbit });
    for (const told of waited.splice(0)) told();
  };
  const child = new ForwarderChild({ ways, bytesPerSecond: (lineMbit * 1_000_000) / BITS_A_BYTE }, {}, hear);
  child.start();
  return {
    ready: () =>
      new Promise((resolve) => {
        if (listening.size === ways.length) return resolve();
        const late = setTimeout(resolve, READY_WITHIN_MS);
        waited.push(() => {
          clearTimeout(late);
          resolve();
        });
      }),
    stop: () => child.stop(),
  };
}

function waysOf(config: NodeConfig): readonly Way[] {
  const { members } = config.cluster;
  const from = members.find(({ id }) => id === config.node)!.address;
  return members
    .filter(({ id, kind }) => id !== config.node && kind !== 'witness')
    .map(({ id, address }) => ({
      listen: { host: listenerOf(config, id), port: config.ports.line },
      to: { host: address, port: config.ports.postgres },
      from,
    }));
}
