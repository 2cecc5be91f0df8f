import type { Log } from '@yosugara/kernel';
import type { NodeConfig } from '@yosugara/protocol';
import type { VipDriver } from '@yosugara/runtime';
import { ForwarderChild } from '../forward/forwarder-child.js';
import { heldMarker, markerEntry } from '../os/markers.js';

/**
 * Loopback clusters: whoever is told to hold the VIP binds its ports there. PostgreSQL cannot add an address without a restart, so a
 * child process forwards VIP:port to it. Killing the child, as the dead man does, frees the port and cuts every session at once; as long
 * as the VIP is ours, there is another one.
 */
export class BindDriver implements VipDriver {
  readonly kind = 'bind';
  readonly #forwarder: ForwarderChild;
  #held = false;

  constructor(config: NodeConfig, vip: string, own: string, log: Log) {
    const port = config.ports.postgres;
    const way = { listen: { host: vip, port }, to: { host: own, port } };
    this.#forwarder = new ForwarderChild(
      { ways: [way], bytesPerSecond: null },
      markerEntry(heldMarker('vip', config)),
      (message) => {
        if ('waiting' in message) log.warn('vip.waiting', { ...message.at, why: message.waiting });
        else log.info('vip.bound', { ...message.listening });
      },
    );
  }

  async hold(): Promise<void> {
    this.#held = true;
    this.#forwarder.start();
  }

  async release(): Promise<void> {
    this.#held = false;
    await this.#forwarder.stop();
  }

  async held(): Promise<boolean> {
    return this.#held;
  }
}
