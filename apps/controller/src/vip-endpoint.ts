import type { NodeConfig } from '@yosugara/protocol';
import type { StatusServer } from './status-server.js';

const RETRY_MS = 100;

/** The load balancer may ask at the VIP, too: the endpoint is there exactly while this node holds it. */
export class VipEndpoint {
  readonly #status: StatusServer;
  readonly #port: number;
  readonly #wanted: () => boolean;
  readonly #timer: NodeJS.Timeout | null;
  #working = false;

  constructor(status: StatusServer, config: NodeConfig, wanted: () => boolean) {
    this.#status = status;
    this.#port = config.ports.status;
    this.#wanted = wanted;
    const address = config.cluster.vip?.address;
    this.#timer = address === undefined ? null : setInterval(() => void this.#follow(address), RETRY_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  async #follow(address: string): Promise<void> {
    if (this.#working || this.#wanted() === this.#status.listensOn(address)) return;
    this.#working = true;
    try {
      if (this.#wanted()) await this.#status.listen(address, this.#port);
      else await this.#status.unlisten(address);
    } catch {
      // Not yet on this host, or still bound by its last holder: asked again in a moment.
    } finally {
      this.#working = false;
    }
  }
}
