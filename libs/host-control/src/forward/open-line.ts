import { join } from 'node:path';
import type { Log } from '@yosugara/kernel';
import { CERTIFICATE_FILES, type NodeConfig } from '@yosugara/protocol';
import { postgresAccount } from '../os/account.js';
import { postgresPaths } from '../postgres/paths.js';
import { tlsFiles } from '../postgres/secrets.js';
import { ForwarderChild, type FromForwarder, type Way } from './forwarder-child.js';
import { elsewhere, folderOf, isBounded, isPacked, listenerOf, selfOf, socketIn, whyNotPacked } from './line.js';
import { type FromPacked, PackedChild, type PackedSetup, type PackedWay } from './packed-child.js';

const BITS_A_BYTE = 8;
const READY_WITHIN_MS = 10_000;

/** Listeners that are waited for. */
class Awaited {
  readonly #missing: Set<string>;
  readonly #told: (() => void)[] = [];

  constructor(names: readonly string[]) {
    this.#missing = new Set(names);
  }

  /** @returns whether it was the last one. */
  came(name: string): boolean {
    if (!this.#missing.delete(name) || this.#missing.size > 0) return false;
    for (const told of this.#told.splice(0)) told();
    return true;
  }

  all(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#missing.size === 0) return resolve();
      const late = setTimeout(resolve, READY_WITHIN_MS);
      this.#told.push(() => {
        clearTimeout(late);
        resolve();
      });
    });
  }
}

/** What this host has running of the line, as long as it is not stopped. */
export interface Line {
  /** What the own PostgreSQL goes by listens, or has not done so for long enough: whoever connects then says why not. Never rejects. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** null: nothing is bounded, packed or let in here. */
export function openLine(config: NodeConfig, log: Log): Line | null {
  const { lineMbit, packed } = config.dr;
  const why = whyNotPacked(config);
  if (packed && why !== null) log.warn('line.unpacked', { why });
  if (lineMbit > 0 && !isBounded(config))
    log.warn('line.unbounded', { why: `dr.lineMbit bounds a member of kind dr, and ${config.node} is none` });
  const parts = [
    ...(why === null ? [openPacked(config, log)] : []),
    ...(isBounded(config) && !isPacked(config) ? [openBounded(config, log)] : []),
  ];
  if (parts.length === 0) return null;
  return {
    ready: () => Promise.all(parts.map((part) => part.ready())).then(() => {}),
    stop: () => Promise.all(parts.map((part) => part.stop())).then(() => {}),
  };
}

const bytesPerSecond = (config: NodeConfig): number | null =>
  isBounded(config) ? (config.dr.lineMbit * 1_000_000) / BITS_A_BYTE : null;

function openBounded(config: NodeConfig, log: Log): Line {
  const ways = waysOf(config);
  const awaited = new Awaited(ways.map(({ listen }) => listen.host));
  const hear = (message: FromForwarder) => {
    if ('waiting' in message) return log.warn('line.waiting', { ...message.at, why: message.waiting });
    if (awaited.came(message.listening.host)) log.info('line.bounded', { mbitPerSecond: config.dr.lineMbit });
  };
  const child = new ForwarderChild({ ways, bytesPerSecond: bytesPerSecond(config) }, {}, hear);
  child.start();
  return { ready: () => awaited.all(), stop: () => child.stop() };
}

function waysOf(config: NodeConfig): readonly Way[] {
  const from = selfOf(config).address;
  return config.cluster.members
    .filter(({ id, kind }) => id !== config.node && kind !== 'witness')
    .map(({ id, address }) => ({
      listen: { host: listenerOf(config, id), port: config.ports.line },
      to: { host: address, port: config.ports.postgres },
      from,
    }));
}

/** Others may come in by the line whether or not this node goes out by it: they say so in their own configuration. */
function openPacked(config: NodeConfig, log: Log): Line {
  const ways = isPacked(config) ? packedWaysOf(config) : [];
  const awaited = new Awaited(ways.map(({ node }) => node));
  let failed = '';
  const hear = (message: FromPacked) => {
    if ('waiting' in message) return log.warn('line.waiting', { at: message.at, why: message.waiting });
    if ('listening' in message) {
      if (awaited.came(message.listening))
        log.info('line.packed', { mbitPerSecond: isBounded(config) ? config.dr.lineMbit : null });
      return;
    }
    if ('carried' in message) {
      failed = '';
      const { carried: node, bytes, packedBytes } = message;
      return log.info('line.carried', { node, bytes, packedBytes });
    }
    // PostgreSQL tries again five times a second.
    const said = `${message.node}: ${message.failed}`;
    if (said !== failed) log.warn('line.failed', { node: message.node, why: message.failed });
    failed = said;
  };
  const child = new PackedChild(packedSetupOf(config, ways), hear);
  child.start();
  return { ready: () => awaited.all(), stop: () => child.stop() };
}

function packedWaysOf(config: NodeConfig): readonly PackedWay[] {
  const { uid, gid, switchTo } = postgresAccount(config.postgres.user);
  const from = selfOf(config).address;
  return elsewhere(config).map(({ id, address }) => ({
    node: id,
    socket: socketIn(folderOf(config, id), config),
    owner: switchTo ? { uid, gid } : null,
    to: { host: address, port: config.ports.line },
    from,
  }));
}

function packedSetupOf(config: NodeConfig, ways: readonly PackedWay[]): PackedSetup {
  const { address } = selfOf(config);
  return {
    identity: { ...tlsFiles(config)!, revoked: join(config.stateDir, CERTIFICATE_FILES.revoked) },
    members: config.cluster.members.map(({ id, peerId }) => ({ id, peerId })),
    ways,
    bytesPerSecond: bytesPerSecond(config),
    door: {
      listen: { host: address, port: config.ports.line },
      nodes: elsewhere(config).map(({ id }) => id),
      to: socketIn(postgresPaths(config).sockets, config),
    },
  };
}
