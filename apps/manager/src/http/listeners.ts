import type { Log } from '@yosugara/kernel';
import type { FastifyInstance } from 'fastify';
import type { ManagerConfig } from '../config.js';
import type { Authority } from '../control/authority.js';
import { ConsoleTls } from './console-tls.js';
import { type Handler, Listener } from './listener.js';

export interface Listeners {
  readonly vip: Listener | null;
  close(): void;
}

/** Fastify's router behind sockets of our own: one application on two addresses that come and go apart. */
export function openListeners(
  config: ManagerConfig,
  fastify: FastifyInstance,
  authority: Authority,
  log: Log,
  changed: () => void,
): Listeners {
  const handler = fastify.routing as unknown as Handler;
  const tls = config.tls == null ? null : new ConsoleTls(config.tls, log);
  const listener = (address: string) => new Listener(address, config.port, handler, tls, log, changed);
  const own = listener(config.address);
  const vip = config.vip === null ? null : listener(config.vip);
  const follow = () => (authority.now().vip ? vip?.open() : vip?.close());
  const unwatch = authority.watch(follow);
  own.open();
  follow();
  return {
    vip,
    close: () => {
      unwatch();
      own.close();
      vip?.close();
    },
  };
}
