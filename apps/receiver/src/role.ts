import { type RoleNotice, RoleNoticeSchema } from '@yosugara/protocol';
import { followLines, type LineConnection, monotonicMs } from '@yosugara/receivers';

/** The controller's word about this node, from its socket. The receiver works without it: then it holds no VIP and answers nothing alone. */
export class RoleWatch {
  readonly #stop: () => void;
  readonly #onChange: () => void;
  #notice: RoleNotice | null = null;
  #connection: LineConnection | null = null;
  #expiry: NodeJS.Timeout | undefined;

  constructor(controlSocket: string, onChange: () => void) {
    this.#onChange = onChange;
    this.#stop = followLines(controlSocket, {
      onOpen: (connection) => {
        this.#connection = connection;
        connection.send({ id: 1, method: 'watch', as: 'receiver' });
      },
      onDocument: (document) => this.#take(document),
      onClose: () => {
        this.#connection = null;
      },
    });
  }

  /** This node holds the VIP, by a word that is still good. */
  get vip(): boolean {
    return this.#valid?.vip ?? false;
  }

  get ingestAlone(): boolean {
    return this.#valid?.ingestAlone ?? false;
  }

  report(report: unknown): void {
    this.#connection?.send({ id: 2, method: 'report', report });
  }

  stop(): void {
    clearTimeout(this.#expiry);
    this.#stop();
  }

  get #valid(): RoleNotice | null {
    return this.#notice !== null && monotonicMs() < this.#notice.leaseUntilMs ? this.#notice : null;
  }

  #take(document: unknown): void {
    const event = document !== null && typeof document === 'object' && 'event' in document ? document.event : undefined;
    const parsed = RoleNoticeSchema.safeParse(event);
    if (!parsed.success) return;
    this.#notice = parsed.data;
    clearTimeout(this.#expiry);
    // A word ends with its lease, whether or not another one comes.
    const leftMs = Math.min(Math.max(0, parsed.data.leaseUntilMs - monotonicMs()) + 1, 2 ** 31 - 1);
    this.#expiry = setTimeout(this.#onChange, leftMs);
    this.#onChange();
  }
}
