import { join } from 'node:path';
import type { MemberConfig, NodeConfig } from '@yosugara/protocol';
import type { PostgresPeer } from '@yosugara/runtime';
import { postgresPaths } from '../postgres/paths.js';
import { tlsFiles } from '../postgres/secrets.js';

/* How a copy in another site and the nodes at home reach each other's PostgreSQL. Bounded: by a forwarder on the copy's host that reads no quicker, encrypted end
   to end (docs/decisions/0053). Packed: by a socket of this host and a child at either end that packs, and encrypts afterwards (0056). */

/** A peer as libpq is to reach it. */
export interface Reached extends PostgresPeer {
  /** Address that is connected to instead of its own, which stays the name that it is known by. */
  readonly through?: string;
  /** Folder of the socket that is connected to instead: the line behind it is encrypted, what goes to it is not. */
  readonly socket?: string;
}

export const selfOf = ({ cluster, node }: NodeConfig): MemberConfig => cluster.members.find(({ id }) => id === node)!;
/** Members with a database that are in another site than this one. */
export const elsewhere = (config: NodeConfig): readonly MemberConfig[] => {
  const { kind } = selfOf(config);
  const others = kind === 'dr' ? 'data' : kind === 'data' ? 'dr' : null;
  return config.cluster.members.filter((member) => member.kind === others);
};
export const isBounded = (config: NodeConfig): boolean => config.dr.lineMbit > 0 && selfOf(config).kind === 'dr';
/** null: it is, or it is not wanted. */
export function whyNotPacked(config: NodeConfig): string | null {
  if (elsewhere(config).length === 0) return `${config.node} has nobody in another site`;
  if (tlsFiles(config) === null) return 'there are no certificates: a packed line is encrypted by them';
  return postgresPaths(config).lines === null ? `${config.dataDir} is too long a path for the sockets of a packed line` : null;
}
export const isPacked = (config: NodeConfig): boolean => config.dr.packed && whyNotPacked(config) === null;

/** Each member has a loopback address of its own there, so that one port is enough. */
export const listenerOf = ({ cluster }: NodeConfig, node: string): string =>
  `127.0.0.${1 + cluster.members.findIndex(({ id }) => id === node)}`;
export const folderOf = (config: NodeConfig, node: string): string => join(postgresPaths(config).lines!, `to-${node}`);
export const socketIn = (folder: string, { ports }: NodeConfig): string => join(folder, `.s.PGSQL.${ports.postgres}`);

export function reached(config: NodeConfig, peer: PostgresPeer): Reached {
  if (isPacked(config) && elsewhere(config).some(({ id }) => id === peer.node))
    return { ...peer, port: config.ports.postgres, socket: folderOf(config, peer.node) };
  if (!isBounded(config) || peer.node === config.node) return peer;
  return { ...peer, port: config.ports.line, through: listenerOf(config, peer.node) };
}

/** Whom `host=` of one of our own conninfos names: an address, or the folder of a socket. */
export const namedBy = (config: NodeConfig, host: string): MemberConfig | undefined =>
  config.cluster.members.find(({ id, address }) => address === host || host.endsWith(`/to-${id}`));
