import { explain, type Log } from '@yosugara/kernel';
import { letGoThrough } from '@yosugara/runtime';
import type { Authority } from '../control/authority.js';
import { Again } from '../self/again.js';
import type { ManagerStore } from '../store/ports.js';
import { ReceiverLink } from './receiver-link.js';

const EVERY_MS = 1_000;

export interface StandbyRetentionOptions {
  readonly authority: Pick<Authority, 'now'>;
  readonly store: Pick<ManagerStore, 'standbyPositions'>;
  /** Path of the receiver's socket. */
  readonly receiverSocket: string;
  readonly log: Log;
}

/**
 * On a Standby no ingest runs that would tell the receiver what may go; its journals would grow to their bound, and then the copy
 * for the Master's receiver is refused. The node's own hot standby knows: what it shows of the positions, both databases hold.
 */
export class StandbyRetention {
  readonly #o: StandbyRetentionOptions;
  #link: ReceiverLink | null = null;
  readonly #again = new Again(EVERY_MS, async () => await this.#turn());

  constructor(options: StandbyRetentionOptions) {
    this.#o = options;
  }

  start(): void {
    this.#again.startNow();
  }

  stop(): void {
    this.#again.stop();
    this.#unlink();
  }

  /** The other node's wall clock minus ours; null = not known. */
  get clockOffsetUs(): number | null {
    return this.#link?.watermark()?.clockOffsetUs ?? null;
  }

  async #turn(): Promise<void> {
    const positions = await this.#positions();
    if (this.#again.isStopped) return;
    if (positions === null) this.#unlink();
    else this.#linked().tellIngested(letGoThrough(positions));
  }

  async #positions() {
    const { authority, store, log } = this.#o;
    if (authority.now().mode !== 'passive') return null;
    return await store.standbyPositions().catch((error: unknown) => {
      log.debug('retention.failed', { why: explain(error) });
      return null;
    });
  }

  #linked(): ReceiverLink {
    if (this.#link === null) {
      this.#link = new ReceiverLink(this.#o.receiverSocket, this.#o.log, () => undefined);
      this.#link.open();
    }
    return this.#link;
  }

  #unlink(): void {
    this.#link?.close();
    this.#link = null;
  }
}
